/** Daily usage, summed up the ways the overview shows it. */
import type { UsageItem } from '../api.ts'
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

/** Decisions per day and system from the first day on; days without any count as zero. */
export function volumeOf(items: readonly UsageItem[], first: string | undefined, last: string): Volume {
  const start = first ?? items.map(({ day }) => day).toSorted()[0] ?? last
  const days = daysBetween(start, last)
  const place = new Map(days.map((day, index) => [day, index]))
  const counts = new Map<string, number[]>()
  for (const { day, system, count } of items) {
    const index = place.get(day)
    if (index === undefined) continue
    const series = counts.get(system) ?? Array.from({ length: days.length }, () => 0)
    series[index]! += count
    counts.set(system, series)
  }
  const series = [...counts].map(([name, counts]) => ({ name, counts })).toSorted((a, b) => sum(b) - sum(a))
  return { days, series: withRest(series, days.length) }
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
  readonly errors: number
  /** Weighted by decisions; undefined when none stated a confidence. */
  readonly averageConfidence: number | undefined
  /** Percentiles cannot be summed up, so the worst day stands for the period. */
  readonly worstP95LatencyMs: number | undefined
  /** Decisions per day, in step with the days of the volume. */
  readonly trend: readonly number[]
}

/** Usage per system and model, most used first. */
export function modelsOf(items: readonly UsageItem[], days: readonly string[]): readonly ModelUsage[] {
  const place = new Map(days.map((day, index) => [day, index]))
  const groups = Map.groupBy(
    items.filter(({ day }) => place.has(day)),
    ({ system, modelId }) => JSON.stringify([system, modelId]),
  )
  return [...groups.values()].map((group) => modelUsage(group, place)).toSorted((a, b) => b.count - a.count)
}

function modelUsage(group: readonly UsageItem[], place: ReadonlyMap<string, number>): ModelUsage {
  const { system, modelId } = group[0]!
  const trend = Array.from({ length: place.size }, () => 0)
  for (const { day, count } of group) trend[place.get(day)!]! += count
  const confident = group.filter(({ avgConfidence }) => avgConfidence !== null)
  const weight = confident.reduce((total, { count }) => total + count, 0)
  const latencies = group.flatMap(({ p95LatencyMs }) => p95LatencyMs ?? [])
  return {
    system,
    modelId,
    count: group.reduce((total, { count }) => total + count, 0),
    errors: group.reduce((total, { errors }) => total + errors, 0),
    averageConfidence:
      weight === 0
        ? undefined
        : confident.reduce((total, { avgConfidence, count }) => total + avgConfidence! * count, 0) / weight,
    worstP95LatencyMs: latencies.length === 0 ? undefined : Math.max(...latencies),
    trend,
  }
}
