/** Spans and log records as they are worked with, whatever encoding they came in. */
import type { JsonObject, JsonValue } from '@deponent/format'

/** What produced a span or a log record, and by which instrumentation. */
export interface Origin {
  readonly resource: JsonObject
  readonly scope: { readonly name?: string; readonly version?: string; readonly attributes?: JsonObject }
  /** Its system where the resource names none; `default` when absent. */
  readonly fallbackSystem?: string
}

/** Something at a moment within a span. */
export interface SpanEvent {
  readonly name: string
  /** Decimal nanoseconds since 1970; absent when not told. */
  readonly timeUnixNano?: string
  readonly attributes: JsonObject
  /** How many of them the source says it left out; absent for none. */
  readonly droppedAttributesCount?: number
}

/** How many the source says it left out. */
export interface Dropped {
  readonly attributes: number
  readonly events: number
  readonly links: number
}

export interface Span extends Origin {
  /** 32 and 16 lower-case hex digits; no parent is the empty text. */
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly name: string
  readonly kind: string
  readonly startTimeUnixNano?: string
  readonly endTimeUnixNano?: string
  readonly attributes: JsonObject
  readonly events: readonly SpanEvent[]
  readonly links: readonly JsonObject[]
  readonly status: { readonly code: 'unset' | 'ok' | 'error'; readonly message?: string }
  readonly traceState: string
  readonly flags: number
  readonly dropped: Dropped
  /** SHA-256, in hex, of what came: of its bytes, or of its RFC 8785 text where it came as JSON. */
  readonly digest: string
}

export interface LogRecord extends Origin {
  /** Empty when it belongs to no trace, or to no span of it. */
  readonly traceId: string
  readonly spanId: string
  readonly eventName: string
  /** What was given for ids that can be none; it then counts as belonging to nothing. */
  readonly unusableIds?: JsonObject
  readonly severity: string
  /** 1 to 24; absent when not told. */
  readonly severityNumber?: number
  /** When it happened or, where that was not told, when it was observed. */
  readonly timeUnixNano?: string
  readonly observedTimeUnixNano?: string
  readonly attributes: JsonObject
  readonly body?: JsonValue
  /** Absent for none. */
  readonly flags?: number
  readonly droppedAttributes: number
  readonly digest: string
}

/** What one request brought. */
export interface Telemetry {
  readonly spans: Span[]
  readonly logs: LogRecord[]
  /** Those that cannot be read, and what is wrong with them: never a value. */
  readonly rejected: { count: number; reasons: Set<string> }
}
