// Pages of a list: rows by time and index, from where the page before ended.

import { createHash } from 'node:crypto'
import { type Restriction, restrictionText } from '../restriction.ts'
import { VIEW_COLUMNS } from '../views.ts'
import { QueryError } from './error.ts'

export const PAGE_PARAMETERS: readonly string[] = ['limit', 'cursor', 'order']
export const PAGE_MAX = 1_000
export const PAGE_DEFAULT = 100

export type Order = 'at' | '-at'

/** Where a page starts, and what question it belongs to. */
export interface Cursor {
  readonly size: number
  readonly at: number
  readonly index: number
  /** Digest of the filters, the order and the restriction. */
  readonly question: string
}

/** A page goes on only for the same question and under the same restriction: what it goes on from was shown under that. */
export function questionOf(
  parameters: ReadonlyMap<string, string>,
  order: Order,
  restriction: Restriction,
): string {
  const filters = [...parameters]
    .filter(([name]) => !PAGE_PARAMETERS.includes(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([order, filters, restrictionText(restriction, VIEW_COLUMNS)]))
    .digest('base64url')
    .slice(0, 16)
}

/** The condition over rows of `d` that follow the cursor. */
export function pastCursor({ at, index }: Cursor, order: Order): string {
  const sign = order === 'at' ? '>' : '<'
  // The first half alone is what the sort key can use.
  const moment = `fromUnixTimestamp64Milli(toInt64(${at}), 'UTC')`
  return `(d.at ${sign}= ${moment} AND (d.at ${sign} ${moment} OR d.index ${sign} ${index}))`
}

export function orderOf(order: Order): string {
  const direction = order === 'at' ? 'ASC' : 'DESC'
  return `ORDER BY d.at ${direction}, d.index ${direction}`
}

export function writeCursor({ size, at, index, question }: Cursor): string {
  return Buffer.from(JSON.stringify([size, at, index, question])).toString('base64url')
}

/** @throws QueryError for a cursor of another question, or none of ours */
export function readCursor(text: string | undefined, question: string): Cursor | undefined {
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
