/** Writes one Parquet file: from the engine to a file under way, from there into the store. */
import { BLOCK_ENTRIES } from '../batch.ts'
import type { IndexClient, Parameters } from '../engine/client.ts'
import type { TableShape } from '../schema.ts'
import type { TierFile } from './tier-month.ts'
import { digestOf, scratchFile, type TierStore } from './tier-store.ts'

export interface Written {
  readonly table: TableShape
  /** Rows in the order they are kept in, under the names of the table's columns. */
  readonly select: string
  readonly params?: Parameters
  readonly settings: Readonly<Record<string, string | number>>
}

type Facts = Pick<TierFile, 'rows' | 'least' | 'greatest' | 'blocks'>

/** Writes a file and keeps it under the key; undefined when there are no rows for it. */
export async function writeFile(
  client: IndexClient,
  store: TierStore,
  key: string,
  rows: Written,
): Promise<TierFile | undefined> {
  const path = store.scratchPath('parquet')
  try {
    const facts = await writeRows(client, path, rows)
    return facts && { key, table: rows.table.name, ...facts, ...(await store.keepFile(path, key)) }
  } finally {
    await store.removeScratch([path])
  }
}

/** Writes a file under way and leaves it there; undefined when there are no rows for it. */
export async function writeScratchFile(
  client: IndexClient,
  store: TierStore,
  path: string,
  key: string,
  rows: Written,
): Promise<TierFile | undefined> {
  const facts = await writeRows(client, path, rows)
  if (!facts) return undefined
  const bytes = await store.readScratch(path)
  return { key, table: rows.table.name, ...facts, bytes: bytes.length, sha256: digestOf(bytes) }
}

async function writeRows(client: IndexClient, path: string, rows: Written): Promise<Facts | undefined> {
  await client.command(`INSERT INTO FUNCTION ${scratchFile(path)} ${rows.select}`, {
    ...(rows.params && { params: rows.params }),
    settings: rows.settings,
  })
  return factsOf(client, path)
}

/** What there is to know of the rows of a file under way; undefined when it has none. */
async function factsOf(client: IndexClient, path: string): Promise<Facts | undefined> {
  const rows = await client.select<Record<'block' | 'rows' | 'least' | 'greatest', string>>(
    `SELECT intDiv(index, ${BLOCK_ENTRIES}) AS block, count() AS rows, min(index) AS least, max(index) AS greatest
      FROM ${scratchFile(path, '`index` UInt64')} GROUP BY block ORDER BY block`,
    { settings: { max_execution_time: 300 } },
  )
  if (rows.length === 0) return undefined
  return {
    rows: rows.reduce((sum, row) => sum + Number(row.rows), 0),
    least: Math.min(...rows.map((row) => Number(row.least))),
    greatest: Math.max(...rows.map((row) => Number(row.greatest))),
    blocks: rows.map((row) => [Number(row.block), Number(row.rows)]),
  }
}
