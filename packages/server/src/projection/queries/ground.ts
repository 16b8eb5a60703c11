import { AnswerLost, EngineUnavailable, type IndexClient, StatementRefused } from '../engine/client.ts'
import type { FieldCatalogue } from '../fields.ts'
import type { Names } from '../schema.ts'
import type { ArchivedMonth, ArchivedSpan } from './archived-span.ts'
import { IndexBehind, QueryTooHeavy } from './error.ts'
import type { Substitutions } from './parameters.ts'

/** A time of which decisions lie in files; some of it may be in the table besides. */
export interface FileSpan {
  /** [from, to), Unix milliseconds. */
  readonly from: number
  readonly to: number
  readonly rows: number
}

/** What every question stands on. */
export interface Ground {
  readonly client: IndexClient
  readonly names: Names
  /** Number of entries in the index: an answer speaks of these and says so. */
  position(): number
  catalogue(): FieldCatalogue
  /** Decisions that lie in files and are read there, by time. */
  files(): readonly FileSpan[]
  /** Months that no question reads. */
  archived(): readonly ArchivedMonth[]
  /** Runs what reads: nothing it may read is taken away before it ends. */
  reading<T>(question: () => Promise<T>): Promise<T>
}

/** Every answer says how much of the ledger it is about. */
export interface AsOf {
  readonly asOf: { readonly size: number }
  /** Only when some of the time it is about is archived. */
  readonly archived?: readonly ArchivedSpan[]
}

/** Bounds of our own questions; free SQL has tighter ones. */
const QUESTION = { max_execution_time: 30, max_result_rows: 200_000, result_overflow_mode: 'throw' } as const

/** Asks the engine. @throws QueryTooHeavy · EngineUnavailable */
export async function ask<Row>(ground: Ground, sql: string, substitutions: Substitutions): Promise<Row[]> {
  try {
    const options = { params: substitutions.params, settings: QUESTION }
    return await ground.reading(() => ground.client.select<Row>(sql, options))
  } catch (error) {
    if (isUnopened(error)) throw new EngineUnavailable('the index is not open yet')
    throw asQueryFailure(error)
  }
}

/** Codes of ClickHouse for limits a question ran into. */
const TIME_CODES = new Set([159, 160])
const MEMORY_CODES = new Set([241, 396])
/** Tables, columns or databases of ours that are not there. */
const UNOPENED_CODES = new Set([16, 47, 60, 81])

/** Our own questions name only what an open index has. */
function isUnopened(error: unknown): boolean {
  return error instanceof StatementRefused && UNOPENED_CODES.has(error.code)
}

export function asQueryFailure(error: unknown): unknown {
  if (error instanceof StatementRefused && TIME_CODES.has(error.code)) return new QueryTooHeavy('time_limit')
  if (error instanceof StatementRefused && MEMORY_CODES.has(error.code))
    return new QueryTooHeavy('memory_limit')
  // A question has no effect: when its answer is lost it is simply asked again later.
  if (error instanceof AnswerLost) return new EngineUnavailable('the index engine is starting again')
  return error
}

/** The size an answer is bound to: that of the cursor, or all there is. */
export function boundSize(ground: Ground, cursorSize: number | undefined): number {
  const position = ground.position()
  if (cursorSize === undefined) return position
  if (cursorSize > position) throw new IndexBehind()
  return cursorSize
}
