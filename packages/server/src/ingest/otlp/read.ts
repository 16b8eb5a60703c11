/** From the bytes of an OTLP request to spans and log records, one bad one never costing its neighbours. */
import { FormatError } from '@deponent/format'
import { BodyError } from '../body-error.ts'
import { BODY_RECORDS_MAX } from '../decode.ts'
import { type ItemReading, type Signal, tooMany } from './item.ts'
import { itemsOfJson } from './read-json.ts'
import { itemsOfProtobuf } from './read-protobuf.ts'
import { RequestSize } from './request-size.ts'
import { logRecordOf, spanOf } from './span-of.ts'
import type { Telemetry } from './telemetry.ts'

export type { Signal } from './item.ts'

export type Encoding = 'protobuf' | 'json'

/**
 * What encoding a Content-Type announces.
 *
 * @throws BodyError `unsupported_media_type`
 */
export function encodingOf(contentType: string | null): Encoding {
  const [essence = ''] = (contentType ?? '').toLowerCase().split(';')
  if (essence.trim() === 'application/json') return 'json'
  if (essence.trim() === 'application/x-protobuf') return 'protobuf'
  throw new BodyError(
    'unsupported_media_type',
    'Content-Type must be application/x-protobuf or application/json',
  )
}

/**
 * Everything a request brings. An empty body is an empty request.
 *
 * @throws BodyError `bad_protobuf`, `bad_json`, `bad_utf8`, `too_many_records`, `body_too_large` when the request as a whole cannot be taken
 */
export function readTelemetry(signal: Signal, encoding: Encoding, body: Uint8Array): Telemetry {
  const telemetry: Telemetry = { spans: [], logs: [], rejected: { count: 0, reasons: new Set() } }
  const read = encoding === 'json' ? itemsOfJson : itemsOfProtobuf
  let count = 0
  for (const item of read(signal, body, new RequestSize())) {
    count += 1
    if (count > BODY_RECORDS_MAX) throw tooMany()
    take(signal, item, telemetry)
  }
  return telemetry
}

function take(signal: Signal, item: ItemReading, { spans, logs, rejected }: Telemetry): void {
  try {
    if (item instanceof FormatError) throw item
    if (signal === 'traces') spans.push(spanOf(item.value, item.origin, item.digest))
    else logs.push(logRecordOf(item.value, item.origin, item.digest))
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    rejected.count += 1
    rejected.reasons.add(`${error.code}: ${error.message}`)
  }
}
