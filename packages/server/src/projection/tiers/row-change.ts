/** A change of rows, wherever they lie. */
import type { Parameters } from '../engine/client.ts'
import type { TableShape } from '../schema.ts'

export interface RowChange {
  readonly table: TableShape
  /** Condition over its rows. */
  readonly where: string
  readonly params?: Parameters
  /** What columns become in these rows, as expressions over the columns as they are; the rows go when absent. */
  readonly set?: ReadonlyMap<string, string>
  /** Rows are changed for values of this feature alone. Without it and without `set`, the condition is over the index alone. */
  readonly feature?: { readonly system: string; readonly name: string }
  /** Rows outside these indices are none of them. */
  readonly least?: number
  readonly greatest?: number
}

/** The rows that are left, from rows of `source`. */
export function changedRows({ table, where, set }: RowChange, source: string): string {
  if (!set) return `SELECT * FROM ${source} WHERE NOT (${where})`
  const types = new Map(table.columns.map(({ name, type }) => [name, type]))
  const replaced = [...set].map(([column, value]) => {
    const type = types.get(column) ?? 'LowCardinality(String)'
    return `CAST(if(${where}, ${value}, ${column}), '${type.replaceAll("'", "\\'")}') AS \`${column}\``
  })
  return `SELECT * REPLACE (${replaced.join(', ')}) FROM ${source}`
}

export function mayTouch({ least, greatest }: RowChange, file: { least: number; greatest: number }): boolean {
  return (least ?? 0) <= file.greatest && file.least <= (greatest ?? Number.MAX_SAFE_INTEGER)
}
