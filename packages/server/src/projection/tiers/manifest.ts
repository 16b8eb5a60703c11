/** What lies beside the files of a month and tells others how to read them. */
import { SCHEMA_VERSION, TIERED_TABLES } from '../schema.ts'
import { columnsOf } from './parquet.ts'
import { rowsIn, type TierMonth } from './tier-month.ts'

/** `manifest.json` of a month, as bytes. Keys of files are relative to the store. */
export function manifestOf(month: TierMonth): Uint8Array {
  const tables = TIERED_TABLES.filter(({ name }) => rowsIn(month, name) > 0).map((table) => ({
    name: table.name,
    rows: rowsIn(month, table.name),
    columns: columnsOf(table, month.features).map(({ name, type }) => ({ name, type })),
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
  const manifest = {
    v: 1,
    month: month.month,
    schema: SCHEMA_VERSION,
    movedAt: month.movedAt,
    tables,
    /** Columns of `decisions` that hold values of input features, as RFC 8785 text. */
    features: month.features.map(({ name, slot }) => ({ column: `f${slot}`, name })),
  }
  return Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)
}
