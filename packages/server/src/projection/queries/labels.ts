import type { Restriction } from '../restriction.ts'
import { OUTCOMES, readable, REVIEWS } from '../schema.ts'
import { ask, type Ground } from './ground.ts'
import { Substitutions } from './parameters.ts'
import { allOf, inBoxes } from './within.ts'

/** The latest records about one decision, by index. */
export interface LatestAbout {
  readonly target: number
  readonly outcome?: number
  /** The latest review whose basis is that it was observed. */
  readonly observed?: number
  /** The latest of any other basis; the decision itself where that tells of it. */
  readonly asserted?: number
}

interface Row {
  readonly target: string
  readonly what: 'outcome' | 'observed' | 'asserted'
  readonly index: string
}

/** The latest outcome and reviews of each of these decisions: by their own time, and of two at the same time the one recorded later. */
export async function latestAbout(
  ground: Ground,
  targets: readonly number[],
  size: number,
  restriction: Restriction,
): Promise<Map<number, LatestAbout>> {
  const substitutions = new Substitutions()
  const within = { names: ground.names, restriction, values: substitutions }
  const of = substitutions.add('Array(Int64)', targets)
  const where = allOf([`targetIndex IN ${of} AND index < ${size}`, ...inBoxes(within, '')])
  const sql = `SELECT targetIndex AS target, 'outcome' AS what, index
      FROM ${readable(ground.names, OUTCOMES)} WHERE ${where}
      ORDER BY targetIndex, at DESC, index DESC LIMIT 1 BY targetIndex
    UNION ALL SELECT targetIndex AS target, if(basis = 'observed', 'observed', 'asserted') AS what, index
      FROM ${readable(ground.names, REVIEWS)} WHERE ${where}
      ORDER BY targetIndex, what, at DESC, index DESC LIMIT 1 BY targetIndex, what`
  const found = new Map<number, LatestAbout>()
  if (targets.length === 0) return found
  for (const { index, target, what } of await ask<Row>(ground, sql, substitutions)) {
    const known = found.get(Number(target)) ?? { target: Number(target) }
    found.set(known.target, { ...known, [what]: Number(index) })
  }
  return found
}
