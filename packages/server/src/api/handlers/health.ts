/** Whether the process lives, whether it can serve, and its numbers. */
import { ADMIN_TOKEN_ID } from '../../access/caller.ts'
import { expositionOf } from '../../hosting/metrics.ts'
import { openApi } from '../openapi.ts'
import { type Handler, json, type LedgerServices, type Services } from '../call.ts'

export const getHealth: Handler = ({ services }) => json({ status: 'ok', version: services.version })

/** To anybody whether the process can record and answer; to whoever belongs to a ledger also how far that one is. */
export const getReadiness: Handler = ({ caller, services }) => {
  const all = services.ledgers.all().map(checksOf)
  const ready = all.every(({ isReady }) => isReady)
  const worst = all.find(({ isReady }) => !isReady) ?? all[0]!
  const checks = caller.keyId === '' ? worst.states : detailsOf(services)
  return json({ ready, checks }, ready ? 200 : 503)
}

interface Checks {
  isReady: boolean
  states: { ledger: { state: string }; index: { state: string } }
}

function checksOf({ projection, tenant }: LedgerServices): Checks {
  const { refusal } = tenant.ledger
  const { engine } = projection.health()
  return {
    isReady: !refusal && engine === 'ready',
    states: { ledger: { state: refusal?.code ?? 'open' }, index: { state: engine } },
  }
}

function detailsOf({ clock, projection, tenant }: Services): object {
  const { checkpoint, refusal, size } = tenant.ledger
  const { engine, position, lag, trouble, findings } = projection.health()
  return {
    ledger: {
      state: refusal?.code ?? 'open',
      name: tenant.name,
      size,
      checkpointSize: checkpoint?.size ?? 0,
      checkpointAgeMs: checkpoint ? Math.max(0, clock.now() - checkpoint.publishedAt) : null,
      ...(refusal && { message: refusal.message }),
    },
    index: { state: engine, position, lag, findings, ...(trouble !== '' && { message: trouble }) },
  }
}

/**
 * The series of the caller's ledger; with the token of first start, which belongs to all, and where anybody may see them, those of the
 * process and of every ledger.
 */
export const getMetrics: Handler = async ({ caller, request, services }) => {
  const { ledgers, metrics } = services
  const isEverywhere = [ADMIN_TOKEN_ID, ''].includes(caller.keyId) && !request.headers.has('deponent-ledger')
  const parts = isEverywhere ? [ledgers.metrics, ...ledgers.all().map((ledger) => ledger.metrics)] : [metrics]
  const headers = { 'Content-Type': metrics.registry.contentType, 'Cache-Control': 'no-store' }
  return new Response(await expositionOf(parts), { headers })
}

export const getOpenApi: Handler = ({ services }) => json(openApi(services.version))
