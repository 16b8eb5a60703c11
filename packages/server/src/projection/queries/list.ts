import { createHash } from 'node:crypto'
import { isoTime, type JsonValue } from '@deponent/format'
import type { SealedField } from '../source.ts'
import { valueOfText } from '../values.ts'
import { QueryError } from './error.ts'
import { decisionsTable, readFilter, SEALED_TEXT, type SubjectResolver } from './filter.ts'
import { ask, type AsOf, boundSize, type Ground } from './ground.ts'
import { type QueryInput, readChoice, readInteger, readParameters, Substitutions } from './parameters.ts'

/** One line of the list; a member the decision lacks is absent. */
export interface ListedDecision {
  readonly id: string
  readonly decisionId?: string
  readonly index: number
  readonly at: string
  readonly system: string
  readonly modelId: string
  readonly modelVersion?: string
  readonly prediction?: JsonValue
  readonly confidence?: number
  readonly status: string
}

export interface DecisionList extends AsOf {
  readonly items: readonly ListedDecision[]
  /** Cursor of the next page, null on the last. */
  readonly next: string | null
  /** Only when the question asked about fields whose values are not indexed. */
  readonly sealed?: readonly SealedField[]
}

const LIMIT_MAX = 1_000
const LIMIT_DEFAULT = 100
const OWN = ['limit', 'cursor', 'order']

type Order = 'at' | '-at'

/** Where a page starts, and what question it belongs to. */
interface Cursor {
  readonly size: number
  readonly at: number
  readonly index: number
  /** Digest of the filters and the order. */
  readonly question: string
}

interface Row {
  readonly index: string
  readonly id: string
  readonly ms: string
  readonly system: string
  readonly decisionId: string
  readonly modelId: string
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
): Promise<DecisionList> {
  const parameters = readParameters(input)
  const limit = readInteger('limit', parameters.get('limit') ?? `${LIMIT_DEFAULT}`, 1, LIMIT_MAX)
  const order = readChoice('order', parameters.get('order'), ['at', '-at'], '-at')
  const question = questionOf(parameters, order)
  const cursor = readCursor(parameters.get('cursor'), question)
  const size = boundSize(ground, cursor?.size)
  const substitutions = new Substitutions()
  const filter = readFilter(parameters, OWN, { ground, size, substitutions, resolveSubject })
  const where = cursor ? `${filter.where} AND ${pastCursor(cursor, order)}` : filter.where
  const rows = await ask<Row>(ground, listSql(ground, where, order, limit + 1), substitutions)
  const page = rows.slice(0, limit)
  const last = rows.length > limit ? page.at(-1) : undefined
  return {
    items: page.map(itemOf),
    next: last ? writeCursor({ size, at: Number(last.ms), index: Number(last.index), question }) : null,
    asOf: { size },
    ...(filter.sealed.length > 0 ? { sealed: filter.sealed } : {}),
  }
}

function listSql(ground: Ground, where: string, order: Order, limit: number): string {
  const direction = order === 'at' ? 'ASC' : 'DESC'
  return `SELECT d.index AS index, toString(d.id) AS id, toUnixTimestamp64Milli(d.at) AS ms, d.system AS system,
      d.decisionId AS decisionId, d.modelId AS modelId, d.modelVersion AS modelVersion,
      if(d.predictionSealed, '${SEALED_TEXT}', d.prediction) AS predictionText,
      coalesce(d.confidence, d.score) AS certainty, d.status AS status
    FROM ${decisionsTable(ground)} WHERE ${where}
    ORDER BY d.at ${direction}, d.index ${direction} LIMIT ${limit}`
}

function itemOf(row: Row): ListedDecision {
  return {
    id: row.id,
    ...(row.decisionId === '' ? {} : { decisionId: row.decisionId }),
    index: Number(row.index),
    at: isoTime(Number(row.ms)),
    system: row.system,
    modelId: row.modelId,
    ...(row.modelVersion === '' ? {} : { modelVersion: row.modelVersion }),
    ...(row.predictionText === '' ? {} : { prediction: valueOfText(row.predictionText) }),
    ...(row.certainty === null ? {} : { confidence: row.certainty }),
    status: row.status,
  }
}

function questionOf(parameters: ReadonlyMap<string, string>, order: Order): string {
  const filters = [...parameters]
    .filter(([name]) => !OWN.includes(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([order, filters]))
    .digest('base64url')
    .slice(0, 16)
}

function pastCursor({ at, index }: Cursor, order: Order): string {
  const sign = order === 'at' ? '>' : '<'
  // The first half alone is what the sort key can use.
  const moment = `fromUnixTimestamp64Milli(toInt64(${at}), 'UTC')`
  return `(d.at ${sign}= ${moment} AND (d.at ${sign} ${moment} OR d.index ${sign} ${index}))`
}

function writeCursor({ size, at, index, question }: Cursor): string {
  return Buffer.from(JSON.stringify([size, at, index, question])).toString('base64url')
}

function readCursor(text: string | undefined, question: string): Cursor | undefined {
  if (text === undefined) return undefined
  const parts = partsOf(text)
  const [size, at, index, asked] = parts
  if (!isIndex(size) || !Number.isSafeInteger(at) || !isIndex(index)) {
    throw new QueryError('bad_cursor', 'cursor', 'the `next` of an earlier page', 'something else')
  }
  if (asked !== question) {
    throw new QueryError('bad_cursor', 'cursor', 'the `next` of the same question', 'one of another question')
  }
  return { size, at: Number(at), index, question }
}

function partsOf(text: string): unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    return Array.isArray(parts) ? parts : []
  } catch {
    return []
  }
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}
