import type { Restriction } from '../restriction.ts'
import { DECISIONS, OUTCOMES, readable, RECORDS, REVIEWS } from '../schema.ts'
import { ask, boundSize, type Ground } from './ground.ts'
import { Substitutions } from './parameters.ts'
import { allOf, decisionsWithin, inBoxes } from './within.ts'

const RECORDS_MAX = 1_000

/** Indices of the records about the decision at `target`, in ledger order, at most 1,000; none when it may not be touched. */
export async function recordsAbout(
  ground: Ground,
  target: number,
  restriction: Restriction,
): Promise<number[]> {
  const size = boundSize(ground, undefined)
  const substitutions = new Substitutions()
  const decision = substitutions.add('Int64', target)
  const within = { names: ground.names, restriction, values: substitutions }
  const theirs = decisionsWithin(within, '')
  const touched =
    theirs.length === 0
      ? []
      : [
          `${decision} IN (SELECT toInt64(index) FROM ${readable(ground.names, DECISIONS)} WHERE index = ${decision} AND ${allOf(theirs)})`,
        ]
  const where = allOf([`targetIndex = ${decision} AND index < ${size}`, ...touched, ...inBoxes(within, '')])
  const parts = [OUTCOMES, REVIEWS, RECORDS].map(
    (table) => `SELECT index FROM ${readable(ground.names, table)} WHERE ${where}`,
  )
  const sql = `SELECT DISTINCT index FROM (${parts.join(' UNION ALL ')}) ORDER BY index LIMIT ${RECORDS_MAX}`
  const rows = await ask<{ index: string }>(ground, sql, substitutions)
  return rows.map(({ index }) => Number(index)).filter((index) => index !== target)
}
