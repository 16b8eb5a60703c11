/** Langfuse's batch of events: what clients of Langfuse send that do not speak OpenTelemetry yet. */
import { type LangfuseEvent, readLangfuseBatch } from '../../ingest/langfuse/batch.ts'
import type { Telemetry } from '../../ingest/otlp/telemetry.ts'
import { SystemNotYours } from '../../recording/recording-right.ts'
import { type Arrival, arrivalOf, type Sender } from '../../traces/arrival.ts'
import { bodyOf, type Handler, json } from '../call.ts'
import { Problem } from '../problem.ts'
import { mustKeepUp } from './recording.ts'
import { senderOf } from './telemetry.ts'

interface Answer {
  successes: { id: string; status: number }[]
  errors: { id: string; status: number; message: string; error: string }[]
}

/** Takes what can be taken of a batch, durably, and answers for each event: 207, whatever became of them. */
export const ingestLangfuse: Handler = async (call) => {
  mustKeepUp(call)
  const sender = senderOf(call)
  if (!call.permit.touchesSystem(sender.system)) throw new SystemNotYours()
  const answer: Answer = { successes: [], errors: [] }
  const items: Arrival['items'][number][] = []
  for (const event of readLangfuseBatch(await bodyOf(call.request))) {
    const taken = arrivalIn(event, sender)
    if (typeof taken === 'string')
      answer.errors.push({ id: event.id, status: 400, message: taken, error: 'InvalidRequestError' })
    else {
      items.push(...taken.items)
      answer.successes.push({ id: event.id, status: 201 })
    }
  }
  const { reach } = sender
  await call.services.traces.take({ ...(reach && { reach }), items })
  return json(answer, 207)
}

/** What of an event waits for its trace, or why it is not taken. */
function arrivalIn({ telemetry, error }: LangfuseEvent, sender: Sender): Arrival | string {
  if (telemetry === undefined) return error
  const whole: Telemetry = { ...telemetry, rejected: { count: 0, reasons: new Set() } }
  const arrival = arrivalOf(whole, sender)
  return whole.rejected.count === 0 ? arrival : [...whole.rejected.reasons].join('; ')
}

/** Whatever else Langfuse does at its addresses. */
export function noSuchLangfuse(): Problem {
  return new Problem(
    501,
    'not_implemented',
    'of Langfuse, /api/public/ingestion and /api/public/otel/v1/traces are taken; decisions are found at /v1/decisions (docs/otel.md)',
  )
}
