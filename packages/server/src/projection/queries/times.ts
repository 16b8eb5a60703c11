/** Entries of a system by their own time, whatever they say: where to look for what has had its time. */
import { ENTRIES } from '../schema.ts'
import { ask, type Ground } from './ground.ts'
import { Substitutions } from './parameters.ts'

export interface EntriesOfTime {
  readonly system: string
  readonly kinds: readonly string[]
  /** Unix milliseconds; every time when absent. */
  readonly before?: number
}

/** How many there are; of those that were erased nothing is known, and they are not counted. */
export async function countEntries(ground: Ground, of: EntriesOfTime): Promise<number> {
  const substitutions = new Substitutions()
  const [row] = await ask<{ count: string }>(
    ground,
    `SELECT count() AS count ${fromEntries(ground, of, substitutions)}`,
    substitutions,
  )
  return Number(row?.count ?? 0)
}

/** Their indices, ascending, from `from` on; at most `limit`. */
export async function findEntries(
  ground: Ground,
  of: EntriesOfTime,
  from: number,
  limit: number,
): Promise<number[]> {
  const substitutions = new Substitutions()
  const rows = await ask<{ index: string }>(
    ground,
    `SELECT index ${fromEntries(ground, of, substitutions)} AND index >= ${substitutions.add('UInt64', from)} ORDER BY index LIMIT ${limit}`,
    substitutions,
  )
  return rows.map(({ index }) => Number(index))
}

function fromEntries(
  { names, position }: Ground,
  { before, kinds, system }: EntriesOfTime,
  values: Substitutions,
): string {
  const where = [
    `index < ${values.add('UInt64', position())}`,
    `system = ${values.add('String', system)}`,
    `kind IN ${values.add('Array(String)', kinds)}`,
    // An erased entry has no rows, and nothing that kept it out of the index.
    `(rows > 0 OR rejected != '')`,
    ...(before === undefined ? [] : [`at < fromUnixTimestamp64Milli(${values.add('Int64', before)}, 'UTC')`]),
  ]
  return `FROM ${names.tables}.${ENTRIES.name} WHERE ${where.join(' AND ')}`
}
