import { isoTime, type JsonValue } from '@deponent/format'
import type { Restriction } from '../restriction.ts'
import type { SealedField } from '../source.ts'
import { MONTHS_FROM_MS } from '../schema.ts'
import { MICROS_PER_MS, NANOS_PER_USD, UNITS_PER_ONE, valueOfText } from '../values.ts'
import { archivedMember } from './archived.ts'
import { cameType, QueryError } from './error.ts'
import {
  type Building,
  featureExpression,
  type Filter,
  latestOutcomes,
  overriddenExpression,
  readFilter,
  reviewedExpression,
  SEALED_TEXT,
  type SubjectResolver,
} from './filter.ts'
import { ask, type AsOf, boundSize, type Ground } from './ground.ts'
import { type QueryInput, readList, readParameters, Substitutions } from './parameters.ts'
import { DIMENSIONS_MAX, type MaybeSuppressed, refuseIndividual, showLarge } from './suppression.ts'
import { sealedMember } from './systems.ts'
import { refuseWithheld } from './withheld.ts'

/** One group: its `by` values and metrics under the names they were asked by. */
export type AggregateItem = { readonly [name: string]: JsonValue }

export interface AggregateAnswer extends AsOf, MaybeSuppressed {
  /** Largest first by the first metric. */
  readonly items: readonly AggregateItem[]
  readonly sealed?: readonly SealedField[]
}

const GROUPS_MAX = 10_000
const METRICS_MAX = 16
const BY_MAX = 6
const OWN = ['metrics', 'by']

/** A measure: an integer column and how many of its units make one, or the one column of doubles. */
interface Measure {
  readonly column: string
  /** Units of the column in one unit of the answer. */
  readonly units: number
  /** The column as integers, so that its sum does not depend on order. */
  readonly integers: string
  readonly integerUnits: number
}

const integers = (column: string, units: number): Measure => ({
  column,
  units,
  integers: `toInt128(${column})`,
  integerUnits: units,
})

const MEASURES: Readonly<Record<string, Measure>> = {
  confidence: {
    column: 'd.confidence',
    units: 1,
    // At most one, so that 64 bits hold the sum of more decisions than anybody will have.
    integers: 'toInt64(round(d.confidence * 1000000000))',
    integerUnits: 1_000_000_000,
  },
  latencyMs: integers('d.latencyUs', MICROS_PER_MS),
  timeToFirstTokenMs: integers('d.firstTokenUs', MICROS_PER_MS),
  costUsd: integers('d.costNanoUsd', NANOS_PER_USD),
  'tokenUsage.input': integers('d.inputTokens', 1),
  'tokenUsage.output': integers('d.outputTokens', 1),
  completeness: integers('d.completeness', UNITS_PER_ONE),
}

/** A metric as columns of the statement, and the answer made from them. */
interface Metric {
  readonly name: string
  columns(prefix: string): string[]
  value(row: Row, prefix: string): JsonValue
}

type Row = Readonly<Record<string, JsonValue>>

const QUANTILES: Readonly<Record<string, number>> = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99 }
const METRIC = /^(avg|sum|min|max|p50|p90|p95|p99)\(([A-Za-z.]{1,40})\)$/
const METRIC_WORDS = `count, or avg, sum, min, max, p50, p90, p95, p99 of ${Object.keys(MEASURES).join(', ')}`

export function isMetric(name: string): boolean {
  const match = METRIC.exec(name)
  return name === 'count' || (match !== null && Object.hasOwn(MEASURES, match[2]!))
}

/** Whether groups may be made by this, features apart. */
export function isDimension(name: string): boolean {
  return PLAIN_DIMENSIONS.some((plain) => plain === name) || Object.hasOwn(DIMENSIONS, name)
}

/** @throws QueryError for a metric or measure nobody knows or this caller may not have */
function readMetric(name: string, restriction: Restriction): Metric {
  if (name === 'count') {
    return { name, columns: (p) => [`count() AS ${p}`], value: (row, p) => Number(row[p]) }
  }
  const match = METRIC.exec(name)
  const measure = match && Object.hasOwn(MEASURES, match[2]!) ? MEASURES[match[2]!] : undefined
  if (!match || !measure) throw new QueryError('bad_parameter', 'metrics', METRIC_WORDS, cameType(name))
  refuseWithheld(restriction, match[2]!)
  // The least and the largest value of a group are the values of one decision each.
  if (match[1] === 'min' || match[1] === 'max') refuseIndividual(restriction, name)
  return measureMetric(name, match[1]!, measure, restriction)
}

/** Values are those of the decisions that have the measure: of few of them nothing is told. */
function measureMetric(name: string, how: string, measure: Measure, { smallCells }: Restriction): Metric {
  const least = smallCells ?? 1
  if (how === 'sum' || how === 'avg') {
    return {
      name,
      columns: (p) => [`sum(${measure.integers}) AS ${p}s`, `count(${measure.column}) AS ${p}n`],
      value: (row, p) => {
        const n = Number(row[`${p}n`])
        const sum = Number(row[`${p}s`]) / measure.integerUnits
        return n < least ? null : tidy(how === 'avg' ? sum / n : sum)
      },
    }
  }
  const quantile = QUANTILES[how]
  const column =
    quantile === undefined
      ? `${how}(${measure.column})`
      : `quantileExactInclusiveOrNull(${quantile})(${measure.column})`
  /** As many decisions as may be a group lie on either side of what is told. */
  const isIndividual = (n: number): boolean =>
    smallCells !== undefined && n * Math.min(quantile ?? 0, 1 - (quantile ?? 0)) < smallCells
  return {
    name,
    columns: (p) => [`${column} AS ${p}`, `count(${measure.column}) AS ${p}n`],
    value: (row, p) =>
      row[p] === null || isIndividual(Number(row[`${p}n`])) ? null : tidy(Number(row[p]) / measure.units),
  }
}

/** Without the last bit's noise of a division. */
function tidy(value: number): number {
  return Number(value.toPrecision(15))
}

/** One dimension of a grouping. */
interface Dimension {
  readonly name: string
  readonly expression: string
  value(cell: JsonValue): JsonValue
}

const textValue = (cell: JsonValue) => (cell === '' ? null : cell)
const resultValue = (cell: JsonValue) => (typeof cell === 'string' ? valueOfText(cell) : null)
const PLAIN_DIMENSIONS = [
  'system',
  'modelId',
  'modelVersion',
  'modelType',
  'provider',
  'environment',
  'riskTier',
  'consequenceLevel',
  'decisionCategory',
  'status',
] as const

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const isoOf = (unitMs: number, length: number) => (cell: JsonValue) =>
  isoTime(Number(cell) * unitMs).slice(0, length)
const perUnit = (unitMs: number) =>
  `intDiv(toUnixTimestamp64Milli(d.at) - if(d.at < fromUnixTimestamp64Milli(0, 'UTC'), ${unitMs - 1}, 0), ${unitMs})`

type DimensionMaker = (building: Building) => Omit<Dimension, 'name'>

const DIMENSIONS: Readonly<Record<string, DimensionMaker>> = {
  prediction: () => ({
    expression: `if(d.predictionSealed, '${SEALED_TEXT}', d.prediction)`,
    value: resultValue,
  }),
  outcome: () => ({ expression: 'o.outcome', value: resultValue }),
  overridden: (building) => ({ expression: overriddenExpression(building), value: Boolean }),
  reviewed: (building) => ({ expression: reviewedExpression(building), value: Boolean }),
  month: () => ({
    expression: MONTH,
    value: (cell) =>
      cell === 0 ? null : `${Math.floor(Number(cell) / 100)}-${`${Number(cell) % 100}`.padStart(2, '0')}`,
  }),
  day: () => ({ expression: perUnit(DAY_MS), value: isoOf(DAY_MS, 10) }),
  hour: () => ({ expression: perUnit(HOUR_MS), value: isoOf(HOUR_MS, 13) }),
}
/** Months outside 2000..2099 are no months anybody asks for: they are one group, null. */
const MONTH = `if(d.at >= fromUnixTimestamp64Milli(toInt64(${MONTHS_FROM_MS}), 'UTC') AND d.at < toDateTime64('2100-01-01 00:00:00', 3, 'UTC'), toYYYYMM(d.at), 0)`

const BY_WORDS = [...PLAIN_DIMENSIONS, ...Object.keys(DIMENSIONS), 'feature.NAME'].join(', ')

function readDimension(name: string, building: Building): Dimension {
  refuseWithheld(building.restriction, name)
  const plain = PLAIN_DIMENSIONS.find((dimension) => dimension === name)
  if (plain) return { name, expression: `d.${plain}`, value: textValue }
  if (name.startsWith('feature.') && name.length > 'feature.'.length) {
    return {
      name,
      expression: featureExpression(name.slice('feature.'.length), building),
      value: resultValue,
    }
  }
  const make = Object.hasOwn(DIMENSIONS, name) ? DIMENSIONS[name] : undefined
  if (!make) throw new QueryError('bad_parameter', 'by', `some of ${BY_WORDS}`, cameType(name))
  return { name, ...make(building) }
}

/**
 * Metrics over the decisions that match, by group. `outcome` is the latest outcome of each decision, null where none is
 * known; a group's values are JSON values, so that 1 and "1" are two groups. Groups the caller may not see are left out.
 *
 * @throws QueryError · QueryTooHeavy · IndexBehind · EngineUnavailable
 */
export async function aggregateDecisions(
  ground: Ground,
  input: QueryInput,
  resolveSubject: SubjectResolver,
  restriction: Restriction,
): Promise<AggregateAnswer> {
  const parameters = readParameters(input)
  const size = boundSize(ground, undefined)
  const substitutions = new Substitutions()
  const building = { ground, size, substitutions, resolveSubject, restriction }
  const filter = readFilter(parameters, OWN, building)
  const metrics = readList('metrics', parameters.get('metrics') ?? 'count', METRICS_MAX).map((name) =>
    readMetric(name, restriction),
  )
  if (metrics.length === 0) throw new QueryError('bad_parameter', 'metrics', METRIC_WORDS, 'nothing')
  const by = readList(
    'by',
    parameters.get('by'),
    restriction.smallCells === undefined ? BY_MAX : DIMENSIONS_MAX,
  )
  const dimensions = by.map((name) => readDimension(name, building))
  const rows = await ask<Row>(ground, aggregateSql(building, filter, metrics, dimensions), substitutions)
  if (rows.length > GROUPS_MAX)
    throw new QueryError('too_many_groups', 'by', `at most ${GROUPS_MAX} groups`, 'more')
  const { rows: shown, suppressed } = showLarge(rows, restriction, (row) => ({
    key: dimensions.map((_, i) => JSON.stringify(row[`g${i}`])),
    count: Number(row['n']),
  }))
  return {
    items: shown.map((row) => itemOf(row, metrics, dimensions)).toSorted(bySize(metrics[0]!.name, by)),
    asOf: { size },
    ...(suppressed ? { suppressed } : {}),
    ...(await sealedMember(building, [...filter.features, ...featuresIn(by)], parameters)),
    ...archivedMember(ground, restriction, parameters),
  }
}

function featuresIn(by: readonly string[]): string[] {
  return by.filter((name) => name.startsWith('feature.')).map((name) => name.slice('feature.'.length))
}

function aggregateSql(
  building: Building,
  filter: Filter,
  metrics: readonly Metric[],
  dimensions: readonly Dimension[],
): string {
  const columns = [
    ...dimensions.map(({ expression }, i) => `${expression} AS g${i}`),
    ...metrics.flatMap((metric, i) => metric.columns(`m${i}`)),
    'count() AS n',
  ]
  const outcomes = dimensions.some(({ name }) => name === 'outcome')
  const join = outcomes
    ? `LEFT ANY JOIN (${latestOutcomes(building)}) AS o ON toInt64(d.index) = o.targetIndex`
    : ''
  const group = dimensions.length > 0 ? `GROUP BY ${dimensions.map((_, i) => `g${i}`).join(', ')}` : ''
  return `SELECT ${columns.join(', ')} FROM ${filter.from} ${join} WHERE ${filter.where} ${group} LIMIT ${GROUPS_MAX + 1}`
}

function itemOf(row: Row, metrics: readonly Metric[], dimensions: readonly Dimension[]): AggregateItem {
  const item: { [name: string]: JsonValue } = {}
  for (const [i, { name, value }] of dimensions.entries()) item[name] = value(row[`g${i}`] ?? null)
  for (const [i, metric] of metrics.entries()) item[metric.name] = metric.value(row, `m${i}`)
  return item
}

/** Largest first metric first; equal ones by their group, so that one index has one order. */
function bySize(metric: string, by: readonly string[]): (a: AggregateItem, b: AggregateItem) => number {
  const key = (item: AggregateItem) => JSON.stringify(by.map((name) => item[name]))
  return (a, b) => {
    const difference = Number(b[metric] ?? -Infinity) - Number(a[metric] ?? -Infinity)
    if (difference !== 0 && !Number.isNaN(difference)) return difference
    return key(a) < key(b) ? -1 : 1
  }
}
