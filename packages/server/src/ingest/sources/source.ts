/** What a way in for records of another system is: how its rows are known, and what becomes of each. */
import { FormatError, type JsonObject } from '@deponent/format'
import type { ReadingError } from '../decode.ts'
import type { MappedRecord } from '../map-row.ts'
import type { SourceRow } from '../source-row.ts'

/** An event of Langfuse, which is sent as one: the server tells by its own rule which decisions a trace holds. */
export interface MadeEvent {
  readonly event: JsonObject
}

/** What a row makes. */
export type Made = (MappedRecord & { event?: undefined }) | MadeEvent

/** One line of a source: what it makes, or why it makes nothing. */
export type SourceLine = { line: number; records: Made[] } | ({ line: number } & ReadingError)

/** Reads the rows of one import, in order. */
export interface RowReader {
  /** What a row makes; nothing while it waits for another. @throws FormatError when it can make nothing */
  take(row: SourceRow): Made[]
  /** What has waited until the rows were over. */
  end(): SourceLine[]
}

export interface Source {
  /** What `--format` calls it, and `metadata` of what is made of it. */
  readonly name: string
  readonly title: string
  /** By what a row is known for one of this source; undefined when it is none. */
  recognise(row: JsonObject): string | undefined
  reader(): RowReader
  /** Fields of a decision that this source never tells, and why. */
  readonly silent: Readonly<Record<string, string>>
}

/** A reader to which each row tells all of its records. */
export function eachRow(recordsOf: (row: SourceRow) => MappedRecord[]): RowReader {
  return { take: recordsOf, end: () => [] }
}

/** A row that lacks what a record needs. */
export function badRow(message: string): FormatError {
  return new FormatError('bad_row', message)
}
