import { isoTime } from '@deponent/format'
import { UNRESTRICTED } from '../restriction.ts'
import { ACCESSES } from '../schema.ts'
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
import { QueryError } from './error.ts'
import { momentOf, type SubjectResolver } from './filter.ts'
import { ask, type AsOf, boundSize, type Ground } from './ground.ts'
import { type QueryInput, readChoice, readInteger, readParameters, Substitutions } from './parameters.ts'
import { sourcesAbout } from './within.ts'

/** One look, or several alike; `index` is the entry its whole record is read from. Members the record lacks are absent. */
export interface ListedAccess {
  readonly index: number
  readonly id: string
  readonly at: string
  readonly identity?: string
  readonly name?: string
  readonly role?: string
  readonly action?: string
  readonly result?: string
  readonly purpose?: string
  readonly count?: number
  readonly repeats?: number
}

export interface AccessList extends AsOf {
  readonly items: readonly ListedAccess[]
  /** Cursor of the next page, null on the last. */
  readonly next: string | null
}

const TEXTS = ['identity', 'role', 'action', 'result'] as const
const FILTER_NAMES = ['id', 'subject', ...TEXTS, 'from', 'to']

interface Building {
  readonly ground: Ground
  readonly size: number
  readonly substitutions: Substitutions
  readonly resolveSubject: SubjectResolver
}

interface Row extends Record<(typeof TEXTS)[number] | 'name' | 'purpose', string> {
  readonly index: string
  readonly id: string
  readonly ms: string
  readonly count: string | null
  readonly repeats: string | null
}

/** Ids of entries in one question: they stand in its text, of which the engine parses 256 KiB. */
export const LOOKED_AT_MAX = 4_000

/**
 * Who looked at what, newest first. `id` is the entry id of something looked at, `subject` a person whose decisions were;
 * whether the caller may know is for the caller's side to say. `of`: looks at any of these entries alone, by id, at most LOOKED_AT_MAX.
 *
 * @throws QueryError · QueryTooHeavy · IndexBehind · EngineUnavailable
 */
export async function listAccesses(
  ground: Ground,
  input: QueryInput,
  resolveSubject: SubjectResolver,
  of?: readonly string[],
): Promise<AccessList> {
  const parameters = readParameters(input)
  const limit = readInteger('limit', parameters.get('limit') ?? `${PAGE_DEFAULT}`, 1, PAGE_MAX)
  const order = readChoice('order', parameters.get('order'), ['at', '-at'], '-at')
  const question = questionOf(parameters, order, UNRESTRICTED)
  const cursor = readCursor(parameters.get('cursor'), question)
  const size = boundSize(ground, cursor?.size)
  const building = { ground, size, substitutions: new Substitutions(), resolveSubject }
  const where = [
    ...conditionsOf(parameters, building),
    ...(of ? [lookedAt(of)] : []),
    ...(cursor ? [pastCursor(cursor, order)] : []),
  ]
  const rows = await ask<Row>(ground, accessSql(ground, where, order, limit + 1), building.substitutions)
  const page = rows.slice(0, limit)
  const last = rows.length > limit ? page.at(-1) : undefined
  return {
    items: page.map(itemOf),
    next: last ? writeCursor({ size, at: Number(last.ms), index: Number(last.index), question }) : null,
    asOf: { size },
  }
}

function conditionsOf(parameters: ReadonlyMap<string, string>, building: Building): string[] {
  const conditions = [`d.index < ${building.size}`]
  for (const [name, text] of parameters) {
    if (!PAGE_PARAMETERS.includes(name)) conditions.push(conditionOf(name, text, building))
  }
  return conditions
}

const ENTRY_ID = /^[0-9a-f-]{36}$/

/** Spelled out: substitutions travel in the address, which is short. */
function lookedAt(ids: readonly string[]): string {
  if (ids.length > LOOKED_AT_MAX || !ids.every((id) => ENTRY_ID.test(id)))
    throw new RangeError(`at most ${LOOKED_AT_MAX} entry ids in one question`)
  return `hasAny(d.objects, [${ids.map((id) => `'${id}'`).join()}])`
}

function conditionOf(name: string, text: string, building: Building): string {
  const { substitutions } = building
  const known = TEXTS.find((filter) => filter === name)
  if (known) return `d.${known} = ${substitutions.add('String', text)}`
  switch (name) {
    case 'id':
      return `has(d.objects, ${substitutions.add('String', text)})`
    case 'subject':
      return decisionsOf(building, text)
    case 'from':
      return `d.at >= ${momentOf('from', text, substitutions)}`
    case 'to':
      return `d.at < ${momentOf('to', text, substitutions)}`
    default:
      throw new QueryError(
        'unknown_parameter',
        name.slice(0, 64),
        `one of ${[...FILTER_NAMES, ...PAGE_PARAMETERS].join(', ')}`,
        'another name',
      )
  }
}

/** Looks at decisions about a person, those of archived months among them. */
function decisionsOf({ ground, size, substitutions, resolveSubject }: Building, subject: string): string {
  const theirs = substitutions.add('Array(String)', resolveSubject(subject))
  const ids = sourcesAbout(ground.names, theirs).map(
    (source) => `SELECT toString(id) AS object FROM ${source} AND index < ${size}`,
  )
  return `hasAny(d.objects, (SELECT groupArray(object) FROM (${ids.join(' UNION ALL ')})))`
}

function accessSql(ground: Ground, where: readonly string[], order: Order, limit: number): string {
  const texts = [...TEXTS, 'name', 'purpose', 'count', 'repeats'].map((column) => `d.${column} AS ${column}`)
  return `SELECT d.index AS index, toString(d.id) AS id, toUnixTimestamp64Milli(d.at) AS ms, ${texts.join(', ')}
    FROM ${ground.names.tables}.${ACCESSES.name} AS d WHERE ${where.join(' AND ')} ${orderOf(order)} LIMIT ${limit}`
}

function itemOf(row: Row): ListedAccess {
  const { index, id, ms, count, repeats, ...texts } = row
  return {
    index: Number(index),
    id,
    at: isoTime(Number(ms)),
    ...Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== '')),
    ...(count === null ? {} : { count: Number(count) }),
    ...(repeats === null ? {} : { repeats: Number(repeats) }),
  }
}
