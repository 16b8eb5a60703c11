/** From the JSON encoding of one span or log record to what is worked with. */
import { FormatError, isObject, type JsonObject, type JsonValue } from '@deponent/format'
import type { LogRecord, Origin, Span, SpanEvent } from './telemetry.ts'
import { anyValueOf, attributesOf, countOf, idOf, nanosOf } from './value.ts'

export function originOf(resource: JsonObject, scope: JsonObject): Origin {
  const { name, version } = scope
  const attributes = attributesOf(scope.attributes)
  return {
    resource: attributesOf(resource.attributes),
    scope: {
      ...(typeof name === 'string' && name !== '' && { name }),
      ...(typeof version === 'string' && version !== '' && { version }),
      ...(Object.keys(attributes).length > 0 && { attributes }),
    },
  }
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer']
const STATUS = ['unset', 'ok', 'error'] as const

/** @throws FormatError `bad_id` when it cannot be told which span it is, `too_deep` */
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
    events: objectsIn(value.events).map(eventOf),
    links: objectsIn(value.links).map(linkOf),
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

/** @throws FormatError `bad_id`, `too_deep` */
export function logRecordOf(value: JsonObject, origin: Origin, digest: string): LogRecord {
  const attributes = attributesOf(value.attributes)
  return {
    ...origin,
    traceId: idOf(value.traceId, 16, 'traceId'),
    spanId: idOf(value.spanId, 8, 'spanId'),
    // Before it had a field of its own, the name of an event was an attribute.
    eventName: textOf(value.eventName) || textOf(attributes['event.name']),
    severity: textOf(value.severityText),
    ...timeOf('timeUnixNano', value.timeUnixNano ?? value.observedTimeUnixNano),
    attributes,
    ...(value.body !== undefined && value.body !== null && { body: anyValueOf(value.body) }),
    droppedAttributes: countOf(value.droppedAttributesCount),
    digest,
  }
}

function eventOf(value: JsonObject): SpanEvent {
  return {
    name: textOf(value.name),
    ...timeOf('timeUnixNano', value.timeUnixNano),
    attributes: attributesOf(value.attributes),
  }
}

function linkOf(value: JsonObject): JsonObject {
  return {
    traceId: idOf(value.traceId, 16, 'links.traceId'),
    spanId: idOf(value.spanId, 8, 'links.spanId'),
    attributes: attributesOf(value.attributes),
  }
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

function objectsIn(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter((item) => isObject(item)) : []
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}
