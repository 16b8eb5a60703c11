/**
 * What Langfuse exports to a bucket, or answers from its API: observations, traces and scores. They become the events an SDK would have
 * sent, so that one rule tells which decisions a trace holds, whether it is imported or was sent to both.
 */
import type { JsonObject } from '@deponent/format'
import { type ExportedKind, exportedEvent, exportedKind, traceEventIn } from './langfuse-rows.ts'
import type { SourceRow } from '../source-row.ts'
import { badRow, type Made, type RowReader, type Source } from './source.ts'

const NAME = 'langfuse'
/** Traces of enriched observations that are remembered, so that each is told of once. */
const TRACES_MAX = 1_000_000
const KINDS: Readonly<Record<ExportedKind, string>> = {
  observation: 'id, type and start of an observation beside its trace',
  trace: 'id and time of a trace beside user and session',
  score: 'name and data type of a score beside its trace',
}

export const langfuse: Source = {
  name: NAME,
  title: 'Langfuse export',
  recognise(row) {
    const kind = exportedKind(row)
    return kind && KINDS[kind]
  },
  reader: () => new Exported(),
  silent: {
    affectedUserId: 'userId is whose session it was, not who is affected',
    confidence: 'not kept',
    explanation: 'not kept',
    lawfulBasis: 'not kept',
    humanReviewerId: 'scores do not say who gave them',
  },
}

class Exported implements RowReader {
  readonly #traces = new Set<string>()

  take({ values }: SourceRow): Made[] {
    const kind = exportedKind(values)
    if (kind === undefined) throw badRow('the row is no observation, trace or score of Langfuse')
    const event = { event: exportedEvent(kind, values) }
    if (kind !== 'observation') return [event]
    const trace = this.#traceOf(values)
    return trace === undefined ? [event] : [{ event: trace }, event]
  }

  end(): [] {
    return []
  }

  #traceOf(values: SourceRow['values']): JsonObject | undefined {
    const trace = traceEventIn(values)
    const id = values.trace_id ?? values.traceId
    if (trace === undefined || typeof id !== 'string' || this.#traces.has(id)) return undefined
    if (this.#traces.size < TRACES_MAX) this.#traces.add(id)
    return trace
  }
}
