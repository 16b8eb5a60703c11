import { parse } from 'csv-parse'
import { FormatError, fromUtf8 } from '@deponent/format'
import { chunksWithoutByteOrderMark } from './lines.ts'
import type { Chunks } from './lines.ts'
import { ROW_BYTES_MAX, SourceError } from './source-row.ts'
import type { RowReading } from './source-row.ts'

const NEWLINE = 0x0a

/**
 * The rows of a CSV file (RFC 4180, UTF-8, first line names the columns), one at a time.
 *
 * Fields stay bytes until their row is judged: a row that is not UTF-8 or has another number of fields than the header
 * is reported and the next one read. Nothing is replaced, trimmed or guessed.
 *
 * @throws {SourceError} `bad_csv` where quoting breaks, `bad_header` for a missing or ambiguous first line: after
 * either nobody can say where a row begins. The last rows before broken quoting may not be given out either.
 */
export async function* readCsv(
  chunks: Chunks,
  { delimiter = ',' }: { delimiter?: string } = {},
): AsyncGenerator<RowReading, void> {
  let columns: string[] | undefined
  for await (const { record, line } of parsedLines(chunks, delimiter)) {
    if (columns === undefined) columns = header(record, line)
    else yield rowOf(columns, record, line)
  }
  if (columns === undefined) throw new SourceError('bad_header', 1, 'the file is empty')
}

interface ParsedLine {
  record: Uint8Array[]
  line: number
}

async function* parsedLines(chunks: Chunks, delimiter: string): AsyncGenerator<ParsedLine, void> {
  const parser = parse({
    delimiter,
    encoding: null,
    max_record_size: ROW_BYTES_MAX,
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
  })
  // Not left to csv-parse: seeing a mark it would decode fields by itself, replacing what is not UTF-8.
  const feeding = feed(parser, chunksWithoutByteOrderMark(chunks))
  // Counted here, because csv-parse counts a quoted \r\n twice.
  let line = 1
  try {
    for await (const record of parser as AsyncIterable<Uint8Array[]>) {
      if (!isBlankLine(record)) yield { record, line }
      line += 1 + newlinesIn(record)
    }
    await feeding
  } catch (error) {
    throw asSourceError(error)
  } finally {
    parser.destroy()
  }
}

function isBlankLine(record: readonly Uint8Array[]): boolean {
  return record.length === 1 && record[0]!.length === 0
}

/** Writes the chunks as fast as the parser takes them; a failing source ends the parser with its error. */
async function feed(parser: ReturnType<typeof parse>, chunks: Chunks): Promise<void> {
  try {
    for await (const chunk of chunks) {
      if (parser.destroyed) return
      if (!parser.write(chunk)) await drained(parser)
    }
    parser.end()
  } catch (error) {
    parser.destroy(error instanceof Error ? error : new Error(String(error)))
  }
}

function drained(parser: ReturnType<typeof parse>): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      parser.off('drain', done)
      parser.off('close', done)
      resolve()
    }
    parser.on('drain', done)
    parser.on('close', done)
  })
}

/** A quoted field may span several lines. */
function newlinesIn(record: readonly Uint8Array[]): number {
  let count = 0
  for (const field of record) for (const byte of field) if (byte === NEWLINE) count += 1
  return count
}

function header(record: readonly Uint8Array[], line: number): string[] {
  const columns = record.map((field) => textOf(field, line))
  const twice = columns.find((column, i) => columns.indexOf(column) !== i)
  if (twice !== undefined) throw new SourceError('bad_header', line, `two columns are called "${twice}"`)
  return columns
}

function textOf(field: Uint8Array, line: number): string {
  try {
    return fromUtf8(field)
  } catch {
    throw new SourceError('bad_header', line, 'a column name is not UTF-8')
  }
}

function rowOf(columns: readonly string[], record: readonly Uint8Array[], line: number): RowReading {
  if (record.length !== columns.length) {
    const message = `line ${line}: ${record.length} fields where the header names ${columns.length}`
    return { line, error: { code: 'bad_row', path: '', message } }
  }
  try {
    const values = Object.fromEntries(columns.map((column, i) => [column, fromUtf8(record[i]!)]))
    return { row: { line, values, coerced: [] } }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return { line, error: { code: error.code, path: '', message: `line ${line}: ${error.message}` } }
  }
}

/** csv-parse quotes the offending field in its messages; ours says what and about where, never the content. */
function asSourceError(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || !('lines' in error)) return error
  const line = typeof error.lines === 'number' ? error.lines : 0
  return new SourceError('bad_csv', line, csvFaults[String(error.code)] ?? 'the file is not CSV')
}

const csvFaults: Record<string, string> = {
  CSV_QUOTE_NOT_CLOSED: 'a quoted field opens here and never closes',
  INVALID_OPENING_QUOTE: 'a quote stands inside an unquoted field',
  CSV_INVALID_CLOSING_QUOTE: 'a quoted field is followed by more text',
  CSV_MAX_RECORD_SIZE: `a row is longer than ${ROW_BYTES_MAX} bytes`,
}
