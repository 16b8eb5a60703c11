/** What is remembered of traces that were rolled up, for what of them comes late. Only in memory: see `docs/otel.md` for what a restart forgets. */
import type { KnownSpan } from '../ingest/otlp/roll-up.ts'

/** Where a decision is in the ledger. */
export interface RecordedDecision {
  readonly index: number
  /** Of its entry. */
  readonly id: string
}

export interface RecordedTrace {
  /** By id. */
  readonly known: Map<string, KnownSpan>
  /** By the id of its span. */
  readonly decisions: Map<string, RecordedDecision>
  /** Entry ids by the name a decision was recorded under. */
  readonly entryIds: Map<string, string>
  /** Indices of what was recorded of it, as far as that is known. */
  readonly entries: Set<number>
  /** Everybody the trace is about, by the ids of the source. */
  readonly subjects: Set<string>
  /** Spans that were erased: nothing of what belongs to them is kept any more. */
  readonly erased: Set<string>
  /** Whether something of the trace was erased, so that whom its other pieces are about is no longer all known. */
  isErasedInPart: boolean
}

/** A trace of which nothing is remembered. */
export function newTrace(): RecordedTrace {
  return {
    known: new Map(),
    decisions: new Map(),
    entryIds: new Map(),
    entries: new Set(),
    subjects: new Set(),
    erased: new Set(),
    isErasedInPart: false,
  }
}

/** Spans remembered over all traces, the oldest traces going first. */
const SPANS_MAX = 200_000

/** By what tells traces that wait apart, see `WaitingTrace`. */
export class RecordedTraces {
  readonly #traces = new Map<string, RecordedTrace>()
  /** Spans of each that are part of `#spans`. */
  readonly #counted = new Map<string, number>()
  #spans = 0

  get(key: string): RecordedTrace | undefined {
    return this.#traces.get(key)
  }

  knows(key: string, spanId: string): boolean {
    return this.#traces.get(key)?.known.has(spanId) ?? false
  }

  /** Remembers a trace as the newest. */
  put(key: string, trace: RecordedTrace): void {
    this.#forget(key)
    this.#traces.set(key, trace)
    const size = Math.max(trace.known.size, trace.entries.size)
    this.#counted.set(key, size)
    this.#spans += size
    for (const oldest of this.#traces.keys()) {
      if (this.#spans <= SPANS_MAX || oldest === key) break
      this.#forget(oldest)
    }
  }

  /** Lets go of what entries said that were erased: whom their traces are about, and what applications called their decisions. */
  erase(indices: ReadonlySet<number>): void {
    for (const trace of this.#traces.values()) {
      if (![...trace.entries].some((index) => indices.has(index))) continue
      trace.subjects.clear()
      trace.isErasedInPart = true
      for (const [spanId, { index, id }] of trace.decisions) if (indices.has(index)) rename(trace, spanId, id)
    }
  }

  #forget(key: string): void {
    this.#spans -= this.#counted.get(key) ?? 0
    this.#traces.delete(key)
    this.#counted.delete(key)
  }
}

/** Calls the decision of a span by the id of its entry. */
function rename({ entryIds, known }: RecordedTrace, spanId: string, id: string): void {
  const node = known.get(spanId)
  if (node?.decisionId === undefined) return
  entryIds.delete(node.decisionId)
  entryIds.set(id, id)
  known.set(spanId, { ...node, decisionId: id })
}
