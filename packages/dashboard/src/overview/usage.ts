/** Aggregates of a period, arranged the way the overview shows them. */
import type { AggregateItem } from '../api.ts'
import { jsonText } from '../display.ts'
import { daysBefore, daysBetween } from './range.ts'

/** One system's decisions per day, in step with `Volume.days`. */
export interface Series {
  readonly name: string
  readonly counts: readonly number[]
}

export interface Volume {
  readonly days: readonly string[]
  /** Largest first; the smallest ones are summed up as one. */
  readonly series: readonly Series[]
  /** Decisions dated before or after the days shown. */
  readonly outside: number
}

/** As many as there are colours. */
const SERIES_MAX = 6
/** Ten years: a single decision with an absurd date must not stretch the chart over centuries. */
const DAYS_MAX = 3_653
export const REST = 'all others'

/**
 * Decisions per day and system up to today, from groups by `day` and `system`; days without any count as zero.
 * Without a first day the earliest one that has any begins.
 */
export function volumeOf(items: readonly AggregateItem[], first: string | undefined, today: string): Volume {
  const earliest = items.map(dayOfGroup).toSorted()[0] ?? today
  const start = first ?? (earliest < today ? earliest : today)
  const days = daysBetween(later(start, daysBefore(today, DAYS_MAX - 1)), today)
  const drawn = new Set(days)
  const inside = items.filter((item) => drawn.has(dayOfGroup(item)))
  const groups = Map.groupBy(inside, ({ system }) => jsonText(system))
  const series = [...groups].map(([name, group]) => ({ name, counts: countsPerDay(group, days) }))
  return {
    days,
    series: withRest(
      series.toSorted((a, b) => sum(b) - sum(a)),
      days.length,
    ),
    outside: total(items) - total(inside),
  }
}

function dayOfGroup({ day }: AggregateItem): string {
  return jsonText(day)
}

function later(day: string, other: string): string {
  return other > day ? other : day
}

function total(items: readonly AggregateItem[]): number {
  return items.reduce((total, { count }) => total + Number(count), 0)
}

function countsPerDay(group: readonly AggregateItem[], days: readonly string[]): number[] {
  const counts = new Map<string, number>()
  for (const item of group) {
    counts.set(dayOfGroup(item), (counts.get(dayOfGroup(item)) ?? 0) + Number(item['count']))
  }
  return days.map((day) => counts.get(day) ?? 0)
}

function withRest(series: readonly Series[], days: number): readonly Series[] {
  if (series.length <= SERIES_MAX) return series
  const rest = series.slice(SERIES_MAX - 1)
  const counts = Array.from({ length: days }, (_, day) =>
    rest.reduce((total, { counts }) => total + counts[day]!, 0),
  )
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
export function modelsOf(
  { models, statuses, daily }: PeriodGroups,
  days: readonly string[],
): readonly ModelUsage[] {
  const failed = Map.groupBy(
    statuses.filter(({ status }) => status !== 'ok'),
    modelKey,
  )
  const perDay = Map.groupBy(daily, modelKey)
  return models.map((model) => ({
    system: jsonText(model['system']),
    modelId: jsonText(model['modelId']),
    count: Number(model['count']),
    notOk: total(failed.get(modelKey(model)) ?? []),
    averageConfidence: numberOf(model['avg(confidence)']),
    p95LatencyMs: numberOf(model['p95(latencyMs)']),
    trend: countsPerDay(perDay.get(modelKey(model)) ?? [], days),
  }))
}

/** What groups of the same model of the same system have in common. */
export function modelKey({
  system,
  modelId,
}: {
  readonly system?: unknown
  readonly modelId?: unknown
}): string {
  return JSON.stringify([system, modelId])
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
