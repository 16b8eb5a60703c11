/** Which months it is time for. */
import type { IndexClient } from '../engine/client.ts'
import { type Names, TIERED_TABLES } from '../schema.ts'
import { isOlder, monthOfPartition, type TierMonth } from './tier-month.ts'

/** Rows that came to a month after it was moved follow this long after the last move, so that they do not make a file each. */
const FOLLOW_MS = 30 * 86_400_000

/** Months of which the tables have rows and that are over for as many days, in their order. */
export async function monthsDue(
  client: IndexClient,
  names: Names,
  known: readonly TierMonth[],
  hotDays: number,
  nowMs: number,
): Promise<string[]> {
  const rows = await client.select<{ partition: string }>(
    `SELECT DISTINCT partition FROM system.parts WHERE database = {p0:String} AND active AND rows > 0
      AND table IN (${TIERED_TABLES.map(({ name }) => `'${name}'`).join()})`,
    { params: { p0: names.tables } },
  )
  const byName = new Map(known.map((month) => [month.month, month]))
  return rows
    .flatMap(({ partition }) => monthOfPartition(partition) ?? [])
    .filter((month) => isOlder(month, hotDays, nowMs))
    .filter((month) => {
      const { state, movedAt = -Infinity } = byName.get(month) ?? {}
      return state !== 'archived' && movedAt <= nowMs - FOLLOW_MS
    })
    .toSorted()
}

/** Whether the files of a month are to be archived. */
export function isForArchive(
  { month, restoredUntil, state }: TierMonth,
  warmDays: number,
  nowMs: number,
): boolean {
  return state === 'warm' && restoredUntil <= nowMs && isOlder(month, warmDays, nowMs)
}
