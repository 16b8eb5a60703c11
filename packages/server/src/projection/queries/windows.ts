// A page of a list is looked for in a short time first: of files only those of that time are opened.

import type { FileSpan, Ground } from './ground.ts'
import type { Cursor, Order } from './cursor.ts'
import { readTime } from './parameters.ts'

/** Decisions in files that a first and a second look are at. */
const LOOKED_AT = [131_072, 1_048_576] as const

/** Few decisions have these, and they may be of any time: looking at a short one first would be in vain. */
const POINTED = ['decisionId', 'caseId', 'traceId', 'sessionId', 'userId', 'subject'] as const

/** [from, to) in Unix milliseconds; of each the page is known when so many decisions are in it as the page has. */
export interface Window {
  readonly from: number
  readonly to: number
}

/** Where to look before looking everywhere, the shortest time first; none where it would be no shorter. */
export function windowsOf(
  ground: Pick<Ground, 'files'>,
  parameters: ReadonlyMap<string, string>,
  order: Order,
  cursor: Cursor | undefined,
): Window[] {
  const files = ground.files()
  if (files.length === 0 || POINTED.some((name) => parameters.has(name))) return []
  const asked = timeAsked(parameters, order, cursor)
  return order === '-at' ? fromTheEnd(files, asked) : fromTheBeginning(files, asked)
}

/** The time the page may be of. */
function timeAsked(
  parameters: ReadonlyMap<string, string>,
  order: Order,
  cursor: Cursor | undefined,
): Window {
  const [from, to] = ['from', 'to'].map((name) => {
    const text = parameters.get(name)
    return text === undefined ? undefined : readTime(name, text)
  })
  const goesOnFrom = order === 'at' && cursor ? cursor.at : -Infinity
  const goesOnTo = order === '-at' && cursor ? cursor.at + 1 : Infinity
  return { from: Math.max(from ?? -Infinity, goesOnFrom), to: Math.min(to ?? Infinity, goesOnTo) }
}

function fromTheEnd(files: readonly FileSpan[], { from, to }: Window): Window[] {
  const filesEnd = Math.max(...files.map((file) => file.to))
  const recent = to > filesEnd ? [filesEnd] : []
  const starts = LOOKED_AT.map((rows) => startOf(files, to, rows))
  return [...recent, ...starts].filter((start) => start > from).map((start) => ({ from: start, to }))
}

function fromTheBeginning(files: readonly FileSpan[], { from, to }: Window): Window[] {
  const mirrored = files.map((file) => ({ from: -file.to, to: -file.from, rows: file.rows }))
  const ends = LOOKED_AT.map((rows) => -startOf(mirrored, -from, rows))
  return ends.filter((end) => end < to).map((end) => ({ from, to: end }))
}

/** The time from which up to `to` files have about so many rows, as if these were spread evenly over each; −Infinity when they have fewer. */
function startOf(files: readonly FileSpan[], to: number, rows: number): number {
  let wanted = rows
  for (const file of files.toSorted((a, b) => b.to - a.to)) {
    const end = Math.min(file.to, to)
    const share = (end - file.from) / (file.to - file.from)
    if (share <= 0) continue
    if (file.rows * share > wanted) return Math.floor(end - ((file.to - file.from) * wanted) / file.rows)
    wanted -= file.rows * share
  }
  return -Infinity
}

/** The condition over rows of `of` that are of the window. */
export function withinWindow({ from, to }: Window, of: string): string {
  const moment = (ms: number): string => `fromUnixTimestamp64Milli(toInt64(${ms}), 'UTC')`
  return [
    ...(Number.isFinite(from) ? [`${of}at >= ${moment(from)}`] : []),
    ...(Number.isFinite(to) ? [`${of}at < ${moment(to)}`] : []),
  ].join(' AND ')
}
