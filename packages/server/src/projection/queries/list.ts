import { isoTime, type JsonValue } from '@deponent/format'
import type { Restriction } from '../restriction.ts'
import type { SealedField } from '../source.ts'
import { valueOfText } from '../values.ts'
import { archivedMember } from './archived.ts'
import {
  type Order,
  orderOf,
  PAGE_DEFAULT,
  PAGE_MAX,
  PAGE_PARAMETERS,
  pastCursor,
  questionOf,
  readCursor,
  writeCursor,
} from './cursor.ts'
import {
  type Building,
  decisionsSince,
  type Filter,
  readFilter,
  SEALED_TEXT,
  type SubjectResolver,
} from './filter.ts'
import { ask, type AsOf, boundSize, type Ground } from './ground.ts'
import { type QueryInput, readChoice, readInteger, readParameters, Substitutions } from './parameters.ts'
import { refuseIndividual } from './suppression.ts'
import { sealedMember } from './systems.ts'
import { type Window, windowsOf, withinWindow } from './windows.ts'
import { isWithheld } from './withheld.ts'

/** One line of the list; a member the decision lacks, or the caller may not see, is absent. */
export interface ListedDecision {
  readonly id: string
  readonly decisionId?: string
  readonly index: number
  readonly at: string
  readonly system: string
  readonly modelId?: string | Sealed
  readonly modelVersion?: string
  readonly prediction?: JsonValue
  readonly confidence?: number
  readonly status?: string | Sealed
}

/** What stands for a value that is not indexed because a record or a declaration seals it. */
interface Sealed {
  readonly sealed: true
}

export interface DecisionList extends AsOf {
  readonly items: readonly ListedDecision[]
  /** Cursor of the next page, null on the last. */
  readonly next: string | null
  /** Only when the question asked about fields whose values are not indexed. */
  readonly sealed?: readonly SealedField[]
}

interface Row {
  readonly index: string
  readonly id: string
  readonly ms: string
  readonly system: string
  readonly decisionId: string
  readonly modelId?: string
  readonly modelVersion: string
  readonly predictionText: string
  readonly certainty: number | null
  readonly status: string
}

/**
 * Decisions by time, newest first unless asked otherwise; pages of one question speak of the same entries.
 *
 * @throws QueryError · QueryTooHeavy · IndexBehind · EngineUnavailable
 */
export async function listDecisions(
  ground: Ground,
  input: QueryInput,
  resolveSubject: SubjectResolver,
  restriction: Restriction,
): Promise<DecisionList> {
  refuseIndividual(restriction, 'decisions')
  const parameters = readParameters(input)
  const limit = readInteger('limit', parameters.get('limit') ?? `${PAGE_DEFAULT}`, 1, PAGE_MAX)
  const order = readChoice('order', parameters.get('order'), ['at', '-at'], '-at')
  const question = questionOf(parameters, order, restriction)
  const cursor = readCursor(parameters.get('cursor'), question)
  const size = boundSize(ground, cursor?.size)
  const substitutions = new Substitutions()
  const building = { ground, size, substitutions, resolveSubject, restriction }
  const filter = readFilter(parameters, PAGE_PARAMETERS, building)
  const where = cursor ? `${filter.where} AND ${pastCursor(cursor, order)}` : filter.where
  const windows = windowsOf(ground, parameters, order, cursor)
  const rows = await rowsOf(building, windows, { from: filter.from, where }, order, limit + 1)
  const page = rows.slice(0, limit)
  const last = rows.length > limit ? page.at(-1) : undefined
  return {
    items: page.map((row) => itemOf(row, restriction)),
    next: last ? writeCursor({ size, at: Number(last.ms), index: Number(last.index), question }) : null,
    asOf: { size },
    ...(await sealedMember(building, filter.features, parameters)),
    ...archivedMember(ground, restriction, parameters),
  }
}

/** Looks at a short time before it looks at all of it. */
async function rowsOf(
  { ground, substitutions }: Pick<Building, 'ground' | 'substitutions'>,
  windows: readonly Window[],
  { from, where }: Pick<Filter, 'from' | 'where'>,
  order: Order,
  limit: number,
): Promise<Row[]> {
  for (const window of windows) {
    const table = decisionsSince(window.from, ground)
    const sql = listSql(table, `${where} AND ${withinWindow(window, 'd.')}`, order, limit)
    const rows = await ask<Row>(ground, sql, substitutions)
    if (rows.length === limit) return rows
  }
  return ask<Row>(ground, listSql(from, where, order, limit), substitutions)
}

function listSql(table: string, where: string, order: Order, limit: number): string {
  return `SELECT d.index AS index, toString(d.id) AS id, toUnixTimestamp64Milli(d.at) AS ms, d.system AS system,
      d.decisionId AS decisionId, d.modelId AS modelId, d.modelVersion AS modelVersion,
      if(d.predictionSealed, '${SEALED_TEXT}', d.prediction) AS predictionText,
      coalesce(d.confidence, d.score) AS certainty, d.status AS status
    FROM ${table} WHERE ${where}
    ${orderOf(order)} LIMIT ${limit}`
}

function itemOf(row: Row, restriction: Restriction): ListedDecision {
  const shows = (name: string): boolean => !isWithheld(restriction, name)
  return {
    id: row.id,
    ...(row.decisionId !== '' && shows('decisionId') && { decisionId: row.decisionId }),
    index: Number(row.index),
    at: isoTime(Number(row.ms)),
    system: row.system,
    ...(shows('modelId') && { modelId: toldOr(row.modelId) }),
    ...(row.modelVersion !== '' && shows('modelVersion') && { modelVersion: row.modelVersion }),
    ...(row.predictionText !== '' && shows('prediction') && { prediction: valueOfText(row.predictionText) }),
    ...(row.certainty !== null && shows('confidence') && { confidence: row.certainty }),
    ...(shows('status') && { status: toldOr(row.status) }),
  }
}

/** A text that every decision has: where the index has none, it is sealed. */
function toldOr(text: string | undefined): string | Sealed {
  return text === undefined || text === '' ? { sealed: true } : text
}
