/** Whether the process lives, whether it can serve, and its numbers. */
import { openApi } from '../openapi.ts'
import { type Handler, json } from '../call.ts'

export const getHealth: Handler = ({ services }) => json({ status: 'ok', version: services.version })

export const getReadiness: Handler = ({ services }) => {
  const { clock, projection, tenant } = services
  const { checkpoint, refusal, size } = tenant.ledger
  const { engine, position, lag, trouble, findings } = projection.health()
  const checks = {
    ledger: {
      state: refusal ? refusal.code : 'open',
      name: tenant.name,
      size,
      checkpointSize: checkpoint?.size ?? 0,
      checkpointAgeMs: checkpoint ? Math.max(0, clock.now() - checkpoint.publishedAt) : null,
      ...(refusal && { message: refusal.message }),
    },
    index: { state: engine, position, lag, findings, ...(trouble !== '' && { message: trouble }) },
  }
  const ready = !refusal && engine === 'ready'
  return json({ ready, checks }, ready ? 200 : 503)
}

export const getMetrics: Handler = async ({ services }) => {
  const headers = { 'Content-Type': services.metrics.registry.contentType, 'Cache-Control': 'no-store' }
  return new Response(await services.metrics.text(), { headers })
}

export const getOpenApi: Handler = ({ services }) => json(openApi(services.version))
