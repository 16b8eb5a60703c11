import { OUTCOMES, RECORDS, REVIEWS } from '../schema.ts'
import { ask, boundSize, type Ground } from './ground.ts'
import { Substitutions } from './parameters.ts'

const RECORDS_MAX = 1_000

/** Indices of the records about the decision at `target`, in ledger order, at most 1,000. */
export async function recordsAbout(ground: Ground, target: number): Promise<number[]> {
  const size = boundSize(ground, undefined)
  const substitutions = new Substitutions()
  const decision = substitutions.add('Int64', target)
  const parts = [OUTCOMES, REVIEWS, RECORDS].map(
    ({ name }) =>
      `SELECT index FROM ${ground.names.tables}.${name} WHERE targetIndex = ${decision} AND index < ${size}`,
  )
  const sql = `SELECT DISTINCT index FROM (${parts.join(' UNION ALL ')}) ORDER BY index LIMIT ${RECORDS_MAX}`
  const rows = await ask<{ index: string }>(ground, sql, substitutions)
  return rows.map(({ index }) => Number(index)).filter((index) => index !== target)
}
