// Which versions of which models decided, where and when: what telemetry shows, to be held against what is declared.

import type { Restriction } from '../restriction.ts'
import { DECISIONS, readable } from '../schema.ts'
import { archivedMember } from './archived.ts'
import { ask, type AsOf, boundSize, type Ground } from './ground.ts'
import { Substitutions } from './parameters.ts'
import { type MaybeSuppressed, partsShown, showLarge } from './suppression.ts'
import { isWithheld, refuseWithheld } from './withheld.ts'
import { allOf, decisionsWithin } from './within.ts'

/** Decisions of one version of a model in one environment of a system; texts are empty where decisions state none. */
export interface ModelUse {
  readonly system: string
  /** Empty where it is sealed. */
  readonly modelId: string
  readonly modelVersion: string
  readonly environment: string
  readonly decisions: number
  /** Unix milliseconds of the first and the last; absent where moments of single decisions may not be shown. */
  readonly firstAt?: number
  readonly lastAt?: number
}

export interface ModelUseAnswer extends AsOf, MaybeSuppressed {
  readonly uses: readonly ModelUse[]
  /** There are more uses than are told. */
  readonly isCut: boolean
}

/** [from, to) in Unix milliseconds; without an end when it goes on. */
export interface Period {
  readonly from: number
  readonly to?: number
}

const USES_MAX = 10_000
const NAMES = ['system', 'modelId', 'modelVersion', 'environment'] as const

type Row = Readonly<Record<(typeof NAMES)[number] | 'decisions' | 'first' | 'last', string>>

/** Of all models, or of one; the most used first, and no more than `USES_MAX`. @throws QueryError · QueryTooHeavy · EngineUnavailable */
export async function modelUse(
  ground: Ground,
  modelId: string | undefined,
  restriction: Restriction,
): Promise<ModelUseAnswer> {
  refuseWithheld(restriction, ...NAMES)
  const size = boundSize(ground, undefined)
  const values = new Substitutions()
  const where = [
    `d.index < ${size}`,
    ...decisionsWithin({ names: ground.names, restriction, values }, 'd.'),
    ...(modelId === undefined ? [] : [`d.modelId = ${values.add('String', modelId)}`]),
  ]
  const columns = NAMES.map((name) => `d.${name} AS ${name}`).join(', ')
  const rows = await ask<Row>(
    ground,
    `SELECT ${columns}, count() AS decisions, toUnixTimestamp64Milli(min(d.at)) AS first, toUnixTimestamp64Milli(max(d.at)) AS last
      FROM ${readable(ground.names, DECISIONS)} AS d WHERE ${allOf(where)}
      GROUP BY ${NAMES.join(', ')} ORDER BY decisions DESC, ${NAMES.join(', ')} LIMIT ${USES_MAX + 1}`,
    values,
  )
  const { rows: shown, suppressed } = showLarge(rows.slice(0, USES_MAX), restriction, (row) => ({
    key: NAMES.map((name) => row[name]),
    count: Number(row.decisions),
  }))
  return {
    uses: shown.map((row) => useOf(row, restriction)),
    isCut: rows.length > USES_MAX,
    asOf: { size },
    ...archivedMember(ground, restriction),
    ...(suppressed ? { suppressed } : {}),
  }
}

function useOf({ decisions, first, last, ...names }: Row, restriction: Restriction): ModelUse {
  const showsMoments = restriction.smallCells === undefined && !isWithheld(restriction, 'at')
  return {
    ...names,
    decisions: Number(decisions),
    ...(showsMoments && { firstAt: Number(first), lastAt: Number(last) }),
  }
}

/**
 * How many decisions of a use were made at no time of these periods; null where so few were, or were not, that they may not be counted.
 *
 * @throws QueryTooHeavy · EngineUnavailable
 */
export async function decisionsOutside(
  ground: Ground,
  use: ModelUse,
  periods: readonly Period[],
  restriction: Restriction,
): Promise<number | null> {
  const values = new Substitutions()
  const moment = (ms: number): string => `fromUnixTimestamp64Milli(${values.add('Int64', ms)}, 'UTC')`
  const inside = periods.map(({ from, to }) =>
    allOf([`d.at >= ${moment(from)}`, ...(to === undefined ? [] : [`d.at < ${moment(to)}`])]),
  )
  const where = [
    `d.index < ${boundSize(ground, undefined)}`,
    ...decisionsWithin({ names: ground.names, restriction, values }, 'd.'),
    ...NAMES.map((name) => `d.${name} = ${values.add('String', use[name])}`),
  ]
  const isInside = inside.length === 0 ? '0' : `(${inside.map((one) => `(${one})`).join(' OR ')})`
  const [row] = await ask<{ outside: string; all: string }>(
    ground,
    `SELECT countIf(NOT ${isInside}) AS outside, count() AS all
      FROM ${readable(ground.names, DECISIONS)} AS d WHERE ${allOf(where)}`,
    values,
  )
  const [outside, all] = [Number(row?.outside ?? 0), Number(row?.all ?? 0)]
  const [isShown] = partsShown([{ key: [], counts: [outside, all - outside] }], restriction)
  return isShown === true ? outside : null
}
