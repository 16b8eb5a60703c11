import { BLOCK_ENTRIES } from './batch.ts'
import type { IndexClient } from './engine/client.ts'
import { CONTENT_TABLES, ENTRIES, type Names } from './schema.ts'

/** Rows of one block, as counted in the tables and told of files. */
export interface BlockCount {
  readonly block: number
  readonly entries: number
  /** Rows the entries say they have elsewhere, and rows found there. */
  readonly expected: number
  readonly found: number
}

/** Counts the rows of every block that ends at or before `position`'s block; `inFiles`: those that lie in files, by block. */
export async function countBlocks(
  client: IndexClient,
  { tables }: Names,
  inFiles: ReadonlyMap<number, number>,
  position: number,
): Promise<BlockCount[]> {
  const params = { p0: BLOCK_ENTRIES, p1: position }
  const block = 'toUInt32(intDiv(index, {p0:UInt64}))'
  const found = CONTENT_TABLES.map(
    ({ name }) => `SELECT ${block} AS block, 0 AS entries, 0 AS expected, count() AS found
      FROM ${tables}.${name} WHERE index < {p1:UInt64} GROUP BY block`,
  )
  const rows = await client.select<{ block: number; entries: string; expected: string; found: string }>(
    `SELECT block, sum(entries) AS entries, sum(expected) AS expected, sum(found) AS found FROM (
      SELECT ${block} AS block, count() AS entries, sum(rows) AS expected, 0 AS found
      FROM ${tables}.${ENTRIES.name} WHERE index < {p1:UInt64} GROUP BY block
      UNION ALL ${found.join(' UNION ALL ')}) GROUP BY block ORDER BY block`,
    { params, settings: { max_execution_time: 300 } },
  )
  return rows.map((row) => ({
    block: row.block,
    entries: Number(row.entries),
    expected: Number(row.expected),
    found: Number(row.found) + (inFiles.get(row.block) ?? 0),
  }))
}
