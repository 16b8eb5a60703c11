/** What a Langfuse server has kept, by its public API: traces, observations and scores, page by page. */
import { isObject } from '@deponent/format'
import type { RowReading } from '../ingest/source-row.ts'
import { CommandError, EXIT } from './exit.ts'
import { askService, rowsOfPage } from './import-pages.ts'

const PAGE_ROWS = 100
const FIELDS = 'core,basic,time,io,metadata,model,usage,prompt,trace_context'

export interface Span {
  /** RFC 3339. */
  readonly from?: string
  readonly to?: string
}

/** @throws CommandError without LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY */
export async function* langfuseHistory(url: string, { from, to }: Span): AsyncGenerator<RowReading> {
  const init = { headers: { Authorization: authorization() } }
  const span = (names: readonly [string, string]): string =>
    [
      [names[0], from],
      [names[1], to],
    ]
      .flatMap(([name, value]) => (value === undefined ? [] : [`&${name}=${encodeURIComponent(value)}`]))
      .join('')
  const started = span(['fromStartTime', 'toStartTime'])
  const told = span(['fromTimestamp', 'toTimestamp'])
  let line = 0
  for await (const row of all()) {
    line += 1
    yield row.row === undefined ? { ...row, line } : { row: { ...row.row, line } }
  }

  async function* all(): AsyncGenerator<RowReading> {
    const observations = `${url}/api/public/v2/observations?limit=${PAGE_ROWS}&fields=${FIELDS}${started}`
    // Newer servers tell of a trace in each of its observations; older ones have no such address.
    const { status } = await askService(observations, init)
    if (status === 200) yield* byCursor(observations, init)
    else {
      yield* byNumber(`${url}/api/public/traces?limit=${PAGE_ROWS}${told}`, init)
      yield* byNumber(`${url}/api/public/observations?limit=${PAGE_ROWS}${started}`, init)
    }
    yield* byNumber(`${url}/api/public/v2/scores?limit=${PAGE_ROWS}${told}`, init)
  }
}

async function* byCursor(address: string, init: RequestInit): AsyncGenerator<RowReading> {
  let cursor = ''
  do {
    const { page } = await askService(`${address}${cursor}`, init)
    yield* rowsOfPage(page.data, 0)
    const next = isObject(page.meta) ? page.meta.cursor : undefined
    cursor = typeof next === 'string' && next !== '' ? `&cursor=${encodeURIComponent(next)}` : ''
  } while (cursor !== '')
}

async function* byNumber(address: string, init: RequestInit): AsyncGenerator<RowReading> {
  for (let number = 1; ; number += 1) {
    const { page } = await askService(`${address}&page=${number}`, init)
    const rows = rowsOfPage(page.data, 0)
    yield* rows
    const last = isObject(page.meta) ? Number(page.meta.totalPages) : 0
    if (rows.length === 0 || number >= last) return
  }
}

function authorization(): string {
  const { LANGFUSE_PUBLIC_KEY: name, LANGFUSE_SECRET_KEY: secret } = process.env
  if (name === undefined || secret === undefined)
    throw new CommandError(
      EXIT.usage,
      'set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY to the keys of the project',
    )
  return `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`
}
