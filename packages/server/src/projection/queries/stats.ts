import type { JsonValue } from '@deponent/format'
import type { Restriction } from '../restriction.ts'
import type { SealedField } from '../source.ts'
import { UNITS_PER_ONE } from '../values.ts'
import { archivedMember } from './archived.ts'
import { type AggregateItem, aggregateDecisions } from './aggregate.ts'
import {
  type Building,
  overriddenExpression,
  readFilter,
  reviewedExpression,
  type SubjectResolver,
} from './filter.ts'
import { ask, type AsOf, boundSize, type Ground } from './ground.ts'
import { type QueryInput, readParameters, Substitutions } from './parameters.ts'
import { type MaybeSuppressed, type Part, partsShown, showLarge } from './suppression.ts'
import { isWithheld, refuseWithheld } from './withheld.ts'

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

export interface ProfileCompleteness {
  readonly profile: string
  readonly decisions: number
  /** Mean score, 0..1. */
  readonly score: number
  /** Decisions that lack nothing; null where so few do, or do not, that they may not be counted. */
  readonly whole: number | null
  /** Missing fields, the most missed first. */
  readonly missing: readonly { readonly field: string; readonly count: number }[]
}

export interface CompletenessAnswer extends AsOf, MaybeSuppressed {
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
  restriction: Restriction,
): Promise<CompletenessAnswer> {
  refuseWithheld(restriction, 'completeness')
  const { from, where, size, substitutions, parameters } = scope(ground, input, resolveSubject, restriction)
  const rows = await ask<Combination>(
    ground,
    `SELECT d.profile AS profile, d.missing AS missing, count() AS decisions, sum(d.completeness) AS units
      FROM ${from} WHERE ${where} GROUP BY profile, missing ORDER BY profile, missing`,
    substitutions,
  )
  const { rows: profiles, suppressed } = showLarge(
    withAnswers(profilesOf(rows), restriction),
    restriction,
    ({ profile, decisions }) => ({ key: [profile], count: decisions }),
  )
  const decisions = sum(profiles.map((profile) => profile.decisions))
  const units = sum(profiles.map((profile) => profile.units))
  return {
    decisions,
    score: meanUnits(units, decisions),
    profiles: profiles.map(({ answer }) => answer),
    asOf: { size },
    ...archivedMember(ground, restriction, parameters),
    ...(suppressed ? { suppressed } : {}),
  }
}

/** Decisions of one profile that lack the same fields. */
interface Combination {
  readonly profile: string
  readonly missing: string
  readonly decisions: string
  readonly units: string
}

interface Profile {
  readonly profile: string
  readonly decisions: number
  readonly units: number
  readonly whole: number
  /** How many decisions lack each field that some decision lacks. */
  readonly missing: ReadonlyMap<string, number>
}

function profilesOf(rows: readonly Combination[]): Profile[] {
  const names = [...new Set(rows.map(({ profile }) => profile))]
  return names.map((name) =>
    profileOf(
      name,
      rows.filter(({ profile }) => profile === name),
    ),
  )
}

function profileOf(profile: string, rows: readonly Combination[]): Profile {
  const missing = new Map<string, number>()
  for (const { missing: fields, decisions } of rows) {
    for (const field of fields.split(',')) {
      if (field !== '') missing.set(field, (missing.get(field) ?? 0) + Number(decisions))
    }
  }
  return {
    profile,
    decisions: sum(rows.map((row) => Number(row.decisions))),
    units: sum(rows.map(({ units }) => Number(units))),
    whole: sum(rows.filter((row) => row.missing === '').map((row) => Number(row.decisions))),
    missing,
  }
}

/** Each with the counts that may be told: for every field, a table of those that have it and those that lack it. */
function withAnswers(
  profiles: readonly Profile[],
  restriction: Restriction,
): (Profile & { readonly answer: ProfileCompleteness })[] {
  const shown = (count: (profile: Profile) => number): boolean[] =>
    partsShown(
      profiles.map((profile): Part => {
        const of = count(profile)
        return { key: [profile.profile], counts: [of, profile.decisions - of] }
      }),
      restriction,
    )
  const fields = [...new Set(profiles.flatMap(({ missing }) => [...missing.keys()]))]
  const told = new Map(
    fields
      .filter((field) => !isWithheld(restriction, field))
      .map((field) => [field, shown(({ missing }) => missing.get(field) ?? 0)]),
  )
  const wholeShown = shown(({ whole }) => whole)
  return profiles.map((profile, i) => ({
    ...profile,
    answer: {
      profile: profile.profile,
      decisions: profile.decisions,
      score: meanUnits(profile.units, profile.decisions) ?? 0,
      whole: wholeShown[i] ? profile.whole : null,
      missing: Array.from(profile.missing, ([field, count]) => ({ field, count }))
        .filter(({ field }) => told.get(field)?.[i])
        .toSorted((a, b) => b.count - a.count || (a.field < b.field ? -1 : 1)),
    },
  }))
}

function meanUnits(units: number | string, count: number | string): number | null {
  return Number(count) === 0 ? null : Number((Number(units) / Number(count) / UNITS_PER_ONE).toPrecision(12))
}

export interface UsageAnswer extends AsOf, MaybeSuppressed {
  /** One item a day with decisions, oldest first. */
  readonly items: readonly AggregateItem[]
  readonly sealed?: readonly SealedField[]
}

const USAGE_METRICS: readonly (readonly [metric: string, field: string])[] = [
  ['avg(confidence)', 'confidence'],
  ['avg(latencyMs)', 'latencyMs'],
  ['sum(tokenUsage.input)', 'tokenUsage.input'],
  ['sum(tokenUsage.output)', 'tokenUsage.output'],
  ['sum(costUsd)', 'costUsd'],
]

/** Decisions a day, with what of the usual measures is not withheld. Averages are over decisions, never means of means. */
export async function usage(
  ground: Ground,
  input: QueryInput,
  resolveSubject: SubjectResolver,
  restriction: Restriction,
): Promise<UsageAnswer> {
  const measures = USAGE_METRICS.flatMap(([metric, field]) =>
    isWithheld(restriction, field) ? [] : [metric],
  )
  const answer = await aggregateDecisions(
    ground,
    [...input, ['metrics', ['count', ...measures].join()], ['by', 'day']],
    resolveSubject,
    restriction,
  )
  const dayOf = ({ day }: AggregateItem) => (typeof day === 'string' ? day : '')
  return { ...answer, items: answer.items.toSorted((a, b) => (dayOf(a) < dayOf(b) ? -1 : 1)) }
}

/** Decisions of a group that people looked at; null where so few were, or were not, that they may not be counted. */
interface Looks {
  readonly reviewed: number | null
  readonly overridden: number | null
}

/** A group as counted, before anything is hidden. Whoever overrides has reviewed. */
interface LookCounts {
  readonly decisions: number
  readonly reviewed: number
  readonly overridden: number
}

/** The counts that may be told of each group; all groups are handed in, those that are not shown too. */
function looksShown<Group extends LookCounts>(
  groups: readonly Group[],
  keyOf: (group: Group) => readonly string[],
  restriction: Restriction,
): Looks[] {
  const shown = partsShown(
    groups.map((group) => {
      const { decisions, reviewed, overridden } = group
      return { key: keyOf(group), counts: [decisions - reviewed, reviewed - overridden, overridden] }
    }),
    restriction,
  )
  const tell = (name: 'reviewed' | 'overridden', i: number): number | null =>
    shown[i] && !isWithheld(restriction, name) ? groups[i]![name] : null
  return groups.map((_, i) => ({ reviewed: tell('reviewed', i), overridden: tell('overridden', i) }))
}

export interface ConfidenceBin extends Looks {
  /** [from, to); the last bin holds 1 as well. */
  readonly from: number
  readonly to: number
  readonly decisions: number
  /** Null in an empty bin. */
  readonly mean: number | null
}

export interface ConfidenceAnswer extends AsOf, MaybeSuppressed {
  /** Ten; fewer where small groups are not shown, and empty ones with them. */
  readonly bins: readonly ConfidenceBin[]
  /** Decisions that give no confidence; null where so few do not that they may not be counted. */
  readonly without: number | null
  /** Decisions that give a score or a log-probability instead; null likewise. */
  readonly scores: number | null
}

const BINS = 10
/** What stands for the bin of a decision that gives no confidence, and of one that gives something else instead. */
const WITHOUT = -1
const SCORE = -2

interface BinCounts extends LookCounts {
  readonly bin: number
  readonly units: number
}

/** How confidence is spread, and what reviewers made of it. Bins are cut on integers: 0.3 is in the bin from 0.3. */
export async function confidenceStats(
  ground: Ground,
  input: QueryInput,
  resolveSubject: SubjectResolver,
  restriction: Restriction,
): Promise<ConfidenceAnswer> {
  refuseWithheld(restriction, 'confidence')
  const { size, parameters, ...building } = scope(ground, input, resolveSubject, restriction)
  const all = await binsOf({ size, parameters, ...building })
  const looks = looksShown(all, ({ bin }) => [`${bin}`], restriction)
  const told = all.map(({ bin, units, decisions }, i) => ({ bin, units, decisions, ...looks[i]! }))
  const { rows, suppressed } = showLarge(told, restriction, ({ bin, decisions }) => ({
    key: [`${bin}`],
    count: decisions,
  }))
  const byBin = new Map(rows.map((row) => [row.bin, row]))
  const beside = (bin: number): number | null =>
    byBin.get(bin)?.decisions ?? (restriction.smallCells === undefined ? 0 : null)
  return {
    bins: Array.from({ length: BINS }, (_, bin) => binAnswer(bin, byBin.get(bin))).filter(
      ({ decisions }) => decisions > 0 || restriction.smallCells === undefined,
    ),
    without: beside(WITHOUT),
    scores: beside(SCORE),
    asOf: { size },
    ...archivedMember(ground, restriction, parameters),
    ...(suppressed ? { suppressed } : {}),
  }
}

async function binsOf(building: Scope): Promise<BinCounts[]> {
  const { from, ground, where, substitutions } = building
  const unit = `toInt64(round(d.confidence * ${UNITS_PER_ONE}))`
  const other = `if(isNull(d.score), ${WITHOUT}, ${SCORE})`
  const rows = await ask<Record<string, JsonValue>>(
    ground,
    `SELECT if(isNull(d.confidence), ${other}, least(intDiv(assumeNotNull(${unit}), ${UNITS_PER_ONE / BINS}), ${BINS - 1})) AS bin,
        count() AS decisions, sum(${unit}) AS units,
        countIf(${reviewedExpression(building)}) AS reviewed, countIf(${overriddenExpression(building)}) AS overridden
      FROM ${from} WHERE ${where} GROUP BY bin`,
    substitutions,
  )
  return rows.map((row) => ({
    bin: Number(row['bin']),
    units: Number(row['units']),
    decisions: Number(row['decisions']),
    reviewed: Number(row['reviewed']),
    overridden: Number(row['overridden']),
  }))
}

function binAnswer(
  bin: number,
  counts: (Looks & { decisions: number; units: number }) | undefined,
): ConfidenceBin {
  return {
    from: bin / BINS,
    to: (bin + 1) / BINS,
    decisions: counts?.decisions ?? 0,
    mean: counts ? meanUnits(counts.units, counts.decisions) : null,
    reviewed: counts ? counts.reviewed : 0,
    overridden: counts ? counts.overridden : 0,
  }
}

/** Counts are null where so few decisions are meant, or not meant, that they may not be counted. */
interface OverrideCounts extends Looks {
  readonly decisions: number
  readonly reviewRequired: number | null
  /** Overridden of reviewed; null where nothing was reviewed: an unreviewed decision is no agreement. */
  readonly rate: number | null
}

export interface OverrideItem extends OverrideCounts {
  readonly system: string
  readonly modelId: string
}

export interface OverridesAnswer extends AsOf, MaybeSuppressed, OverrideCounts {
  readonly items: readonly OverrideItem[]
}

interface OverrideRow extends LookCounts {
  readonly system: string
  readonly modelId: string
  readonly reviewRequired: number
}

/** How often people looked, and how often they decided otherwise. */
export async function overrides(
  ground: Ground,
  input: QueryInput,
  resolveSubject: SubjectResolver,
  restriction: Restriction,
): Promise<OverridesAnswer> {
  refuseWithheld(restriction, 'system', 'modelId', 'reviewRequired', 'reviewed', 'overridden')
  const building = scope(ground, input, resolveSubject, restriction)
  const all = await overrideRows(building)
  const counts = overrideCounts(all, ({ system, modelId }) => [system, modelId], restriction)
  const told = all.map(({ system, modelId }, i): OverrideItem => ({ system, modelId, ...counts[i]! }))
  const { rows, suppressed, nothing } = showLarge(told, restriction, ({ system, modelId, decisions }) => ({
    key: [system, modelId],
    count: decisions,
  }))
  return {
    ...overrideCounts([totalOf(nothing ? [] : all)], () => [], restriction)[0]!,
    items: rows,
    asOf: { size: building.size },
    ...archivedMember(ground, restriction, building.parameters),
    ...(suppressed ? { suppressed } : {}),
  }
}

async function overrideRows(building: Scope): Promise<OverrideRow[]> {
  const { from, ground, where, substitutions } = building
  const rows = await ask<Record<string, string>>(
    ground,
    `SELECT d.system AS system, d.modelId AS modelId, count() AS decisions, countIf(d.reviewRequired) AS reviewRequired,
        countIf(${reviewedExpression(building)}) AS reviewed, countIf(${overriddenExpression(building)}) AS overridden
      FROM ${from} WHERE ${where} GROUP BY system, modelId ORDER BY system, modelId LIMIT 10000`,
    substitutions,
  )
  return rows.map((row) => ({
    system: row['system']!,
    modelId: row['modelId']!,
    decisions: Number(row['decisions']),
    reviewRequired: Number(row['reviewRequired']),
    reviewed: Number(row['reviewed']),
    overridden: Number(row['overridden']),
  }))
}

function totalOf(rows: readonly OverrideRow[]): OverrideRow {
  const total = (name: 'decisions' | 'reviewRequired' | 'reviewed' | 'overridden') =>
    sum(rows.map((row) => row[name]))
  return {
    system: '',
    modelId: '',
    decisions: total('decisions'),
    reviewRequired: total('reviewRequired'),
    reviewed: total('reviewed'),
    overridden: total('overridden'),
  }
}

function overrideCounts(
  rows: readonly OverrideRow[],
  keyOf: (row: OverrideRow) => readonly string[],
  restriction: Restriction,
): OverrideCounts[] {
  const required = partsShown(
    rows.map((row) => ({
      key: keyOf(row),
      counts: [row.reviewRequired, row.decisions - row.reviewRequired],
    })),
    restriction,
  )
  return looksShown(rows, keyOf, restriction).map(({ reviewed, overridden }, i) => ({
    decisions: rows[i]!.decisions,
    reviewRequired: required[i] ? rows[i]!.reviewRequired : null,
    reviewed,
    overridden,
    rate:
      reviewed === null || overridden === null || reviewed === 0
        ? null
        : Number((overridden / reviewed).toPrecision(12)),
  }))
}

interface Scope extends Building {
  readonly from: string
  readonly parameters: ReadonlyMap<string, string>
  readonly where: string
}

function scope(
  ground: Ground,
  input: QueryInput,
  resolveSubject: SubjectResolver,
  restriction: Restriction,
): Scope {
  const size = boundSize(ground, undefined)
  const parameters = readParameters(input)
  const building = { ground, size, substitutions: new Substitutions(), resolveSubject, restriction }
  const { from, where } = readFilter(parameters, [], building)
  return { ...building, parameters, from, where }
}
