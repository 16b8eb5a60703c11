/** What a way in for records of another system is: how its rows are known, and what becomes of each. */
import { FormatError, type JsonObject } from '@deponent/format'
import type { ReadingError } from '../decode.ts'
import type { MappedRecord } from '../map-row.ts'
import type { SourceRow } from '../source-row.ts'

/** One line of a source: the records it makes, or why it makes none. */
export type SourceLine = { line: number; records: MappedRecord[] } | ({ line: number } & ReadingError)

/** Reads the rows of one import, in order. */
export interface RowReader {
  /** The records of a row; none while it waits for another. @throws FormatError when the row makes none */
  take(row: SourceRow): MappedRecord[]
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
