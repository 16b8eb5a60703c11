// What `POST /v1/sql` may read: one view per table, under the names the API uses, with plain values where the tables hold
// RFC 8785 text and integers.

import {
  DECISIONS,
  type Names,
  OUTCOMES,
  readable,
  RECORDS,
  REVIEWS,
  slotColumn,
  type TableShape,
} from './schema.ts'
import { MICROS_PER_MS, NANOS_PER_USD, UNITS_PER_ONE } from './values.ts'

/** A feature whose name can stand between backticks without a second thought gets a column of its own. */
const PLAIN_FEATURE = /^[A-Za-z0-9_][A-Za-z0-9_ -]{0,63}$/

/** A column of the table, never the view's own column of the same name. */
const own = (column: string) => `t.${column}`
const per = (column: string, units: number) => `${own(column)} / ${units}`
const orNull = (column: string) => `nullIf(${own(column)}, '')`

/**
 * Strings lose their quotes, everything else is as RFC 8785 writes it; null for none and for the empty string. What JSON
 * escapes inside a string stays escaped: so the engine works on the few distinct texts of a column, not on every row.
 */
function plain(column: string): string {
  return `CAST(nullIf(replaceRegexpOne(${own(column)}, '^"(.*)"$', '\\\\1'), ''), 'LowCardinality(Nullable(String))')`
}

/** Columns of the view of decisions, by name, as expressions over the table. */
function decisionColumns(
  features: readonly { name: string; slot: number }[],
): [name: string, expression: string][] {
  const named = (...names: string[]): [string, string][] => names.map((name) => [name, orNull(name)])
  const same = (...names: string[]): [string, string][] => names.map((name) => [name, own(name)])
  return [
    ...same('index', 'id', 'at', 'receivedAt', 'system'),
    ...named('decisionId', 'caseId', 'traceId', 'sessionId', 'userId', 'subject'),
    ...named(
      'modelId',
      'modelVersion',
      'modelType',
      'provider',
      'environment',
      'riskTier',
      'consequenceLevel',
    ),
    ...named('decisionCategory', 'status'),
    ['prediction', plain('prediction')],
    ...same('confidence', 'score'),
    ...named('confidenceKind'),
    ['latencyMs', per('latencyUs', MICROS_PER_MS)],
    ['timeToFirstTokenMs', per('firstTokenUs', MICROS_PER_MS)],
    ['costUsd', per('costNanoUsd', NANOS_PER_USD)],
    ...same('inputTokens', 'outputTokens', 'reviewRequired', 'reviewed', 'overridden'),
    ['completenessProfile', own('profile')],
    ['completeness', per('completeness', UNITS_PER_ONE)],
    ['missingFields', `if(${own('missing')} = '', [], splitByChar(',', ${own('missing')}))`],
    ...features
      .filter(({ name }) => PLAIN_FEATURE.test(name))
      .map(({ name, slot }): [string, string] => [`feature.${name}`, plain(slotColumn(slot).name)]),
  ]
}

const ABOUT = ['index', 'id', 'at', 'receivedAt', 'system'].map((name): [string, string] => [name, own(name)])
const TARGET: [string, string][] = [
  ['decisionIndex', `nullIf(${own('targetIndex')}, -1)`],
  ['decisionEntryId', orNull('targetId')],
]

const OTHERS: [table: TableShape, columns: [string, string][]][] = [
  [OUTCOMES, [...ABOUT, ...TARGET, ['outcome', plain('outcome')]]],
  [
    REVIEWS,
    [
      ...ABOUT,
      ...TARGET,
      ['inDecision', own('inDecision')],
      ['overridden', own('overridden')],
      ['basis', own('basis')],
      ['reviewerId', orNull('reviewer')],
      ['humanDecision', plain('humanDecision')],
    ],
  ],
  [
    RECORDS,
    [
      ...ABOUT,
      ['kind', own('kind')],
      ...TARGET,
      ['modelId', orNull('modelId')],
      ['modelVersion', orNull('modelVersion')],
      ['basis', orNull('basis')],
    ],
  ],
]

/** Columns every index has, under the names callers know them by. */
export const VIEW_COLUMNS: readonly string[] = [
  ...new Set([decisionColumns([]), ...OTHERS.map(([, columns]) => columns)].flat().map(([name]) => name)),
]

/** Names of the views, which are the only tables a reader of SQL knows. */
export const VIEWS: readonly string[] = [DECISIONS.name, OUTCOMES.name, REVIEWS.name, RECORDS.name]

/** What of the tables views show. */
export interface ViewScope {
  /** Condition over the rows of a table, named `t`; undefined for all of them. */
  rows(table: string): string | undefined
  /** Whether a column of this name is shown. */
  shows(column: string): boolean
}

const EVERYTHING: ViewScope = { rows: () => undefined, shows: () => true }

/**
 * Rows are chosen behind a LIMIT that cuts nothing: the engine moves no condition of a question past it, so that none is
 * ever tried on a row that is not shown. A division by zero would tell of it.
 */
const BARRIER = 'LIMIT 18446744073709551615'

function view(
  names: Names,
  table: TableShape,
  columns: readonly [string, string][],
  scope: ViewScope,
): string {
  const list = columns
    .filter(([name]) => scope.shows(name))
    .map(([name, expression]) => `${expression} AS \`${name}\``)
  const rows = scope.rows(table.name)
  const whole = readable(names, table)
  const from = rows === undefined ? whole : `(SELECT * FROM ${whole} AS t WHERE ${rows} ${BARRIER})`
  return `CREATE OR REPLACE VIEW ${names.views}.${table.name} AS SELECT ${list.join(', ')} FROM ${from} AS t`
}

/** Statements that make the views match the features known so far. */
export function viewStatements(
  names: Names,
  features: readonly { name: string; slot: number }[],
  scope: ViewScope = EVERYTHING,
): string[] {
  return [
    view(names, DECISIONS, decisionColumns(features), scope),
    ...OTHERS.map(([table, columns]) => view(names, table, columns, scope)),
  ]
}

/** Names of features that are columns of the views. */
export function viewFeatures(features: readonly { name: string; slot: number }[]): string[] {
  return features.filter(({ name }) => PLAIN_FEATURE.test(name)).map(({ name }) => `feature.${name}`)
}
