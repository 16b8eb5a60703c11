/** The messages of OTLP 1.x that are read, written from opentelemetry-proto; the names are those of their JSON encoding. */
import type { Field, FieldType, MessageType } from './wire.ts'

const one = (name: string, type: FieldType): Field => ({ name, type })
const many = (name: string, type: FieldType): Field => ({ name, type, isRepeated: true })

const ANY_VALUE: MessageType = {
  1: one('stringValue', 'text'),
  2: one('boolValue', 'flag'),
  3: one('intValue', 'signed'),
  4: one('doubleValue', 'double'),
  5: one('arrayValue', () => ({ 1: many('values', () => ANY_VALUE) })),
  6: one('kvlistValue', () => ({ 1: many('values', () => KEY_VALUE) })),
  7: one('bytesValue', 'base64'),
}
const KEY_VALUE: MessageType = { 1: one('key', 'text'), 2: one('value', () => ANY_VALUE) }
const ATTRIBUTES = many('attributes', () => KEY_VALUE)

export const RESOURCE: MessageType = { 1: ATTRIBUTES, 2: one('droppedAttributesCount', 'integer') }

export const SCOPE: MessageType = {
  1: one('name', 'text'),
  2: one('version', 'text'),
  3: ATTRIBUTES,
  4: one('droppedAttributesCount', 'integer'),
}

const EVENT: MessageType = {
  1: one('timeUnixNano', 'nanoseconds'),
  2: one('name', 'text'),
  3: ATTRIBUTES,
  4: one('droppedAttributesCount', 'integer'),
}

const LINK: MessageType = {
  1: one('traceId', 'hex'),
  2: one('spanId', 'hex'),
  3: one('traceState', 'text'),
  4: ATTRIBUTES,
  5: one('droppedAttributesCount', 'integer'),
  6: one('flags', 'fixed32'),
}

export const SPAN: MessageType = {
  1: one('traceId', 'hex'),
  2: one('spanId', 'hex'),
  3: one('traceState', 'text'),
  4: one('parentSpanId', 'hex'),
  5: one('name', 'text'),
  6: one('kind', 'integer'),
  7: one('startTimeUnixNano', 'nanoseconds'),
  8: one('endTimeUnixNano', 'nanoseconds'),
  9: ATTRIBUTES,
  10: one('droppedAttributesCount', 'integer'),
  11: many('events', () => EVENT),
  12: one('droppedEventsCount', 'integer'),
  13: many('links', () => LINK),
  14: one('droppedLinksCount', 'integer'),
  15: one('status', () => ({ 2: one('message', 'text'), 3: one('code', 'integer') })),
  16: one('flags', 'fixed32'),
}

export const LOG_RECORD: MessageType = {
  1: one('timeUnixNano', 'nanoseconds'),
  2: one('severityNumber', 'integer'),
  3: one('severityText', 'text'),
  5: one('body', () => ANY_VALUE),
  6: ATTRIBUTES,
  7: one('droppedAttributesCount', 'integer'),
  8: one('flags', 'fixed32'),
  9: one('traceId', 'hex'),
  10: one('spanId', 'hex'),
  11: one('observedTimeUnixNano', 'nanoseconds'),
  12: one('eventName', 'text'),
}
