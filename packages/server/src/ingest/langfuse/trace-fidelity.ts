/** Which decisions traces hold that are told by events, as far as their fields go: what the server will make of them, told beforehand. */
import { type JsonObject, normalizeRecord, utf8 } from '@deponent/format'
import { rollUp } from '../otlp/roll-up.ts'
import type { LogRecord, Span } from '../otlp/telemetry.ts'
import { readLangfuseBatch } from './batch.ts'

/** Spans that are held; of longer imports the report is of the first of them. */
const SPANS_MAX = 50_000

export class TraceFidelity {
  readonly #spans: Span[] = []
  readonly #logs: LogRecord[] = []

  /** Takes one event, as JSON. Gives why it would not be taken, or undefined. */
  add(event: string): string | undefined {
    const [read] = readLangfuseBatch(utf8(`{"batch":[${event}]}`))
    if (read?.telemetry === undefined) return read?.error ?? 'no event'
    if (this.#spans.length >= SPANS_MAX) return undefined
    this.#spans.push(...read.telemetry.spans)
    this.#logs.push(...read.telemetry.logs)
    return undefined
  }

  /** Canonical records of the decisions in what was taken. */
  decisions(): JsonObject[] {
    const logsOf = Map.groupBy(this.#logs, ({ traceId }) => traceId)
    return [...Map.groupBy(this.#spans, ({ traceId }) => traceId)].flatMap(([traceId, spans]) =>
      rollUp(spans, logsOf.get(traceId) ?? []).decisions.map(
        ({ record }) => normalizeRecord('decision', { value: record, coerced: [], faults: [] }).record,
      ),
    )
  }
}
