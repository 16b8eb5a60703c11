import type { JsonValue } from '@deponent/format'
import { ENTRIES } from '../schema.ts'
import type { SealedField } from '../source.ts'
import { UNITS_PER_ONE } from '../values.ts'
import { type AggregateItem, aggregateDecisions } from './aggregate.ts'
import {
  decisionsTable,
  overriddenExpression,
  readFilter,
  reviewedExpression,
  type SubjectResolver,
} from './filter.ts'
import { ask, type AsOf, boundSize, type Ground } from './ground.ts'
import { type QueryInput, readParameters, Substitutions } from './parameters.ts'

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
  /** Entries that carry no number: decisions, and whatever else was recorded, by the server too. */
  readonly unnumbered: number
  /** Decisions that carry no number. */
  readonly unnumberedDecisions: number
}

export interface CoverageAnswer extends AsOf {
  readonly status: CoverageStatus
  readonly entries: number
  readonly decisions: number
  readonly systems: readonly SystemCoverage[]
  readonly emitters: readonly EmitterCoverage[]
}

/** What is recorded of each system and source. An emitter may serve several systems, so its gaps are its own. */
export async function coverage(ground: Ground): Promise<CoverageAnswer> {
  const size = boundSize(ground, undefined)
  const entries = `${ground.names.tables}.${ENTRIES.name}`
  const emitters = (
    await ask<Record<string, string>>(
      ground,
      `SELECT emitter, epoch, min(seq) AS firstSeq, max(seq) AS lastSeq, count() AS recorded, uniqExact(seq) AS numbers
        FROM ${entries} WHERE index < ${size} AND emitter != '' GROUP BY emitter, epoch ORDER BY emitter, epoch`,
      new Substitutions(),
    )
  ).map(emitterCoverage)
  const gaps = new Set(emitters.filter(({ missing }) => missing > 0).map(({ emitter }) => emitter))
  const rows = await ask<{
    system: string
    entries: string
    decisions: string
    unnumbered: string
    unnumberedDecisions: string
    emitters: string[]
  }>(
    ground,
    `SELECT system, count() AS entries, countIf(kind = 'decision') AS decisions, countIf(emitter = '') AS unnumbered,
        countIf(emitter = '' AND kind = 'decision') AS unnumberedDecisions,
        groupUniqArrayIf(emitter, emitter != '') AS emitters
      FROM ${entries} WHERE index < ${size} GROUP BY system ORDER BY system`,
    new Substitutions(),
  )
  const systems = rows.map((row): SystemCoverage => {
    const { entries, decisions, unnumbered, unnumberedDecisions } = row
    const status = statusOf(
      Number(unnumberedDecisions),
      row.emitters.some((emitter) => gaps.has(emitter)),
    )
    return {
      system: row.system,
      status,
      entries: Number(entries),
      decisions: Number(decisions),
      unnumbered: Number(unnumbered),
      unnumberedDecisions: Number(unnumberedDecisions),
    }
  })
  return {
    status: worst(systems.filter(({ decisions }) => decisions > 0).map(({ status }) => status)),
    entries: sum(systems.map(({ entries }) => entries)),
    decisions: sum(systems.map(({ decisions }) => decisions)),
    systems,
    emitters,
    asOf: { size },
  }
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

export interface ProfileCompleteness {
  readonly profile: string
  readonly decisions: number
  /** Mean score, 0..1. */
  readonly score: number
  /** Decisions that lack nothing. */
  readonly whole: number
  /** Missing fields, the most missed first. */
  readonly missing: readonly { readonly field: string; readonly count: number }[]
}

export interface CompletenessAnswer extends AsOf {
  readonly decisions: number
  /** Null when there are no decisions. */
  readonly score: number | null
  readonly profiles: readonly ProfileCompleteness[]
}

/** How much decisions say of what their profile asks, with the missing fields named and counted. */
export async function completenessStats(
  ground: Ground,
  input: QueryInput,
  resolveSubject: SubjectResolver,
): Promise<CompletenessAnswer> {
  const { where, size, substitutions } = scope(ground, input, resolveSubject)
  const rows = await ask<Combination>(
    ground,
    `SELECT d.profile AS profile, d.missing AS missing, count() AS decisions, sum(d.completeness) AS units
      FROM ${decisionsTable(ground)} WHERE ${where} GROUP BY profile, missing ORDER BY profile, missing`,
    substitutions,
  )
  const names = [...new Set(rows.map(({ profile }) => profile))]
  const profiles = names.map((name) =>
    profileCompleteness(
      name,
      rows.filter(({ profile }) => profile === name),
    ),
  )
  const decisions = sum(profiles.map((profile) => profile.decisions))
  const units = sum(rows.map((row) => Number(row.units)))
  return { decisions, score: meanUnits(units, decisions), profiles, asOf: { size } }
}

/** Decisions of one profile that lack the same fields. */
interface Combination {
  readonly profile: string
  readonly missing: string
  readonly decisions: string
  readonly units: string
}

function profileCompleteness(profile: string, rows: readonly Combination[]): ProfileCompleteness {
  const counts = new Map<string, number>()
  for (const { missing, decisions } of rows) {
    for (const field of missing.split(',')) {
      if (field !== '') counts.set(field, (counts.get(field) ?? 0) + Number(decisions))
    }
  }
  const decisions = sum(rows.map((row) => Number(row.decisions)))
  const missing = Array.from(counts, ([field, count]) => ({ field, count }))
  return {
    profile,
    decisions,
    score: meanUnits(sum(rows.map(({ units }) => Number(units))), decisions) ?? 0,
    whole: sum(rows.filter((row) => row.missing === '').map((row) => Number(row.decisions))),
    missing: missing.toSorted((a, b) => b.count - a.count || (a.field < b.field ? -1 : 1)),
  }
}

function meanUnits(units: number | string, count: number | string): number | null {
  return Number(count) === 0 ? null : Number((Number(units) / Number(count) / UNITS_PER_ONE).toPrecision(12))
}

export interface UsageAnswer extends AsOf {
  /** One item a day with decisions, oldest first. */
  readonly items: readonly AggregateItem[]
  readonly sealed?: readonly SealedField[]
}

const USAGE_METRICS =
  'count,avg(confidence),avg(latencyMs),sum(tokenUsage.input),sum(tokenUsage.output),sum(costUsd)'

/** Decisions a day. Averages are over decisions, never means of daily means. */
export async function usage(
  ground: Ground,
  input: QueryInput,
  resolveSubject: SubjectResolver,
): Promise<UsageAnswer> {
  const answer = await aggregateDecisions(
    ground,
    [...input, ['metrics', USAGE_METRICS], ['by', 'day']],
    resolveSubject,
  )
  const dayOf = ({ day }: AggregateItem) => (typeof day === 'string' ? day : '')
  return { ...answer, items: answer.items.toSorted((a, b) => (dayOf(a) < dayOf(b) ? -1 : 1)) }
}

export interface ConfidenceBin {
  /** [from, to); the last bin holds 1 as well. */
  readonly from: number
  readonly to: number
  readonly decisions: number
  /** Null in an empty bin. */
  readonly mean: number | null
  readonly reviewed: number
  readonly overridden: number
}

export interface ConfidenceAnswer extends AsOf {
  readonly bins: readonly ConfidenceBin[]
  /** Decisions that give no confidence. */
  readonly without: number
  /** Decisions that give a score or a log-probability instead. */
  readonly scores: number
}

const BINS = 10

/** How confidence is spread, and what reviewers made of it. Bins are cut on integers: 0.3 is in the bin from 0.3. */
export async function confidenceStats(
  ground: Ground,
  input: QueryInput,
  resolveSubject: SubjectResolver,
): Promise<ConfidenceAnswer> {
  const { where, size, substitutions } = scope(ground, input, resolveSubject)
  const unit = `toInt64(round(d.confidence * ${UNITS_PER_ONE}))`
  const rows = await ask<Record<string, JsonValue>>(
    ground,
    `SELECT if(isNull(d.confidence), -1, least(intDiv(assumeNotNull(${unit}), ${UNITS_PER_ONE / BINS}), ${BINS - 1})) AS bin,
        count() AS decisions, sum(${unit}) AS units, countIf(isNotNull(d.score)) AS scores,
        countIf(${reviewedExpression({ ground, size })}) AS reviewed, countIf(${overriddenExpression({ ground, size })}) AS overridden
      FROM ${decisionsTable(ground)} WHERE ${where} GROUP BY bin`,
    substitutions,
  )
  const byBin = new Map(rows.map((row) => [Number(row['bin']), row]))
  const count = (bin: number, name: string) => Number(byBin.get(bin)?.[name] ?? 0)
  const bins = Array.from({ length: BINS }, (_, bin): ConfidenceBin => ({
    from: bin / BINS,
    to: (bin + 1) / BINS,
    decisions: count(bin, 'decisions'),
    mean: meanUnits(count(bin, 'units'), count(bin, 'decisions')),
    reviewed: count(bin, 'reviewed'),
    overridden: count(bin, 'overridden'),
  }))
  return {
    bins,
    without: count(-1, 'decisions') - count(-1, 'scores'),
    scores: count(-1, 'scores'),
    asOf: { size },
  }
}

export interface OverrideItem {
  readonly system: string
  readonly modelId: string
  readonly decisions: number
  readonly reviewRequired: number
  readonly reviewed: number
  readonly overridden: number
  /** Overridden of reviewed; null where nothing was reviewed: an unreviewed decision is no agreement. */
  readonly rate: number | null
}

export interface OverridesAnswer extends AsOf, Omit<OverrideItem, 'system' | 'modelId'> {
  readonly items: readonly OverrideItem[]
}

/** How often people looked, and how often they decided otherwise. */
export async function overrides(
  ground: Ground,
  input: QueryInput,
  resolveSubject: SubjectResolver,
): Promise<OverridesAnswer> {
  const { where, size, substitutions } = scope(ground, input, resolveSubject)
  const rows = await ask<Record<string, string>>(
    ground,
    `SELECT d.system AS system, d.modelId AS modelId, count() AS decisions, countIf(d.reviewRequired) AS reviewRequired,
        countIf(${reviewedExpression({ ground, size })}) AS reviewed, countIf(${overriddenExpression({ ground, size })}) AS overridden
      FROM ${decisionsTable(ground)} WHERE ${where} GROUP BY system, modelId ORDER BY system, modelId LIMIT 10000`,
    substitutions,
  )
  const items = rows.map((row) => ({
    system: row['system']!,
    modelId: row['modelId']!,
    ...overrideCounts([row]),
  }))
  return { ...overrideCounts(rows), items, asOf: { size } }
}

function overrideCounts(rows: readonly Record<string, string>[]): Omit<OverrideItem, 'system' | 'modelId'> {
  const total = (name: string) => sum(rows.map((row) => Number(row[name])))
  const reviewed = total('reviewed')
  const overridden = total('overridden')
  return {
    decisions: total('decisions'),
    reviewRequired: total('reviewRequired'),
    reviewed,
    overridden,
    rate: reviewed === 0 ? null : Number((overridden / reviewed).toPrecision(12)),
  }
}

function scope(
  ground: Ground,
  input: QueryInput,
  resolveSubject: SubjectResolver,
): { where: string; size: number; substitutions: Substitutions } {
  const size = boundSize(ground, undefined)
  const substitutions = new Substitutions()
  const { where } = readFilter(readParameters(input), [], { ground, size, substitutions, resolveSubject })
  return { where, size, substitutions }
}
