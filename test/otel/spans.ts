/** Spans of tests, in the JSON encoding of OTLP and as they are read. */
import { readTelemetry } from '../../packages/server/src/ingest/otlp/read.ts'
import type { LogRecord, Span } from '../../packages/server/src/ingest/otlp/telemetry.ts'

type Plain = string | number | boolean | null | Plain[] | { [name: string]: Plain }
export type Attributes = { [name: string]: Plain }

export interface SpanOfTest {
  id: string
  parent?: string
  trace?: string
  name?: string
  /** Milliseconds after the beginning of the test's trace. */
  start?: number
  end?: number
  attributes?: Attributes
  events?: { name: string; attributes: Attributes }[]
  more?: object
}

const BEGINNING = 1_790_000_000_000n
export const TRACE = '0af7651916cd43dd8448eb211c80319c'

/** A short name as the hex id of a span. */
export const idOf = (name: string): string => Buffer.from(name.padEnd(8, '_')).toString('hex').slice(0, 16)

export const nanos = (ms: number): string => `${(BEGINNING + BigInt(ms)) * 1_000_000n}`

export function anyValue(value: Plain): object {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number')
    return Number.isInteger(value) ? { intValue: `${value}` } : { doubleValue: value }
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } }
  return { kvlistValue: { values: keyValues(value ?? {}) } }
}

export const keyValues = (attributes: Attributes): object[] =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }))

export function jsonSpan({
  id,
  parent,
  trace = TRACE,
  name,
  start = 0,
  end = 100,
  ...rest
}: SpanOfTest): object {
  return {
    traceId: trace,
    spanId: idOf(id),
    ...(parent !== undefined && { parentSpanId: idOf(parent) }),
    name: name ?? id,
    kind: 1,
    startTimeUnixNano: nanos(start),
    endTimeUnixNano: nanos(end),
    attributes: keyValues(rest.attributes ?? {}),
    events: (rest.events ?? []).map((event) => ({
      name: event.name,
      timeUnixNano: nanos(start),
      attributes: keyValues(event.attributes),
    })),
    ...rest.more,
  }
}

export const tracesOf = (
  spans: readonly object[],
  resource: Attributes = { 'service.name': 'loans' },
): object => ({
  resourceSpans: [
    {
      resource: { attributes: keyValues(resource) },
      scopeSpans: [{ scope: { name: 'test', version: '1' }, spans }],
    },
  ],
})

export const logsOf = (
  logRecords: readonly object[],
  resource: Attributes = { 'service.name': 'loans' },
): object => ({
  resourceLogs: [{ resource: { attributes: keyValues(resource) }, scopeLogs: [{ scope: {}, logRecords }] }],
})

export const bytesOf = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))

export function readSpans(...spans: SpanOfTest[]): Span[] {
  const { spans: read, rejected } = readTelemetry('traces', 'json', bytesOf(tracesOf(spans.map(jsonSpan))))
  if (rejected.count > 0) throw new Error([...rejected.reasons].join())
  return read
}

export function readLogs(...records: object[]): LogRecord[] {
  return readTelemetry('logs', 'json', bytesOf(logsOf(records))).logs
}
