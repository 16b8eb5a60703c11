import type { JsonValue } from '@deponent/format'
import type { ReadingError } from './decode.ts'

/** One row of an imported file, before a mapping makes records of it. */
export interface SourceRow {
  /** The line it starts on, counting from 1. */
  line: number
  values: { [column: string]: JsonValue }
  /** JSON pointers into `values` whose number was kept as its source text (`JsonReading.coerced`). */
  coerced: string[]
}

/** What a row reader yields: a row, or why that row alone could not be read. */
export type RowReading =
  | { row: SourceRow; error?: undefined }
  | { row?: undefined; line: number; error: ReadingError }

/** A file that cannot be read any further. `line` counts from 1. */
export class SourceError extends Error {
  override readonly name = 'SourceError'
  readonly code: string
  readonly line: number

  constructor(code: string, line: number, message: string) {
    super(`line ${line}: ${message}`)
    this.code = code
    this.line = line
  }
}

/** The longest row a reader takes: the largest payload there is (`docs/format.md`, limits). */
export const ROW_BYTES_MAX = 16 * 1024 * 1024
