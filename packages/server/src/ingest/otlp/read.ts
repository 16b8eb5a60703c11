/** From the bytes of an OTLP request to spans and log records, one bad one never costing its neighbours. */
import { createHash } from 'node:crypto'
import {
  canonicalJson,
  FormatError,
  fromUtf8,
  isObject,
  type JsonObject,
  type JsonValue,
  readJson,
  utf8,
} from '@deponent/format'
import { BodyError } from '../body-error.ts'
import { BODY_RECORDS_MAX } from '../decode.ts'
import { withoutByteOrderMark } from '../lines.ts'
import { LOG_RECORD, RESOURCE, SCOPE, SPAN } from './messages.ts'
import { logRecordOf, originOf, spanOf } from './span-of.ts'
import type { Telemetry } from './telemetry.ts'
import { fieldsOf, type MessageType, readMessage } from './wire.ts'

export type Signal = 'traces' | 'logs'
export type Encoding = 'protobuf' | 'json'

/** One span or log record with what it came under, in the shape of the JSON encoding. */
interface Item {
  resource: JsonObject
  scope: JsonObject
  value: JsonObject
  digest: string
}

/** The same, or what is wrong with it. */
type ItemReading = Item | FormatError

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
 * @throws BodyError `bad_protobuf`, `bad_json`, `bad_utf8`, `too_many_records` when the request as a whole cannot be read
 */
export function readTelemetry(signal: Signal, encoding: Encoding, body: Uint8Array): Telemetry {
  const telemetry: Telemetry = { spans: [], logs: [], rejected: { count: 0, reasons: new Set() } }
  let count = 0
  for (const item of encoding === 'json' ? itemsOfJson(signal, body) : itemsOfProtobuf(signal, body)) {
    count += 1
    if (count > BODY_RECORDS_MAX) throw tooMany()
    take(signal, item, telemetry)
  }
  return telemetry
}

function take(signal: Signal, item: ItemReading, { spans, logs, rejected }: Telemetry): void {
  try {
    if (item instanceof FormatError) throw item
    const origin = originOf(item.resource, item.scope)
    if (signal === 'traces') spans.push(spanOf(item.value, origin, item.digest))
    else logs.push(logRecordOf(item.value, origin, item.digest))
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    rejected.count += 1
    rejected.reasons.add(`${error.code}: ${error.message}`)
  }
}

/** Field 2 of `ScopeSpans` and `ScopeLogs` alike. */
const ITEMS = 2

function* itemsOfProtobuf(signal: Signal, body: Uint8Array): Generator<ItemReading> {
  const type = signal === 'traces' ? SPAN : LOG_RECORD
  try {
    const groups = { left: BODY_RECORDS_MAX }
    for (const ofResource of partsOf(body, 1)) {
      countGroup(groups)
      const resource = firstPart(ofResource, 1, RESOURCE)
      for (const ofScope of partsOf(ofResource, ITEMS)) {
        countGroup(groups)
        const scope = firstPart(ofScope, 1, SCOPE)
        for (const bytes of partsOf(ofScope, ITEMS)) yield itemOf(bytes, type, resource, scope)
      }
    }
  } catch (error) {
    if (error instanceof FormatError) throw new BodyError('bad_protobuf', error.message)
    throw error
  }
}

function countGroup(groups: { left: number }): void {
  groups.left -= 1
  if (groups.left < 0) throw tooMany()
}

function* partsOf(message: Uint8Array, number: number): Generator<Uint8Array> {
  for (const field of fieldsOf(message)) {
    if (field.number !== number) continue
    if (field.type !== 2) throw new FormatError('bad_protobuf', 'a message was expected')
    yield field.bytes
  }
}

function firstPart(message: Uint8Array, number: number, type: MessageType): JsonObject {
  for (const bytes of partsOf(message, number)) return readMessage(bytes, type)
  return {}
}

function itemOf(bytes: Uint8Array, type: MessageType, resource: JsonObject, scope: JsonObject): ItemReading {
  try {
    return { resource, scope, value: readMessage(bytes, type), digest: digestOf(bytes) }
  } catch (error) {
    if (error instanceof FormatError) return error
    throw error
  }
}

const NAMES = {
  traces: { resources: 'resourceSpans', scopes: 'scopeSpans', items: 'spans' },
  logs: { resources: 'resourceLogs', scopes: 'scopeLogs', items: 'logRecords' },
} as const

function* itemsOfJson(signal: Signal, body: Uint8Array): Generator<ItemReading> {
  if (body.length === 0) return
  const { value, faults } = parsed(body)
  if (!isObject(value)) throw new BodyError('bad_json', 'expected an object')
  const names = NAMES[signal]
  // Faults stand in the order of the text; what is read is too.
  const faulty = new Map(faults.map((fault) => [itemPointerOf(fault.path), fault]))
  for (const [r, ofResource] of listIn(value, names.resources).entries()) {
    if (!isObject(ofResource)) continue
    const resource = memberIn(ofResource, 'resource')
    for (const [s, ofScope] of listIn(ofResource, names.scopes).entries()) {
      if (!isObject(ofScope)) continue
      const scope = memberIn(ofScope, 'scope')
      for (const [i, item] of listIn(ofScope, names.items).entries()) {
        const fault = faulty.get(`/${names.resources}/${r}/${names.scopes}/${s}/${names.items}/${i}`)
        if (fault) yield new FormatError(fault.code, fault.message)
        else yield jsonItemOf(item, resource, scope)
      }
    }
  }
}

function parsed(body: Uint8Array): ReturnType<typeof readJson> {
  try {
    return readJson(fromUtf8(withoutByteOrderMark(body)))
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    throw new BodyError(error.code === 'bad_utf8' ? 'bad_utf8' : 'bad_json', error.message)
  }
}

/** The pointer of the span or log record that something is in: the first six names. */
function itemPointerOf(path: string): string {
  return path.split('/').slice(0, 7).join('/')
}

function jsonItemOf(value: JsonValue, resource: JsonObject, scope: JsonObject): ItemReading {
  if (!isObject(value)) return new FormatError('wrong_type', 'expected an object')
  try {
    return { resource, scope, value, digest: digestOf(utf8(canonicalJson(value))) }
  } catch (error) {
    if (error instanceof FormatError) return error
    throw error
  }
}

function listIn(object: JsonObject, name: string): JsonValue[] {
  const list = object[name]
  return Array.isArray(list) ? list : []
}

function memberIn(object: JsonObject, name: string): JsonObject {
  const member = object[name]
  return isObject(member) ? member : {}
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function tooMany(): BodyError {
  return new BodyError('too_many_records', `a request may bring ${BODY_RECORDS_MAX} spans or log records`)
}
