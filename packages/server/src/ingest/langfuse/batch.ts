/**
 * Langfuse's batch of events (`POST /api/public/ingestion`) as spans and log records, so that what becomes of them is decided by the same
 * rule. An observation is told by several events, a beginning and its updates; each is a span of its own with the same id, and the roll-up
 * lays them over one another in the order of their times.
 */
import { createHash } from 'node:crypto'
import {
  canonicalJson,
  FormatError,
  isObject,
  type JsonObject,
  type JsonValue,
  parseTime,
  utf8,
} from '@deponent/format'
import { BodyError } from '../body-error.ts'
import { BODY_RECORDS_MAX } from '../decode.ts'
import { LAYER_TIME, LAYERED } from '../otlp/layered.ts'
import { parsedBody } from '../otlp/read-json.ts'
import type { LogRecord, Span, Telemetry } from '../otlp/telemetry.ts'
import { envelopeOf, observationAttributes, traceAttributes } from './attributes.ts'

/** One event: what it becomes, or why it cannot be taken. `id` is the envelope's, empty when it has none. */
export type LangfuseEvent = { id: string } & (
  | { telemetry: Pick<Telemetry, 'spans' | 'logs'>; error?: undefined }
  | { error: string; telemetry?: undefined }
)

/** @throws BodyError `bad_json`, `bad_utf8`, `too_many_records` */
export function readLangfuseBatch(body: Uint8Array): LangfuseEvent[] {
  const { value, faults } = parsedBody(body)
  if (faults.some(({ path }) => path === '/batch'))
    throw new BodyError('bad_json', '/batch: the name comes twice')
  const batch = isObject(value) ? value.batch : undefined
  if (!Array.isArray(batch)) throw new BodyError('bad_json', 'expected an object with the list batch')
  if (batch.length > BODY_RECORDS_MAX)
    throw new BodyError('too_many_records', `a batch may bring ${BODY_RECORDS_MAX} events`)
  return batch.map((event, i): LangfuseEvent => {
    const id = isObject(event) && typeof event.id === 'string' ? event.id : ''
    const fault = faults.find(({ path }) => path.startsWith(`/batch/${i}/`))
    if (fault) return { id, error: `${fault.code}: ${fault.message}` }
    try {
      return { id, telemetry: telemetryOf(event) }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      return { id, error: `${error.code}: ${error.message}` }
    }
  })
}

/** Types of events, and what an observation of them is unless its body says so. */
const OBSERVATIONS: Readonly<Record<string, string>> = {
  'span-create': 'span',
  'span-update': 'span',
  'generation-create': 'generation',
  'generation-update': 'generation',
  'event-create': 'event',
  'observation-create': '',
  'observation-update': '',
}

function telemetryOf(event: JsonValue): Pick<Telemetry, 'spans' | 'logs'> {
  if (!isObject(event) || !isObject(event.body)) throw missing('an event has a body')
  const { body, timestamp, type } = event
  if (typeof event.id !== 'string' || event.id === '') throw missing('an event has an id')
  const digest = createHash('sha256')
    .update(utf8(canonicalJson(event)))
    .digest('hex')
  const told = { event, body, digest, time: nanosAt(timestamp) }
  if (type === 'trace-create') return { spans: [traceSpan(told)], logs: [] }
  if (type === 'score-create') return { spans: [], logs: [scoreLog(told)] }
  if (type === 'sdk-log') return { spans: [], logs: [sdkLog(told)] }
  const kind = typeof type === 'string' && Object.hasOwn(OBSERVATIONS, type) ? OBSERVATIONS[type] : undefined
  if (typeof type !== 'string' || kind === undefined)
    throw new FormatError('bad_value', 'the type of an event is one of those documented')
  const isBeginning = type.endsWith('-create')
  return { spans: [observationSpan(told, kind, isBeginning)], logs: [] }
}

interface Told {
  readonly event: JsonObject
  readonly body: JsonObject
  readonly digest: string
  readonly time: string | undefined
}

/** The trace itself, above all that was observed in it. It decides nothing, but says who asked. */
function traceSpan({ event, body, digest, time }: Told): Span {
  const traceId = textIn(body, 'id')
  const start = nanosAt(body.timestamp) ?? time
  return {
    ...spanOf(digest, traceId, `trace/${traceId}`),
    name: nameIn(body),
    ...(start !== undefined && { startTimeUnixNano: start }),
    attributes: { ...traceAttributes(event, body), ...(time !== undefined && { [LAYER_TIME]: time }) },
  }
}

/** An update says only what is new: without a parent it leaves the one it had. */
function observationSpan({ event, body, digest, time }: Told, kind: string, isBeginning: boolean): Span {
  const traceId = textIn(body, 'traceId')
  const given = body.parentObservationId
  const parent = typeof given === 'string' && given !== '' ? given : isBeginning ? `trace/${traceId}` : ''
  const start = nanosAt(body.startTime)
  const end = nanosAt(body.endTime) ?? (kind === 'event' ? (start ?? time) : undefined)
  const isError = body.level === 'ERROR'
  const message = body.statusMessage
  return {
    ...spanOf(digest, traceId, textIn(body, 'id')),
    parentSpanId: parent === '' ? '' : spanIdOf(parent),
    name: nameIn(body),
    ...(start !== undefined && { startTimeUnixNano: start }),
    ...(end !== undefined && { endTimeUnixNano: end }),
    attributes: {
      ...observationAttributes(event, body, kind),
      ...(time !== undefined && { [LAYER_TIME]: time }),
    },
    status: {
      code: isError ? 'error' : 'unset',
      ...(typeof message === 'string' && message !== '' && { message }),
    },
  }
}

function scoreLog({ event, body, digest, time }: Told): LogRecord {
  const { traceId, observationId, name, value, stringValue, comment } = body
  if (typeof name !== 'string') throw missing('a score has a name')
  const trace = typeof traceId === 'string' ? traceId : ''
  const about = typeof observationId === 'string' && observationId !== '' ? observationId : `trace/${trace}`
  const label = typeof value === 'string' ? value : stringValue
  return {
    ...logOf(digest, time),
    traceId: trace === '' ? '' : traceIdOf(trace),
    spanId: trace === '' ? '' : spanIdOf(about),
    eventName: 'gen_ai.evaluation.result',
    attributes: {
      'gen_ai.evaluation.name': name,
      ...(typeof value === 'number' && { 'gen_ai.evaluation.score.value': value }),
      ...(typeof label === 'string' && { 'gen_ai.evaluation.score.label': label }),
      ...(typeof comment === 'string' && { 'gen_ai.evaluation.explanation': comment }),
      'langfuse.score': body,
      ...envelopeOf(event),
    },
  }
}

function sdkLog({ event, body, digest, time }: Told): LogRecord {
  return {
    ...logOf(digest, time),
    traceId: '',
    spanId: '',
    eventName: 'langfuse.sdk-log',
    attributes: envelopeOf(event),
    body,
  }
}

const ORIGIN = { resource: {}, scope: { name: LAYERED } }

function spanOf(digest: string, traceId: string, id: string): Omit<Span, 'attributes'> {
  return {
    ...ORIGIN,
    traceId: traceIdOf(traceId),
    spanId: spanIdOf(id),
    parentSpanId: '',
    name: '',
    kind: 'internal',
    events: [],
    links: [],
    status: { code: 'unset' },
    traceState: '',
    flags: 0,
    dropped: { attributes: 0, events: 0, links: 0 },
    digest,
  }
}

function logOf(
  digest: string,
  time: string | undefined,
): Omit<LogRecord, 'traceId' | 'spanId' | 'eventName' | 'attributes'> {
  return {
    ...ORIGIN,
    severity: '',
    ...(time !== undefined && { timeUnixNano: time }),
    droppedAttributes: 0,
    digest,
  }
}

/** Ids are any text; those that are ids of OpenTelemetry stay, so that both ways of telling meet. */
function traceIdOf(id: string): string {
  const hex = id.replaceAll('-', '').toLowerCase()
  return /^[0-9a-f]{32}$/.test(hex) ? hex : hashed(`trace\0${id}`).slice(0, 32)
}

function spanIdOf(id: string): string {
  return /^[0-9a-f]{16}$/.test(id) ? id : hashed(`observation\0${id}`).slice(0, 16)
}

function hashed(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function textIn(body: JsonObject, field: string): string {
  const text = body[field]
  if (typeof text === 'string' && text !== '') return text
  throw missing(`the body has the text ${field}`)
}

function nameIn({ name }: JsonObject): string {
  return typeof name === 'string' ? name : ''
}

/** Nanoseconds since 1970: as fine as a date is written, to the millisecond otherwise. */
function nanosAt(value: JsonValue | undefined): string | undefined {
  const ms = value === undefined || value === null ? undefined : parseTime(value)?.ms
  if (ms === undefined || ms < 0) return undefined
  const fraction = typeof value === 'string' ? /:\d\d[.,](\d{4,})/.exec(value)?.[1] : undefined
  const finer = (fraction ?? '').padEnd(9, '0').slice(3, 9)
  return `${BigInt(ms) * 1_000_000n + BigInt(finer)}`
}

function missing(message: string): FormatError {
  return new FormatError('missing_field', message)
}
