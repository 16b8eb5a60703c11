/** What of a request is taken: each span and log record with all that is needed to roll it up later, alone and after a restart. */
import {
  FormatError,
  normalizeRecord,
  preparePayload,
  type RecordKind,
  type JsonObject,
} from '@deponent/format'
import { RequestSize } from '../ingest/otlp/request-size.ts'
import { mapSpan, systemOf } from '../ingest/otlp/map-span.ts'
import type { LogRecord, Origin, Span, Telemetry } from '../ingest/otlp/telemetry.ts'
import { logRecord, spanRecord } from '../ingest/otlp/trace-records.ts'
import { PAYLOAD_BYTES_MAX } from '../recording/preparation.ts'

/** A span or log record that waits. */
export type Waiting = { span: Span; log?: undefined } | { log: LogRecord; span?: undefined }

/** Who sends it. */
export interface Sender {
  /** The system of what names none. */
  readonly system: string
  /** The only systems they may record in; all when absent. */
  readonly reach?: readonly string[]
}

/** What came together, and the only systems its sender may record in; all when absent. */
export interface Arrival {
  readonly reach?: readonly string[]
  readonly items: readonly Waiting[]
}

const NOT_THEIRS = 'system_not_yours: this key does not record for its system'
/** Room for what classifying writes into a record. */
const SPARE_BYTES = 8_192

/**
 * Sorts out what could not be recorded by itself, so that nothing is promised that cannot be kept, and what its sender may not record. Adds to `rejected` of the telemetry.
 *
 * @throws BodyError `body_too_large` when all of it together is more than may wait at once
 */
export function arrivalOf({ spans, logs, rejected }: Telemetry, { reach, system }: Sender): Arrival {
  const items: Waiting[] = []
  // Texts are longer as records than they came, by their escapes.
  const size = new RequestSize()
  const take = (kind: RecordKind, record: JsonObject, item: Waiting): void => {
    const isTheirs = reach?.includes(record.system as string) ?? true
    const reason = isTheirs
      ? reasonAgainst(kind, record, (bytes) => size.add({ bytes, values: 0 }))
      : NOT_THEIRS
    if (reason === undefined) items.push(item)
    else {
      rejected.count += 1
      rejected.reasons.add(reason)
    }
  }
  for (const told of spans) {
    const span = { ...told, fallbackSystem: system }
    const mapped = mapSpan(span)
    const { subjectId } = mapped
    const standing = { isLate: true, subjects: subjectId === undefined ? [] : [subjectId] }
    take('trace.span', spanRecord(span, mapped, standing), { span })
  }
  for (const told of logs) {
    const log = { ...told, fallbackSystem: system }
    take('trace.log', logRecord(log, { isLate: true, subjects: [] }), { log })
  }
  return { ...(reach && { reach }), items }
}

/** The systems a request speaks for. */
export function systemsOf({ spans, logs }: Telemetry, system: string): Set<string> {
  return new Set(
    [...spans, ...logs].map(({ resource, scope }: Origin) =>
      systemOf({ resource, scope, fallbackSystem: system }),
    ),
  )
}

function reasonAgainst(
  kind: RecordKind,
  value: JsonObject,
  count: (bytes: number) => void,
): string | undefined {
  const { record, errors } = normalizeRecord(kind, { value, coerced: [], faults: [] })
  const [error] = errors
  if (error) return `${error.code}: ${error.path} ${error.message}`
  try {
    const { text } = preparePayload(record, '')
    const bytes = Buffer.byteLength(text)
    count(bytes)
    if (bytes + SPARE_BYTES <= PAYLOAD_BYTES_MAX) return undefined
    return `payload_too_large: a span or log record has at most ${PAYLOAD_BYTES_MAX - SPARE_BYTES} bytes as a record`
  } catch (error) {
    if (error instanceof FormatError) return `${error.code}: ${error.message}`
    throw error
  }
}
