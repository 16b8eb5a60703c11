import type { JsonReading } from '@deponent/format'
import { readLine } from './decode.ts'
import type { ReadingError } from './decode.ts'
import { chunksWithoutByteOrderMark, isBlank, splitLines } from './lines.ts'
import type { Chunks } from './lines.ts'
import { ROW_BYTES_MAX, SourceError } from './source-row.ts'
import type { RowReading } from './source-row.ts'

/** One line of JSON Lines: what was read, or why that line alone could not be. `line` counts from 1. */
export type JsonLine =
  | { line: number; reading: JsonReading; error?: undefined }
  | { line: number; reading?: undefined; error: ReadingError }

/**
 * The lines of a JSON Lines file, one at a time; blank lines are skipped.
 *
 * @throws {SourceError} `line_too_long` for a line above 16 MiB
 */
export async function* readJsonLines(chunks: Chunks): AsyncGenerator<JsonLine, void> {
  let line = 0
  for await (const bytes of linesOf(chunksWithoutByteOrderMark(chunks))) {
    line += 1
    if (!isBlank(bytes)) yield { line, ...readLine(bytes, line) }
  }
}

/** The same lines as rows for a mapping: each must be an object that reads without a fault. */
export async function* readJsonRows(chunks: Chunks): AsyncGenerator<RowReading, void> {
  for await (const item of readJsonLines(chunks)) {
    yield item.error === undefined ? rowOf(item.line, item.reading) : { line: item.line, error: item.error }
  }
}

/** A row of what was read in one line. */
export function rowOf(line: number, { value, coerced, faults }: JsonReading): RowReading {
  const fault = faults[0]
  if (fault !== undefined) {
    return { line, error: { ...fault, message: `line ${line}: ${fault.message}` } }
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return { line, error: { code: 'wrong_type', path: '', message: `line ${line}: not an object` } }
  }
  return { row: { line, values: value, coerced } }
}

async function* linesOf(chunks: Chunks): AsyncGenerator<Uint8Array, void> {
  let lines = 0
  let begun: Uint8Array[] = []
  let begunBytes = 0
  for await (const chunk of chunks) {
    const lastNewline = chunk.lastIndexOf(0x0a)
    if (lastNewline !== -1) {
      const whole = Buffer.concat([...begun, chunk.subarray(0, lastNewline + 1)])
      for (const line of splitLines(whole)) {
        lines += 1
        yield line
      }
    }
    const tail = chunk.subarray(lastNewline + 1)
    begun = lastNewline === -1 ? [...begun, tail] : [tail]
    begunBytes = (lastNewline === -1 ? begunBytes : 0) + tail.length
    if (begunBytes > ROW_BYTES_MAX) {
      throw new SourceError('line_too_long', lines + 1, `longer than ${ROW_BYTES_MAX} bytes`)
    }
  }
  yield* splitLines(Buffer.concat(begun))
}
