/** Rows of a service that answers in pages: asked for one after another, with the pauses it asks for. */
import { FormatError, isObject, type JsonObject, readJson } from '@deponent/format'
import { rowOf } from '../ingest/jsonl.ts'
import type { RowReading } from '../ingest/source-row.ts'
import { realClock } from '../platform/clock.ts'
import { type HttpAnswer, request } from '../platform/http-client.ts'
import { CommandError, EXIT } from './exit.ts'

const ATTEMPTS_MAX = 20
/** When a service that is overloaded does not say how long to wait, seconds. */
const PAUSE_SECONDS = 2
const PAUSE_SECONDS_MAX = 120

/** One request; waits and asks again while the service asks for that. CommandError when it refuses or does not answer. */
export async function askService(
  url: string,
  init: RequestInit,
): Promise<{ page: JsonObject; status: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await answerOf(url, init)
    const { status } = answer
    if ((status !== 429 && status !== 503) || attempt === ATTEMPTS_MAX)
      return { page: pageIn(answer, url), status }
    await realClock.sleep(1_000 * pauseOf(answer, attempt))
  }
}

async function answerOf(url: string, init: RequestInit): Promise<HttpAnswer> {
  try {
    return await request(url, init)
  } catch {
    throw new CommandError(EXIT.internal, `no answer from ${new URL(url).origin}`)
  }
}

function pauseOf({ headers }: HttpAnswer, attempt: number): number {
  const told = Number(headers.get('retry-after') ?? Number.NaN)
  const seconds = Number.isFinite(told) && told >= 0 ? told : PAUSE_SECONDS * attempt
  return Math.min(seconds, PAUSE_SECONDS_MAX)
}

/** The page; an empty one where there is no such address. Nothing of an answer is quoted. */
function pageIn({ status, text }: HttpAnswer, url: string): JsonObject {
  const { origin, pathname } = new URL(url)
  if (status === 404 || status === 501) return {}
  if (status === 401 || status === 403)
    throw new CommandError(EXIT.usage, `${origin} refuses these credentials`)
  if (status !== 200) throw new CommandError(EXIT.internal, `${origin}${pathname} answered ${status}`)
  try {
    const { value } = readJson(text)
    if (isObject(value)) return value
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
  }
  throw new CommandError(EXIT.internal, `${origin}${pathname} did not answer with an object`)
}

/** Elements of a page as rows, numbered on from `before`. */
export function rowsOfPage(list: JsonObject[keyof JsonObject] | undefined, before: number): RowReading[] {
  const items = Array.isArray(list) ? list : []
  return items.map((value, i) => rowOf(before + i + 1, { value, coerced: [], faults: [] }))
}
