/** Lists that are held in memory, given page by page: the newest first, from where the page before ended. */
import { QueryError } from '../projection/queries/error.ts'
import { readChoice, readInteger, readParameters } from '../projection/queries/parameters.ts'

const PAGE_DEFAULT = 100
const PAGE_MAX = 1_000

export interface ListPage<T> {
  readonly items: readonly T[]
  /** Cursor of the next page, null on the last. */
  readonly next: string | null
}

/** Parameters of a list that takes these beside `limit` and `cursor`. @throws QueryError */
export function listParameters(
  query: URLSearchParams,
  names: readonly string[],
): ReadonlyMap<string, string> {
  const known = [...names, 'limit', 'cursor']
  const parameters = readParameters(query)
  for (const name of parameters.keys())
    if (!known.includes(name))
      throw new QueryError(
        'unknown_parameter',
        name.slice(0, 64),
        `one of ${known.join(', ')}`,
        'another name',
      )
  return parameters
}

/** One of these words; undefined when the parameter is absent. @throws QueryError */
export function chosen<T extends string>(
  parameters: ReadonlyMap<string, string>,
  name: string,
  choices: readonly [T, ...T[]],
): T | undefined {
  const text = parameters.get(name)
  return text === undefined ? undefined : readChoice(name, text, choices, choices[0])
}

/** Whether something is asked for that is or is not so; undefined when either will do. @throws QueryError */
export function flagged(parameters: ReadonlyMap<string, string>, name: string): boolean | undefined {
  const choice = chosen(parameters, name, ['true', 'false'])
  return choice === undefined ? undefined : choice === 'true'
}

/**
 * The page that `limit` and `cursor` ask for. `placeOf`: where an item stands, as text all of one length that no two items share; the
 * greatest comes first. An item that changes its place while somebody turns pages may come twice, and goes missing only when it moves up.
 *
 * @throws QueryError
 */
export function pageOf<T>(
  all: readonly T[],
  placeOf: (item: T) => string,
  parameters: ReadonlyMap<string, string>,
): ListPage<T> {
  const limit = readInteger('limit', parameters.get('limit') ?? `${PAGE_DEFAULT}`, 1, PAGE_MAX)
  const cursor = cursorIn(parameters)
  const ordered = all
    .map((item) => ({ item, place: placeOf(item) }))
    .filter(({ place }) => cursor === undefined || place < cursor)
    .toSorted((a, b) => (a.place < b.place ? 1 : -1))
  const shown = ordered.slice(0, limit)
  const last = ordered.length > limit ? shown.at(-1) : undefined
  return { items: shown.map(({ item }) => item), next: last?.place ?? null }
}

/** A number as text of one length, for a place. */
export function numberPlace(value: number): string {
  return String(value).padStart(16, '0')
}

const CURSOR = /^[0-9a-f-]{16,64}$/

function cursorIn(parameters: ReadonlyMap<string, string>): string | undefined {
  const cursor = parameters.get('cursor')
  if (cursor === undefined || CURSOR.test(cursor)) return cursor
  throw new QueryError('bad_cursor', 'cursor', 'the `next` of the page before', 'something else')
}
