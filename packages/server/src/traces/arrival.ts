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
import { logRecord, spanRecord, type Standing } from '../ingest/otlp/trace-records.ts'
import { PAYLOAD_BYTES_MAX } from '../recording/preparation.ts'

/** A span or log record that waits. */
export type Waiting = { span: Span; log?: undefined } | { log: LogRecord; span?: undefined }

/** What came together, and the system of what names none. */
export interface Arrival {
  readonly system: string
  readonly items: readonly Waiting[]
}

/** Room for what classifying writes into a record. */
const SPARE_BYTES = 8_192

/**
 * Sorts out what could not be recorded by itself, so that nothing is promised that cannot be kept. Adds to `rejected` of the telemetry.
 *
 * @throws BodyError `body_too_large` when all of it together is more than may wait at once
 */
export function arrivalOf({ spans, logs, rejected }: Telemetry, system: string): Arrival {
  const items: Waiting[] = []
  // Texts are longer as records than they came, by their escapes.
  const size = new RequestSize()
  const take = (kind: RecordKind, record: JsonObject, item: Waiting): void => {
    const reason = reasonAgainst(kind, record, (bytes) => size.add({ bytes, values: 0 }))
    if (reason === undefined) items.push(item)
    else {
      rejected.count += 1
      rejected.reasons.add(reason)
    }
  }
  for (const span of spans) {
    const mapped = mapSpan(span)
    const { subjectId } = mapped
    const standing = standingOf(system, subjectId === undefined ? [] : [subjectId])
    take('trace.span', spanRecord(span, mapped, standing), { span })
  }
  for (const log of logs) take('trace.log', logRecord(log, standingOf(system, [])), { log })
  return { system, items }
}

/** The systems a request speaks for. */
export function systemsOf({ spans, logs }: Telemetry, system: string): Set<string> {
  return new Set([...spans, ...logs].map((origin: Origin) => systemOf(origin) ?? system))
}

function standingOf(fallbackSystem: string, subjects: readonly string[]): Standing {
  return { isLate: true, subjects, fallbackSystem }
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
