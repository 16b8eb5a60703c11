/** Spans and log records, as exporters of OpenTelemetry send them. */
import { encodingOf, readTelemetry, type Signal } from '../../ingest/otlp/read.ts'
import { exportAnswer } from '../../ingest/otlp/answer.ts'
import { systemName } from '../../ingest/otlp/map-span.ts'
import type { Telemetry } from '../../ingest/otlp/telemetry.ts'
import { EmitterNotYours, SystemNotYours } from '../../recording/recording-right.ts'
import { DEFAULT_SYSTEM } from '../../recording/submission.ts'
import { arrivalOf, type Sender, systemsOf } from '../../traces/arrival.ts'
import { bodyOf, type Call, type Handler } from '../call.ts'
import { contentTypeOf } from '../otlp.ts'
import { mustKeepUp } from './recording.ts'

/** Reasons told of rejected spans; what is wrong with them is mostly one thing. */
const REASONS_MAX = 5

/** Takes what a request brings, durably; what cannot be taken is counted, and nothing of it is kept. */
export function exportSignal(signal: Signal): Handler {
  return async (call) => {
    const { permit, request, services } = call
    mustKeepUp(call)
    const encoding = encodingOf(request.headers.get('content-type'))
    const sender = senderOf(call)
    const telemetry = readTelemetry(signal, encoding, await bodyOf(request))
    const systems = systemsOf(telemetry, sender.system)
    if (systems.size > 0 && ![...systems].some((name) => permit.touchesSystem(name)))
      throw new SystemNotYours()
    await services.traces.take(arrivalOf(telemetry, sender))
    const answer = exportAnswer(signal, encoding, partialOf(telemetry))
    return new Response(new Uint8Array(answer), {
      headers: { 'Content-Type': contentTypeOf(encoding), 'Cache-Control': 'no-store' },
    })
  }
}

/** Who sends spans; they carry no number, so a key that speaks for an emitter sends none. @throws EmitterNotYours */
export function senderOf({ caller, permit: { systems }, request }: Call): Sender {
  if (!caller.mayRecordFor(undefined)) throw new EmitterNotYours()
  return { system: projectOf(request.headers), ...(systems && { reach: systems }) }
}

/** The system of spans whose resource names no service, where a header names a project. */
function projectOf(headers: Headers): string {
  const named = headers.get('x-project-name') ?? headers.get('projectname') ?? undefined
  return systemName(named === '' ? undefined : named) ?? DEFAULT_SYSTEM
}

function partialOf({ rejected }: Telemetry): { rejected: number; message: string } | undefined {
  if (rejected.count === 0) return undefined
  return { rejected: rejected.count, message: [...rejected.reasons].slice(0, REASONS_MAX).join('; ') }
}
