import type { Restriction } from '../restriction.ts'
import { DECISIONS, ENTRIES, readable } from '../schema.ts'
import { ask, type Ground } from './ground.ts'
import { Substitutions } from './parameters.ts'
import { refuseWithheld } from './withheld.ts'
import { allOf, decisionsWithin } from './within.ts'

const HOUR_MS = 3_600_000
/** Spans that do not lie on whole hours cost a question each. */
const ODD_SPANS_MAX = 100

/** Which decisions are counted; all of them where a member is absent. `emitter` is a slug. */
export interface SpanFilter {
  readonly system?: string
  readonly modelId?: string
  readonly provider?: string
  readonly environment?: string
  readonly emitter?: string
}

/** [from, to) by the decisions' own time, Unix milliseconds. */
export interface Span {
  readonly from: number
  readonly to: number
}

export interface SpanCount {
  readonly calls: number
  /** Input and output tokens. */
  readonly tokens: number
}

/**
 * Decisions and tokens recorded in each span; undefined for a span too odd to be asked for, with too few to be shown, or of which some are
 * archived.
 */
export async function countSpans(
  ground: Ground,
  filter: SpanFilter,
  spans: readonly Span[],
  restriction: Restriction,
): Promise<(SpanCount | undefined)[]> {
  if (spans.length === 0) return []
  const { emitter: _, ...columns } = filter
  refuseWithheld(restriction, ...Object.keys(columns), 'tokenUsage.input', 'tokenUsage.output')
  const question = { ground, filter, restriction }
  const byHour = await countHours(question, spans.filter(isWhole))
  let odd = 0
  const counts: (SpanCount | undefined)[] = []
  for (const span of spans) {
    if (isWhole(span)) counts.push(sumOf(byHour, span))
    else {
      odd += 1
      counts.push(odd > ODD_SPANS_MAX ? undefined : await countOne(question, span))
    }
  }
  const least = restriction.smallCells ?? 0
  // Asked last: what was archived meanwhile may have been left out already.
  const archived = ground.archived().filter(({ decisions }) => decisions > 0)
  return counts.map((count, i) =>
    count && count.calls >= least && !archived.some((month) => overlap(month, spans[i]!)) ? count : undefined,
  )
}

function overlap(a: Span, b: Span): boolean {
  return a.from < b.to && b.from < a.to
}

interface Question {
  readonly ground: Ground
  readonly filter: SpanFilter
  readonly restriction: Restriction
}

const isWhole = ({ from, to }: Span): boolean => from % HOUR_MS === 0 && to % HOUR_MS === 0
const COUNTS = 'count() AS calls, sum(ifNull(d.inputTokens, 0)) + sum(ifNull(d.outputTokens, 0)) AS tokens'

type HourCounts = ReadonlyMap<number, SpanCount>

async function countHours(question: Question, spans: readonly Span[]): Promise<HourCounts> {
  if (spans.length === 0) return new Map()
  const from = Math.min(...spans.map((span) => span.from))
  const to = Math.max(...spans.map((span) => span.to))
  const { ground } = question
  const { where, substitutions } = conditions(question, { from, to })
  const rows = await ask<Record<string, string>>(
    ground,
    `SELECT intDiv(toUnixTimestamp64Milli(d.at), ${HOUR_MS}) AS hour, ${COUNTS}
      FROM ${readable(ground.names, DECISIONS)} AS d WHERE ${where} GROUP BY hour`,
    substitutions,
  )
  return new Map(rows.map((row) => [Number(row['hour']), countIn(row)]))
}

async function countOne(question: Question, span: Span): Promise<SpanCount> {
  const { ground } = question
  const { where, substitutions } = conditions(question, span)
  const [row] = await ask<Record<string, string>>(
    ground,
    `SELECT ${COUNTS} FROM ${readable(ground.names, DECISIONS)} AS d WHERE ${where}`,
    substitutions,
  )
  return countIn(row ?? {})
}

function countIn(row: Record<string, string>): SpanCount {
  return { calls: Number(row['calls'] ?? 0), tokens: Number(row['tokens'] ?? 0) }
}

function sumOf(byHour: HourCounts, { from, to }: Span): SpanCount {
  let calls = 0
  let tokens = 0
  for (let hour = from / HOUR_MS; hour < to / HOUR_MS; hour += 1) {
    calls += byHour.get(hour)?.calls ?? 0
    tokens += byHour.get(hour)?.tokens ?? 0
  }
  return { calls, tokens }
}

function conditions(
  { ground, filter: { emitter, ...columns }, restriction }: Question,
  { from, to }: Span,
): { where: string; substitutions: Substitutions } {
  const substitutions = new Substitutions()
  const moment = (ms: number): string => `fromUnixTimestamp64Milli(${substitutions.add('Int64', ms)}, 'UTC')`
  const wanted = [
    `d.index < ${substitutions.add('UInt64', ground.position())}`,
    `d.at >= ${moment(from)}`,
    `d.at < ${moment(to)}`,
    ...Object.entries(columns).map(
      ([column, value]) => `d.${column} = ${substitutions.add('String', value)}`,
    ),
    ...decisionsWithin({ names: ground.names, restriction, values: substitutions }, 'd.'),
  ]
  if (emitter !== undefined) {
    const slug = substitutions.add('String', emitter)
    wanted.push(
      `d.index IN (SELECT index FROM ${ground.names.tables}.${ENTRIES.name} WHERE emitter = ${slug})`,
    )
  }
  return { where: allOf(wanted), substitutions }
}
