import { reachesEverything, type Restriction } from '../restriction.ts'
import { ENTRIES } from '../schema.ts'
import { ask, type AsOf, boundSize, type Ground } from './ground.ts'
import { Substitutions } from './parameters.ts'
import { type MaybeSuppressed, partsShown, showLarge } from './suppression.ts'
import { allOf, entriesFrom, entriesWithin } from './within.ts'

/**
 * `undeclared`: the source does not number its records, so that nobody can say whether any are missing. `complete`: it
 * does, and every number between the first and the last is here. `gaps`: some are not.
 */
export type CoverageStatus = 'undeclared' | 'complete' | 'gaps'

export interface EmitterCoverage {
  readonly emitter: string
  readonly epoch: number
  readonly firstSeq: number
  readonly lastSeq: number
  readonly recorded: number
  /** Numbers between first and last that no entry has. */
  readonly missing: number
}

export interface SystemCoverage {
  readonly system: string
  readonly status: CoverageStatus
  readonly entries: number
  readonly decisions: number
  /** Entries that carry no number: decisions, and whatever else was recorded, by the server too. Null as below. */
  readonly unnumbered: number | null
  /** Decisions that carry no number; null where so few do, or do not, that they may not be counted. */
  readonly unnumberedDecisions: number | null
}

export interface CoverageAnswer extends AsOf, MaybeSuppressed {
  readonly status: CoverageStatus
  readonly entries: number
  readonly decisions: number
  readonly systems: readonly SystemCoverage[]
  readonly emitters: readonly EmitterCoverage[]
}

/** What of an index is asked about. */
interface Question {
  readonly ground: Ground
  readonly restriction: Restriction
  readonly size: number
}

/**
 * What is recorded of each system and source, within the restriction. An emitter may serve several systems, so its gaps
 * are its own; its numbers are told only where every entry of it may be touched, because they tell how many there are.
 */
export async function coverage(ground: Ground, restriction: Restriction): Promise<CoverageAnswer> {
  const size = boundSize(ground, undefined)
  const question = { ground, restriction, size }
  const emitters = await emittersOf(question)
  const gaps = new Set(emitters.filter(({ missing }) => missing > 0).map(({ emitter }) => emitter))
  const rows = await systemsOf(question)
  const countable = partsShown(rows.map(numberedPart), restriction)
  const { rows: systems, suppressed } = showLarge(
    rows.map((row, i) => systemCoverage(row, gaps, countable[i]!)),
    restriction,
    ({ system, decisions }) => ({ key: [system], count: decisions }),
  )
  return {
    status: worst(systems.filter(({ decisions }) => decisions > 0).map(({ status }) => status)),
    entries: sum(systems.map(({ entries }) => entries)),
    decisions: sum(systems.map(({ decisions }) => decisions)),
    systems,
    emitters: await emittersShown(question, emitters),
    asOf: { size },
    ...(suppressed ? { suppressed } : {}),
  }
}

interface SystemRow {
  readonly system: string
  readonly entries: string
  readonly decisions: string
  readonly unnumbered: string
  readonly unnumberedDecisions: string
  readonly emitters: readonly string[]
}

async function systemsOf({ ground, restriction, size }: Question): Promise<SystemRow[]> {
  const substitutions = new Substitutions()
  const entries = entriesFrom({ names: ground.names, restriction, values: substitutions }, `${size}`)
  const rows = await ask<SystemRow>(
    ground,
    `SELECT e.system AS system, count() AS entries, countIf(e.kind = 'decision') AS decisions,
        countIf(e.emitter = '') AS unnumbered,
        countIf(e.emitter = '' AND e.kind = 'decision') AS unnumberedDecisions,
        groupUniqArrayIf(e.emitter, e.emitter != '') AS emitters
      ${entries} GROUP BY system ORDER BY system`,
    substitutions,
  )
  // Where groups of decisions are what is shown, a system without any is none.
  return restriction.smallCells === undefined ? rows : rows.filter(({ decisions }) => Number(decisions) > 0)
}

function systemCoverage(
  { system, entries, decisions, unnumbered, unnumberedDecisions, emitters }: SystemRow,
  gaps: ReadonlySet<string>,
  countable: boolean,
): SystemCoverage {
  return {
    system,
    status: statusOf(
      Number(unnumberedDecisions),
      emitters.some((emitter) => gaps.has(emitter)),
    ),
    entries: Number(entries),
    decisions: Number(decisions),
    unnumbered: countable ? Number(unnumbered) : null,
    unnumberedDecisions: countable ? Number(unnumberedDecisions) : null,
  }
}

function numberedPart({ system, decisions, unnumberedDecisions }: SystemRow): {
  key: string[]
  counts: number[]
} {
  const without = Number(unnumberedDecisions)
  return { key: [system], counts: [without, Number(decisions) - without] }
}

/** Every emitter that has an entry within the restriction, with all its numbers: whether one is missing depends on them all. */
async function emittersOf({ ground, restriction, size }: Question): Promise<EmitterCoverage[]> {
  const substitutions = new Substitutions()
  const within = { names: ground.names, restriction, values: substitutions }
  const theirs = reachesEverything(restriction)
    ? ''
    : `AND emitter IN (SELECT e.emitter ${entriesFrom(within, `${size}`)})`
  const rows = await ask<Record<string, string>>(
    ground,
    `SELECT emitter, epoch, min(seq) AS firstSeq, max(seq) AS lastSeq, count() AS recorded, uniqExact(seq) AS numbers
      FROM ${ground.names.tables}.${ENTRIES.name}
      WHERE index < ${size} AND emitter != '' ${theirs} GROUP BY emitter, epoch ORDER BY emitter, epoch`,
    substitutions,
  )
  return rows.map(emitterCoverage)
}

/** Those whose numbers may be told. */
async function emittersShown(
  { ground, restriction, size }: Question,
  emitters: readonly EmitterCoverage[],
): Promise<readonly EmitterCoverage[]> {
  if (restriction.smallCells !== undefined) return []
  if (reachesEverything(restriction)) return emitters
  const substitutions = new Substitutions()
  const within = { names: ground.names, restriction, values: substitutions }
  const rows = await ask<{ emitter: string }>(
    ground,
    `SELECT DISTINCT e.emitter AS emitter FROM ${ground.names.tables}.${ENTRIES.name} AS e
      WHERE e.index < ${size} AND e.emitter != '' AND NOT (${allOf(entriesWithin(within, 'e.'))})`,
    substitutions,
  )
  const outside = new Set(rows.map(({ emitter }) => emitter))
  return emitters.filter(({ emitter }) => !outside.has(emitter))
}

function emitterCoverage(row: Record<string, string>): EmitterCoverage {
  const [epoch, firstSeq, lastSeq, recorded, numbers] = [
    'epoch',
    'firstSeq',
    'lastSeq',
    'recorded',
    'numbers',
  ].map((name) => Number(row[name])) as [number, number, number, number, number]
  return {
    emitter: row['emitter']!,
    epoch,
    firstSeq,
    lastSeq,
    recorded,
    missing: lastSeq - firstSeq + 1 - numbers,
  }
}

function statusOf(unnumbered: number, gaps: boolean): CoverageStatus {
  if (gaps) return 'gaps'
  return unnumbered > 0 ? 'undeclared' : 'complete'
}

function worst(statuses: readonly CoverageStatus[]): CoverageStatus {
  if (statuses.includes('gaps')) return 'gaps'
  return statuses.length === 0 || statuses.includes('undeclared') ? 'undeclared' : 'complete'
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
