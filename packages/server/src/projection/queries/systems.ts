import { DISTINCT_VALUES_MAX } from '../fields.ts'
import { DECISIONS } from '../schema.ts'
import { ask, type AsOf, boundSize, type Ground } from './ground.ts'
import { Substitutions } from './parameters.ts'

export interface SystemField {
  readonly name: string
  readonly class: 'queryable' | 'sealed'
  /** Why it has that class, in words. */
  readonly why: string
}

export interface SystemItem {
  readonly name: string
  readonly decisions: number
  readonly firstAt: string
  readonly lastAt: string
  readonly fields: readonly SystemField[]
}

export interface SystemsAnswer extends AsOf {
  readonly items: readonly SystemItem[]
}

/** Every system that recorded decisions, busiest first, with the class of each input feature and why. */
export async function systemsOf(ground: Ground): Promise<SystemsAnswer> {
  const size = boundSize(ground, undefined)
  const rows = await ask<{ system: string; decisions: string; firstAt: string; lastAt: string }>(
    ground,
    `SELECT system, count() AS decisions, toString(min(at)) AS firstAt, toString(max(at)) AS lastAt
      FROM ${ground.names.tables}.${DECISIONS.name} WHERE index < ${size} GROUP BY system ORDER BY count() DESC, system`,
    new Substitutions(),
  )
  const items = rows.map(({ system, decisions, firstAt, lastAt }) => ({
    name: system,
    decisions: Number(decisions),
    firstAt: isoOf(firstAt),
    lastAt: isoOf(lastAt),
    fields: ground.catalogue().fieldsOf(system).map(classOf),
  }))
  return { items, asOf: { size } }
}

/** The engine's `2026-01-10 00:00:00.000` is UTC. */
function isoOf(time: string): string {
  return `${time.replace(' ', 'T')}Z`
}

function classOf({ name, sealed }: { name: string; sealed: boolean }): SystemField {
  return sealed
    ? { name, class: 'sealed', why: `took more than ${DISTINCT_VALUES_MAX} different values` }
    : {
        name,
        class: 'queryable',
        why: `numbers, booleans and short texts, at most ${DISTINCT_VALUES_MAX} different values so far`,
      }
}
