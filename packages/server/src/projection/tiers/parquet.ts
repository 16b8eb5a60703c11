/** Parquet as the engine writes and reads it. */
import { type Column, DECISIONS, slotColumn, type TableShape } from '../schema.ts'
import type { FieldSlot } from '../fields.ts'

/** Rows of one file at most: bounds what writing, rewriting and handing it over take. */
export const FILE_ROWS_MAX = 1_000_000

/** What a reader passes over as a whole: few enough rows that their least and greatest values and filters rule out much. */
const GROUP_ROWS = 65_536

/** Files are written as a whole or written anew. */
export const WRITING = {
  engine_file_truncate_on_insert: 1,
  output_format_parquet_compression_method: 'zstd',
  output_format_parquet_row_group_size: GROUP_ROWS,
  output_format_parquet_write_bloom_filter: 1,
  max_execution_time: 900,
} as const

/** Rows keep the order they were written in, and one is never held beside many others. */
export const REWRITING = { ...WRITING, max_threads: 1, input_format_parquet_preserve_order: 1 } as const

/** Columns of the files of a table. */
export function columnsOf(table: TableShape, features: readonly FieldSlot[]): Column[] {
  const slots = features.map(({ slot }) => slot).toSorted((a, b) => a - b)
  return table === DECISIONS ? [...table.columns, ...slots.map(slotColumn)] : [...table.columns]
}

/** The type a column has in files: an id is text there, because Spark refuses a file with a UUID in it. */
export function typeInFiles(type: string): string {
  return type === 'UUID' ? 'String' : type
}

/** Their names and types in files as the engine takes them; what a file lacks is read as empty. */
export function structureOf(columns: readonly Column[]): string {
  return columns.map(({ name, type }) => `\`${name}\` ${typeInFiles(type)}`).join(', ')
}

/** Columns of a table as they are written into files. */
export function writtenList(columns: readonly Column[]): string {
  return columns
    .map(({ name, type }) => (type === 'UUID' ? `toString(\`${name}\`) AS \`${name}\`` : `\`${name}\``))
    .join(', ')
}

/** Columns of files as a table has them. */
export function readList(columns: readonly Column[]): string {
  return columns
    .map(({ name, type }) => (type === 'UUID' ? `toUUID(\`${name}\`) AS \`${name}\`` : `\`${name}\``))
    .join(', ')
}

export function listOf(columns: readonly Column[]): string {
  return columns.map(({ name }) => `\`${name}\``).join(', ')
}

/** A text as a literal of the engine's language. */
export function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
