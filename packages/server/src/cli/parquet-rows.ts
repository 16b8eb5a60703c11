/** Rows of a Parquet file, read by the embedded engine: in a process of its own, with what it needs on disk below the system's place for such. */
import { resolve } from 'node:path'
import { readJsonRows } from '../ingest/jsonl.ts'
import type { Chunks } from '../ingest/lines.ts'
import { type RowReading, SourceError } from '../ingest/source-row.ts'
import { makeScratch, removeScratch } from '../platform/scratch.ts'
import { type IndexClient, StatementRefused } from '../projection/engine/client.ts'
import { IndexEngine } from '../projection/engine/index-engine.ts'
import { quoted } from '../projection/tiers/parquet.ts'

/** Rows asked for at once: few enough to be held as text. */
const ROWS_AT_ONCE = 5_000
const SETTINGS = {
  // In the order of the file, so that a row is the same row each time.
  max_threads: 1,
  input_format_parquet_preserve_order: 1,
  output_format_json_quote_64bit_integers: 0,
  output_format_json_quote_decimals: 0,
  output_format_json_named_tuples_as_objects: 1,
  output_format_json_escape_forward_slashes: 0,
  date_time_output_format: 'iso',
} as const

/**
 * @param chunks the bytes of the file, which are read to their end first, so that whoever digests them has all
 * @throws SourceError `bad_parquet` for what the engine does not read
 */
export async function* parquetRows(path: string, chunks: Chunks): AsyncGenerator<RowReading> {
  for await (const _ of chunks) continue
  const directory = await makeScratch('deponent-import')
  try {
    const engine = await IndexEngine.start({ directory })
    try {
      const client = engine.connect()
      yield* pages(client, resolve(path))
      await client.close()
    } finally {
      await engine.stop()
    }
  } finally {
    await removeScratch(directory)
  }
}

async function* pages(client: IndexClient, path: string): AsyncGenerator<RowReading> {
  for (let at = 0; ;) {
    const lines = await page(client, path, at)
    if (lines === '') return
    let last = 0
    for await (const reading of readJsonRows([Buffer.from(lines)])) {
      last = reading.row === undefined ? reading.line : reading.row.line
      yield placed(reading, at)
    }
    at += last
  }
}

/** A row by its number in the file. */
function placed(reading: RowReading, at: number): RowReading {
  return reading.row === undefined
    ? { ...reading, line: reading.line + at }
    : { row: { ...reading.row, line: reading.row.line + at } }
}

async function page(client: IndexClient, path: string, at: number): Promise<string> {
  const sql = `SELECT * FROM file(${quoted(path)}, Parquet) LIMIT ${ROWS_AT_ONCE} OFFSET ${at}`
  try {
    return await client.jsonLines(sql, { settings: SETTINGS })
  } catch (error) {
    if (!(error instanceof StatementRefused)) throw error
    throw new SourceError('bad_parquet', at + 1, `the engine does not read this file (${error.type})`)
  }
}
