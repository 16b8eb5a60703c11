/** Aggregates of a period, arranged the way the overview shows them. */
import type { AggregateItem } from '../api.ts'
import { daysBetween } from './range.ts'

/** One system's decisions per day, in step with `Volume.days`. */
export interface Series {
  readonly name: string
  readonly counts: readonly number[]
}

export interface Volume {
  readonly days: readonly string[]
  /** Largest first; the smallest ones are summed up as one. */
  readonly series: readonly Series[]
}

/** As many as there are colours. */
const SERIES_MAX = 6
export const REST = 'all others'

/**
 * Decisions per day and system, from groups by `day` and `system`. Days without any count as zero; the last day is
 * today or, for decisions dated in the future, the last one that has any.
 */
export function volumeOf(items: readonly AggregateItem[], first: string | undefined, today: string): Volume {
  const dated = items.map((item) => String(item['day'])).toSorted()
  const days = daysBetween(first ?? dated[0] ?? today, later(today, dated.at(-1)))
  const groups = Map.groupBy(items, (item) => String(item['system']))
  const series = [...groups].map(([name, group]) => ({ name, counts: countsPerDay(group, days) }))
  return { days, series: withRest(series.toSorted((a, b) => sum(b) - sum(a)), days.length) }
}

function later(day: string, other: string | undefined): string {
  return other !== undefined && other > day ? other : day
}

function countsPerDay(group: readonly AggregateItem[], days: readonly string[]): number[] {
  const counts = new Map<string, number>()
  for (const { day, count } of group) counts.set(String(day), (counts.get(String(day)) ?? 0) + Number(count))
  return days.map((day) => counts.get(day) ?? 0)
}

function withRest(series: readonly Series[], days: number): readonly Series[] {
  if (series.length <= SERIES_MAX) return series
  const rest = series.slice(SERIES_MAX - 1)
  const counts = Array.from({ length: days }, (_, day) => rest.reduce((total, { counts }) => total + counts[day]!, 0))
  return [...series.slice(0, SERIES_MAX - 1), { name: REST, counts }]
}

function sum({ counts }: Series): number {
  return counts.reduce((total, count) => total + count, 0)
}

/** What one model of one system did in the period. */
export interface ModelUsage {
  readonly system: string
  readonly modelId: string
  readonly count: number
  /** Decisions whose status is not `ok`. */
  readonly notOk: number
  /** Undefined when no decision stated one. */
  readonly averageConfidence: number | undefined
  readonly p95LatencyMs: number | undefined
  /** Decisions per day, in step with the days of the volume. */
  readonly trend: readonly number[]
}

/** Groups of one period: by system and model; the same by status; the same by day. */
export interface PeriodGroups {
  readonly models: readonly AggregateItem[]
  readonly statuses: readonly AggregateItem[]
  readonly daily: readonly AggregateItem[]
}

export const MODEL_METRICS = 'count,avg(confidence),p95(latencyMs)'

/** Usage per system and model, most used first. */
export function modelsOf({ models, statuses, daily }: PeriodGroups, days: readonly string[]): readonly ModelUsage[] {
  const failed = Map.groupBy(
    statuses.filter(({ status }) => status !== 'ok'),
    modelKey,
  )
  const perDay = Map.groupBy(daily, modelKey)
  return models.map((model) => ({
    system: String(model['system']),
    modelId: String(model['modelId']),
    count: Number(model['count']),
    notOk: (failed.get(modelKey(model)) ?? []).reduce((total, { count }) => total + Number(count), 0),
    averageConfidence: numberOf(model['avg(confidence)']),
    p95LatencyMs: numberOf(model['p95(latencyMs)']),
    trend: countsPerDay(perDay.get(modelKey(model)) ?? [], days),
  }))
}

/** What groups of the same model of the same system have in common. */
export function modelKey({ system, modelId }: { readonly system?: unknown; readonly modelId?: unknown }): string {
  return JSON.stringify([system, modelId])
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
