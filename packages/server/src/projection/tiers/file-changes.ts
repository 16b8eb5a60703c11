// Changes rows in files, by writing the files they are in anew.
//
// Invariant. Old objects go, with every version, only when the new ones are remembered durably and nobody reads the old ones; whoever
// is interrupted finds the rows still there, or what is left of the old objects swept.

import type { IndexClient } from '../engine/client.ts'
import type { FieldSlot } from '../fields.ts'
import { fileKey } from './keys.ts'
import { columnsOf, REWRITING, structureOf } from './parquet.ts'
import { changedRows, mayTouch, type RowChange } from './row-change.ts'
import type { TierFile, TierMonth } from './tier-month.ts'
import type { Written } from './tier-writer.ts'

export interface Rewriting {
  readonly client: IndexClient
  /** What keys of files begin with. */
  readonly prefix: string
  /** A number for the name of a file. */
  takeNumber(): number
  /** Writes a file under a key; undefined when there are no rows for it. */
  write(key: string, rows: Written): Promise<TierFile | undefined>
}

/** Where the engine reads a file, by its place among columns of that structure. */
export type ReadingOf = (file: TierFile, structure: string) => string

/**
 * A month after changes of its rows; the same object when none of them touched it. `features` are those changes may be about, the
 * month's among them.
 */
export async function changeMonth(
  at: Rewriting,
  month: TierMonth,
  features: readonly FieldSlot[],
  changes: readonly RowChange[],
  readingOf: ReadingOf,
): Promise<TierMonth> {
  let changed = month
  for (const change of changes) changed = await changeTable(at, changed, features, change, readingOf)
  return changed === month ? month : { ...changed, features }
}

async function changeTable(
  at: Rewriting,
  month: TierMonth,
  features: readonly FieldSlot[],
  change: RowChange,
  readingOf: ReadingOf,
): Promise<TierMonth> {
  const structure = structureOf(columnsOf(change.table, features))
  const files: TierFile[] = []
  let isTouched = false
  for (const file of month.files) {
    const isOfTable = file.table === change.table.name && mayTouch(change, file)
    const source = isOfTable ? readingOf(file, structure) : ''
    if (!isOfTable || (await countOf(at.client, source, change)) === 0) {
      files.push(file)
      continue
    }
    const written = await at.write(fileKey(at.prefix, file.table, month.month, at.takeNumber()), {
      table: change.table,
      select: changedRows(change, source),
      ...(change.params && { params: change.params }),
      settings: REWRITING,
    })
    if (written) files.push(written)
    isTouched = true
  }
  return isTouched ? { ...month, files } : month
}

async function countOf(client: IndexClient, source: string, change: RowChange): Promise<number> {
  const [row] = await client.select<{ rows: string }>(
    `SELECT count() AS rows FROM ${source} WHERE ${change.where}`,
    {
      ...(change.params && { params: change.params }),
      settings: { max_execution_time: 300 },
    },
  )
  return Number(row?.rows ?? 0)
}
