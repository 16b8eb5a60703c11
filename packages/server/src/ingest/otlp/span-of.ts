/** From the JSON encoding of one span or log record to what is worked with. */
import { FormatError, isObject, type JsonObject, type JsonValue } from '@deponent/format'
import type { LogRecord, Origin, Span, SpanEvent } from './telemetry.ts'
import { anyValueOf, attributesOf, countOf, idOf, nanosOf, objectsOf } from './value.ts'

/** @throws FormatError `wrong_type`, `too_deep` */
export function resourceOf(value: JsonObject): Origin['resource'] {
  return attributesOf(value.attributes)
}

/** @throws FormatError `wrong_type`, `too_deep` */
export function scopeOf({ name, version, attributes: list }: JsonObject): Origin['scope'] {
  const attributes = attributesOf(list)
  return {
    ...(typeof name === 'string' && name !== '' && { name }),
    ...(typeof version === 'string' && version !== '' && { version }),
    ...(Object.keys(attributes).length > 0 && { attributes }),
  }
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer']
const STATUS = ['unset', 'ok', 'error'] as const

/** @throws FormatError `bad_id` when it cannot be told which span it is, `wrong_type`, `too_deep` */
export function spanOf(value: JsonObject, origin: Origin, digest: string): Span {
  const traceId = idOf(value.traceId, 16, 'traceId')
  const spanId = idOf(value.spanId, 8, 'spanId')
  if (traceId === '' || spanId === '') throw new FormatError('bad_id', 'a span has a traceId and a spanId')
  const status = isObject(value.status) ? value.status : {}
  return {
    ...origin,
    traceId,
    spanId,
    parentSpanId: idOf(value.parentSpanId, 8, 'parentSpanId'),
    name: textOf(value.name),
    kind: KINDS[enumOf(value.kind, 'SPAN_KIND_', KINDS)] ?? 'unspecified',
    ...timeOf('startTimeUnixNano', value.startTimeUnixNano),
    ...timeOf('endTimeUnixNano', value.endTimeUnixNano),
    attributes: attributesOf(value.attributes),
    events: objectsOf(value.events, 'events').map(eventOf),
    links: objectsOf(value.links, 'links').map(linkOf),
    status: {
      code: STATUS[enumOf(status.code, 'STATUS_CODE_', STATUS)] ?? 'unset',
      ...(typeof status.message === 'string' && status.message !== '' && { message: status.message }),
    },
    traceState: textOf(value.traceState),
    flags: countOf(value.flags),
    dropped: {
      attributes: countOf(value.droppedAttributesCount),
      events: countOf(value.droppedEventsCount),
      links: countOf(value.droppedLinksCount),
    },
    digest,
  }
}

/** Names of severity numbers from 1, each for four: `INFO`, `INFO2`, `INFO3`, `INFO4`. */
const SEVERITIES = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'].flatMap((word) =>
  ['', '2', '3', '4'].map((degree) => `${word}${degree}`),
)
const SEVERITY_NAMES = ['unspecified', ...SEVERITIES]

/** @throws FormatError `wrong_type`, `too_deep` */
export function logRecordOf(value: JsonObject, origin: Origin, digest: string): LogRecord {
  const attributes = attributesOf(value.attributes)
  const observed = nanosOf(value.observedTimeUnixNano)
  const time = nanosOf(value.timeUnixNano) ?? observed
  const severityNumber = countOf(enumOf(value.severityNumber, 'SEVERITY_NUMBER_', SEVERITY_NAMES))
  const flags = countOf(value.flags)
  return {
    ...origin,
    ...idsOf(value),
    // Before it had a field of its own, the name of an event was an attribute.
    eventName: textOf(value.eventName) || textOf(attributes['event.name']),
    severity: textOf(value.severityText),
    ...(severityNumber > 0 && { severityNumber }),
    ...(time !== undefined && { timeUnixNano: time }),
    ...(observed !== undefined && { observedTimeUnixNano: observed }),
    attributes,
    ...(value.body !== undefined && value.body !== null && { body: anyValueOf(value.body) }),
    ...(flags > 0 && { flags }),
    droppedAttributes: countOf(value.droppedAttributesCount),
    digest,
  }
}

/**
 * What a log record belongs to. One with an id that cannot be one is taken as belonging to nothing, as the specification asks, and what was given is
 * kept.
 */
function idsOf({ traceId, spanId }: JsonObject): Pick<LogRecord, 'traceId' | 'spanId' | 'unusableIds'> {
  try {
    return { traceId: idOf(traceId, 16, 'traceId'), spanId: idOf(spanId, 8, 'spanId') }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return { traceId: '', spanId: '', unusableIds: { traceId: traceId ?? null, spanId: spanId ?? null } }
  }
}

function eventOf(value: JsonObject): SpanEvent {
  return {
    name: textOf(value.name),
    ...timeOf('timeUnixNano', value.timeUnixNano),
    attributes: attributesOf(value.attributes),
    ...droppedOf(value),
  }
}

function linkOf(value: JsonObject): JsonObject {
  const traceState = textOf(value.traceState)
  const flags = countOf(value.flags)
  return {
    traceId: idOf(value.traceId, 16, 'links.traceId'),
    spanId: idOf(value.spanId, 8, 'links.spanId'),
    attributes: attributesOf(value.attributes),
    ...(traceState !== '' && { traceState }),
    ...(flags > 0 && { flags }),
    ...droppedOf(value),
  }
}

function droppedOf(value: JsonObject): { droppedAttributesCount?: number } {
  const droppedAttributesCount = countOf(value.droppedAttributesCount)
  return droppedAttributesCount === 0 ? {} : { droppedAttributesCount }
}

function timeOf<Name extends string>(name: Name, value: JsonValue | undefined): { [N in Name]?: string } {
  const nanos = nanosOf(value)
  return (nanos === undefined ? {} : { [name]: nanos }) as { [N in Name]?: string }
}

/** Enums are numbers; a few exporters write their names. */
function enumOf(value: JsonValue | undefined, prefix: string, words: readonly string[]): number {
  if (typeof value === 'number') return value
  return typeof value === 'string' ? words.indexOf(value.replace(prefix, '').toLowerCase()) : 0
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}
