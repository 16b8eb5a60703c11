/** What lies beside the files of a month and tells others how to read them. */
import { SCHEMA_VERSION, TIERED_TABLES } from '../schema.ts'
import { columnsOf, typeInFiles } from './parquet.ts'
import { rowsIn, type TierMonth } from './tier-month.ts'

/** Decisions of one model in a month. */
export interface ModelCount {
  readonly system: string
  readonly modelId: string
  readonly modelVersion: string
  readonly decisions: number
}

/** `manifest.json` of a month, as bytes. Keys of files are relative to the store. */
export function manifestOf(month: TierMonth): Uint8Array {
  return bytesOf(told(month))
}

/** `index.json` beside the archives of a month: what is in them, without opening them. */
export function archiveIndexOf(month: TierMonth, models: readonly ModelCount[]): Uint8Array {
  return bytesOf({ ...told(month), archives: month.archives, models })
}

/** The counts that an `index.json` told of. */
export function countsIn(told: Uint8Array | undefined): ModelCount[] {
  if (!told) return []
  return (JSON.parse(Buffer.from(told).toString('utf8')) as { models?: ModelCount[] }).models ?? []
}

function told(month: TierMonth): object {
  const tables = TIERED_TABLES.filter(({ name }) => rowsIn(month, name) > 0).map((table) => ({
    name: table.name,
    rows: rowsIn(month, table.name),
    columns: columnsOf(table, month.features).map(({ name, type }) => ({ name, type: typeInFiles(type) })),
    files: month.files
      .filter((file) => file.table === table.name)
      .map(({ key, rows, bytes, sha256, least, greatest }) => ({
        key,
        rows,
        bytes,
        sha256,
        least,
        greatest,
      })),
  }))
  return {
    v: 1,
    month: month.month,
    schema: SCHEMA_VERSION,
    movedAt: month.movedAt,
    tables,
    /** Columns of `decisions` that hold values of input features, as RFC 8785 text. */
    features: month.features.map(({ name, slot }) => ({ column: `f${slot}`, name })),
  }
}

function bytesOf(value: object): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`)
}
