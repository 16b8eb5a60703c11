/** The traces that wait for the rest of themselves, and which of them need wait no longer. */
import type { RecordKind } from '@deponent/format'
import type { LogRecord, Origin, Span } from '../ingest/otlp/telemetry.ts'
import type { Arrival } from './arrival.ts'

/** How long, in milliseconds, a trace may keep us waiting. */
export interface Patience {
  /** Without a new span, once every span that is there has its parent there or has none. */
  readonly wholeMs: number
  /** Without a new span, while parents are missing. */
  readonly partMs: number
  /** Since the first span, however many still come. */
  readonly longestMs: number
}

/** `seconds`: how long a trace that seems whole waits. */
export function patienceOf(seconds: number): Patience {
  return { wholeMs: seconds * 1_000, partMs: seconds * 6_000, longestMs: seconds * 60_000 }
}

export interface WaitingTrace {
  /** What it is told apart by from what senders with another reach say of a trace with this id. */
  readonly key: string
  /** Empty for log records that belong to no trace. */
  readonly traceId: string
  /** See `Arrival`. */
  readonly reach?: readonly string[]
  /** By digest: what comes twice is there once. */
  readonly spans: Map<string, Span>
  readonly logs: Map<string, LogRecord>
  bytes: number
  readonly since: number
  latest: number
}

/** More spans and log records than this of one trace are rolled up without waiting. */
export const TRACE_ITEMS_MAX = 5_000
/** Set when a parent is said to be in another process, whose spans come by another way if at all. */
const IS_REMOTE = 0x200

/** Whether a span of the trace with this key was rolled up before. */
type IsKnown = (key: string, spanId: string) => boolean

/**
 * Senders with the same reach share traces. What another may not record in does not come to be part of a decision there, nor its content
 * of one of theirs: not below it, not above it, and not under the id of its spans.
 */
export class WaitingTraces {
  readonly #patience: Patience
  readonly #traces = new Map<string, WaitingTrace>()
  #bytes = 0

  constructor(patience: Patience) {
    this.#patience = patience
  }

  get size(): number {
    return this.#traces.size
  }

  /** About what they take in memory and on disk. */
  get bytes(): number {
    return this.#bytes
  }

  add({ reach, items }: Arrival, bytes: number, now: number): void {
    const each = Math.ceil(bytes / Math.max(items.length, 1))
    for (const { span, log } of items) {
      const trace = this.#traceOf((span ?? log).traceId, reach, now)
      trace.latest = now
      if (span ? trace.spans.has(span.digest) : trace.logs.has(log.digest)) continue
      if (span) trace.spans.set(span.digest, span)
      else trace.logs.set(log.digest, log)
      trace.bytes += each
      this.#bytes += each
    }
  }

  /** Takes out those that need wait no longer, the longest waiting first; `bytesMax`: how much of the others may go on waiting. */
  takeDue(now: number, isKnown: IsKnown, bytesMax: number): WaitingTrace[] {
    const due: WaitingTrace[] = []
    for (const trace of this.#traces.values()) {
      if (this.#isDue(trace, now, isKnown) || this.#bytes > bytesMax) {
        due.push(trace)
        this.#traces.delete(trace.key)
        this.#bytes -= trace.bytes
      }
    }
    return due
  }

  /** Puts back what could not be recorded, with what came meanwhile. */
  putBack(trace: WaitingTrace): void {
    const newer = this.#traces.get(trace.key)
    this.#traces.set(trace.key, trace)
    this.#bytes += trace.bytes
    if (!newer) return
    for (const [digest, span] of newer.spans) trace.spans.set(digest, span)
    for (const [digest, log] of newer.logs) trace.logs.set(digest, log)
    trace.bytes += newer.bytes
    trace.latest = newer.latest
  }

  /** Takes out what is of these; gives how many that were. */
  drop(isOf: (kind: RecordKind, item: Origin, digest: string) => boolean): number {
    let dropped = 0
    for (const trace of this.#traces.values()) {
      const { key, logs, spans } = trace
      const before = spans.size + logs.size
      for (const [digest, span] of spans) if (isOf('trace.span', span, digest)) spans.delete(digest)
      for (const [digest, log] of logs) if (isOf('trace.log', log, digest)) logs.delete(digest)
      const left = spans.size + logs.size
      const bytes = Math.ceil((trace.bytes * left) / before)
      this.#bytes -= trace.bytes - bytes
      trace.bytes = bytes
      if (left === 0) this.#traces.delete(key)
      dropped += before - left
    }
    return dropped
  }

  /** All that waits, as it would arrive. */
  all(): Arrival[] {
    return [...this.#traces.values()].map(({ reach, spans, logs }) => ({
      ...(reach && { reach }),
      items: [
        ...[...spans.values()].map((span) => ({ span })),
        ...[...logs.values()].map((log) => ({ log })),
      ],
    }))
  }

  #traceOf(traceId: string, reach: Arrival['reach'], now: number): WaitingTrace {
    const key = reach ? `${traceId} ${JSON.stringify(reach)}` : traceId
    const known = this.#traces.get(key)
    if (known) return known
    const trace = {
      key,
      traceId,
      ...(reach && { reach }),
      spans: new Map(),
      logs: new Map(),
      bytes: 0,
      since: now,
      latest: now,
    }
    this.#traces.set(key, trace)
    return trace
  }

  #isDue(trace: WaitingTrace, now: number, isKnown: IsKnown): boolean {
    const { traceId, spans, logs, since, latest } = trace
    if (traceId === '' || spans.size + logs.size >= TRACE_ITEMS_MAX) return true
    const { wholeMs, partMs, longestMs } = this.#patience
    if (now - since >= longestMs) return true
    const quietMs = now - latest
    if (quietMs < wholeMs) return false
    return quietMs >= partMs || isWhole(trace, isKnown)
  }
}

function isWhole({ key, spans, logs }: WaitingTrace, isKnown: IsKnown): boolean {
  const ids = new Set([...spans.values()].map(({ spanId }) => spanId))
  const isThere = (spanId: string): boolean => spanId === '' || ids.has(spanId) || isKnown(key, spanId)
  return (
    [...spans.values()].every(
      ({ parentSpanId, flags }) => (flags & IS_REMOTE) !== 0 || isThere(parentSpanId),
    ) && [...logs.values()].every(({ spanId }) => isThere(spanId))
  )
}
