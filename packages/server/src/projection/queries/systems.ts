import { DISTINCT_VALUES_MAX } from '../fields.ts'
import { reachesEverything, type Restriction } from '../restriction.ts'
import { DECISIONS, readable, slotColumn } from '../schema.ts'
import type { SealedField } from '../source.ts'
import { archivedMember } from './archived.ts'
import { type Building, sealedFields } from './filter.ts'
import { ask, type AsOf, boundSize, type Ground } from './ground.ts'
import { Substitutions } from './parameters.ts'
import { type MaybeSuppressed, type Shown, showLarge } from './suppression.ts'
import { isWithheld } from './withheld.ts'
import { allOf, decisionsWithin } from './within.ts'

export interface SystemField {
  readonly name: string
  readonly class: 'queryable' | 'sealed'
  /** Why it has that class, in words. */
  readonly why: string
}

export interface SystemItem {
  readonly name: string
  readonly decisions: number
  /** Absent where moments of single decisions may not be shown. */
  readonly firstAt?: string
  readonly lastAt?: string
  readonly fields: readonly SystemField[]
}

export interface SystemsAnswer extends AsOf, MaybeSuppressed {
  readonly items: readonly SystemItem[]
}

interface Row {
  readonly system: string
  readonly decisions: string
  readonly firstAt: string
  readonly lastAt: string
}

/** Every system that recorded decisions, busiest first, with the class of each input feature and why. */
export async function systemsOf(ground: Ground, restriction: Restriction): Promise<SystemsAnswer> {
  const size = boundSize(ground, undefined)
  const { rows, suppressed } = await shownSystems(ground, restriction, size)
  const fields = await fieldsShown(ground, restriction, size)
  const items = rows.map(({ system, decisions, firstAt, lastAt }) => ({
    name: system,
    decisions: Number(decisions),
    ...(restriction.smallCells === undefined && { firstAt: isoOf(firstAt), lastAt: isoOf(lastAt) }),
    fields: fields(system),
  }))
  return {
    items,
    asOf: { size },
    ...archivedMember(ground, restriction),
    ...(suppressed ? { suppressed } : {}),
  }
}

/**
 * The member of an answer that says where features it was asked about are sealed: only in systems the caller is shown
 * anyway, so that it tells of no other.
 */
export async function sealedMember(
  { ground, size, restriction }: Building,
  features: readonly string[],
  parameters: ReadonlyMap<string, string>,
): Promise<{ readonly sealed?: readonly SealedField[] }> {
  const sealed = sealedFields(features, parameters, ground)
  if (sealed.length === 0) return {}
  if (reachesEverything(restriction) && restriction.smallCells === undefined) return { sealed }
  const { rows } = await shownSystems(ground, restriction, size)
  const shown = new Set(rows.map(({ system }) => system))
  const told = sealed.filter(({ system }) => shown.has(system))
  return told.length > 0 ? { sealed: told } : {}
}

async function shownSystems(ground: Ground, restriction: Restriction, size: number): Promise<Shown<Row>> {
  const substitutions = new Substitutions()
  const rows = await ask<Row>(
    ground,
    `SELECT system, count() AS decisions, toString(min(at)) AS firstAt, toString(max(at)) AS lastAt
      ${decisionsFrom(ground, restriction, size, substitutions)} GROUP BY system ORDER BY count() DESC, system`,
    substitutions,
  )
  return showLarge(rows, restriction, ({ system, decisions }) => ({
    key: [system],
    count: Number(decisions),
  }))
}

function decisionsFrom(
  ground: Ground,
  restriction: Restriction,
  size: number,
  substitutions: Substitutions,
): string {
  const within = { names: ground.names, restriction, values: substitutions }
  const where = allOf([`d.index < ${size}`, ...decisionsWithin(within, 'd.')])
  return `FROM ${readable(ground.names, DECISIONS)} AS d WHERE ${where}`
}

/**
 * Which fields of a system are told of. Of a system one may see as a whole, all it reported; of a part of one, those that
 * enough of its decisions carry. What is sealed took more values than any group that is hidden has decisions, but where
 * it came up nobody knows: it is told of whole systems.
 */
async function fieldsShown(
  ground: Ground,
  restriction: Restriction,
  size: number,
): Promise<(system: string) => SystemField[]> {
  const listed = (system: string) =>
    ground
      .catalogue()
      .fieldsOf(system)
      .filter(({ name }) => !isWithheld(restriction, `feature.${name}`))
  if (reachesEverything(restriction) && restriction.smallCells === undefined)
    return (system) => listed(system).map(classOf)
  const carried = await carriedFeatures(ground, restriction, size)
  return (system) => {
    const whole = isWhole(restriction, system)
    return listed(system)
      .filter(({ name, sealed }) =>
        whole && (sealed || restriction.smallCells === undefined) ? true : carried.has(keyOf(system, name)),
      )
      .map(classOf)
  }
}

/** Whether every decision of the system may be touched. */
function isWhole({ boxes, subjects }: Restriction, system: string): boolean {
  if (subjects) return false
  if (!boxes) return true
  return boxes.some(
    ({ systems, from, to }) =>
      from === undefined && to === undefined && (systems === undefined || systems.includes(system)),
  )
}

const keyOf = (system: string, feature: string): string => JSON.stringify([system, feature])

/** System and feature of those that as many decisions within the restriction carry as a group must have. */
async function carriedFeatures(
  ground: Ground,
  restriction: Restriction,
  size: number,
): Promise<ReadonlySet<string>> {
  const least = restriction.smallCells ?? 1
  const substitutions = new Substitutions()
  const from = decisionsFrom(ground, restriction, size, substitutions)
  const named = ground.catalogue().named()
  const counts = named.map(({ slot }) => `countIf(d.${slotColumn(slot).name} != '') AS c${slot}`)
  const columns = await ask<Record<string, string>>(
    ground,
    `SELECT ${['d.system AS system', ...counts].join(', ')} ${from} GROUP BY system`,
    substitutions,
  )
  const more = await ask<{ system: string; name: string }>(
    ground,
    `SELECT d.system AS system, arrayJoin(mapKeys(d.moreFeatures)) AS name ${from}
      GROUP BY system, name HAVING count() >= ${least}`,
    substitutions,
  )
  return new Set([
    ...columns.flatMap((row) =>
      named
        .filter(({ slot }) => Number(row[`c${slot}`]) >= least)
        .map(({ name }) => keyOf(row['system']!, name)),
    ),
    ...more.map(({ system, name }) => keyOf(system, name)),
  ])
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
