/** The lines of an import, whatever its files are: how its rows are read, and the records each of them makes. */
import { FormatError, type JsonObject } from '@deponent/format'
import { type GuessedMapping, guessMapping, isRecord } from './guess.ts'
import { type MappedRecord, rowMapper } from './map-row.ts'
import type { Mapping } from './mapping.ts'
import type { Container } from './opened.ts'
import { recordIn } from './record-row.ts'
import type { RowReading } from './source-row.ts'
import { eachRow, type RowReader, type Source, type SourceLine } from './sources/source.ts'
import { recognised } from './sources/sources.ts'

/** Rows that are looked at to tell what they are. */
const ROWS_LOOKED_AT = 50

/** How rows become records: as those of a source, by a mapping, as the records they are already, or nobody knows yet. */
export type Reading =
  | { readonly by: 'source'; readonly source: Source }
  | { readonly by: 'mapping'; readonly mapping: Mapping }
  | { readonly by: 'records' }
  | { readonly by: 'nothing'; readonly guess: GuessedMapping }

/** What rows are, by the first of them, and why that is thought. Tables are no records: their cells are texts, or of types of their own. */
export function judgeRows(
  first: readonly RowReading[],
  container: Container,
): { reading: Reading; reason: string } {
  const rows = first.flatMap(({ row }) => (row === undefined ? [] : [row.values]))
  const known = recognised(rows)
  if (known) return { reading: { by: 'source', source: known.source }, reason: known.reason }
  // Where nothing can be read, each line says why.
  if (rows.length === 0 || (container.startsWith('json') && rows.some(isRecord)))
    return { reading: { by: 'records' }, reason: 'the rows are records already' }
  return { reading: { by: 'nothing', guess: guessMapping(rows) }, reason: 'no source has such columns' }
}

/** The first rows, and all of them again; where reading them fails is told when they are read again. */
export async function firstRows(
  rows: AsyncGenerator<RowReading>,
): Promise<{ first: RowReading[]; rows: AsyncGenerator<RowReading> }> {
  const first: RowReading[] = []
  try {
    while (first.length < ROWS_LOOKED_AT) {
      const { done, value } = await rows.next()
      if (done) break
      first.push(value)
    }
  } catch (error) {
    return { first, rows: all(first, rows, { error }) }
  }
  return { first, rows: all(first, rows) }
}

async function* all(
  first: readonly RowReading[],
  rest: AsyncGenerator<RowReading>,
  failed?: { error: unknown },
): AsyncGenerator<RowReading> {
  try {
    yield* first
    if (failed) throw failed.error
    yield* rest
  } finally {
    await rest.return(undefined)
  }
}

/** Reads the rows of all files of an import, one after another. */
export function readerOf(reading: Reading): RowReader {
  if (reading.by === 'source') return reading.source.reader()
  if (reading.by === 'mapping') return mappingReader(reading.mapping)
  return eachRow((row) => [recordIn(row)])
}

/** One line of a file: a row that cannot be read, or makes no record, says why and costs that row alone. */
export function lineOf(reader: RowReader, reading: RowReading): SourceLine {
  if (reading.row === undefined) return { line: reading.line, ...reading.error }
  const { line } = reading.row
  try {
    return { line, records: reader.take(reading.row) }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return { line, code: error.code, path: error.path, message: error.message }
  }
}

function mappingReader(mapping: Mapping): RowReader {
  const map = rowMapper(mapping)
  return eachRow((row) => {
    const { records, error } = map(row)
    if (error) throw new FormatError(error.code, error.message, error.path)
    return records.map(asserted)
  })
}

/** What a table says is asserted by whoever kept it, unless the mapping says otherwise. */
function asserted(record: MappedRecord): MappedRecord {
  const value = { basis: 'asserted', ...(record.reading.value as JsonObject) }
  return { ...record, reading: { ...record.reading, value } }
}
