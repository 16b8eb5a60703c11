/**
 * What the record of a look keeps of the question. It outlives whoever the question was about, and it is not about them: so words of the
 * product, numbers, times and what the ledger declares stay as they are, and whatever else somebody typed becomes a token that is made
 * with a key of the ledger. Equal questions stay equal, and whoever has a guess can ask the same and compare.
 */
import { FIELD_NAMES, type JsonValue } from '@deponent/format'
import { z } from 'zod'
import { ACTION_NAMES } from '../access/action.ts'
import { ROLES } from '../access/role.ts'
import { isDimension, isMetric, readSql } from '../projection/index.ts'
import type { LedgerServices } from './call.ts'
import type { Route } from './route.ts'

export interface Asked {
  readonly params: Readonly<Record<string, string>>
  readonly query: Iterable<readonly [name: string, value: string]>
}

/** What of a ledger it takes to tell its words from those of a person. */
export type Knowing = Pick<LedgerServices, 'control' | 'erasures'> & {
  readonly tenant: Pick<LedgerServices['tenant'], 'reader' | 'systems' | 'emitters' | 'rights'>
}

type Keeps = (value: string) => boolean

const NUMBER = /^-?\d{1,7}(?:\.\d{1,6})?$/
const TIME = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?$/i
/** Place in a list of a record. */
const PLACE = /^\d{1,4}$/
const FEATURE = 'feature.'

/** Parameters that the contract calls texts although they take words of the product. */
const WORDS: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ['role', ROLES],
  ['action', [...ACTION_NAMES, 'gap']],
  ['result', ['read', 'denied', 'exported']],
])

/** A question in one spelling: parameters by name, each value once, whatever their order in the address. */
export function questionOf(route: Route, { params, query }: Asked, ledger: Knowing): JsonValue {
  const pairs = [...Object.entries(params).map(([name, value]) => [`:${name}`, value] as const), ...query]
  const told = pairs
    .filter(([name]) => name !== 'cursor')
    .map(([name, value]) => [nameTold(route, name, ledger), valueTold(route, name, value, ledger)] as const)
    .toSorted(([a, x], [b, y]) => (a === b ? Number(x > y) - Number(x < y) : a < b ? -1 : 1))
  return Object.fromEntries(told)
}

/** A statement: its shape where it is one we read, and a token for the whole of it, comments and spaces left out. */
export function statementTold(sql: string, { tenant }: Pick<Knowing, 'tenant'>): JsonValue {
  const { shape, spelling } = readSql(sql)
  return { ...(shape !== undefined && { sql: shape }), token: tenant.reader.tokenOfWord(spelling) }
}

/** A JSON pointer: names of fields that the format has, and places in lists. */
export function pointerTold(pointer: string, { tenant }: Pick<Knowing, 'tenant'>): string {
  const tell = (step: string): string =>
    FIELD_NAMES.has(step) || PLACE.test(step) ? step : tenant.reader.tokenOfWord(step)
  const [before, ...steps] = pointer.split('/')
  if (before !== '' || steps.length === 0) return tenant.reader.tokenOfWord(pointer)
  return `/${steps.map(tell).join('/')}`
}

function nameTold({ query }: Route, name: string, { tenant }: Knowing): string {
  if (name.startsWith(':') || (query && Object.hasOwn(query.shape, name))) return name
  const isFeature = name.startsWith(FEATURE)
  const unknown = isFeature ? name.slice(FEATURE.length) : name
  return `${isFeature ? FEATURE : ''}${tenant.reader.tokenOfWord(unknown)}`
}

function valueTold(route: Route, name: string, value: string, ledger: Knowing): string {
  const { reader } = ledger.tenant
  if (name === 'subject' || name === ':subject') return reader.tokenOf(value)
  const told = (item: string): string => reader.tokenOfWord(item)
  switch (name) {
    case 'by':
      return eachOf(value, (item) => dimensionTold(item, told))
    case 'metrics':
      return eachOf(value, (item) => (isMetric(item) ? item : told(item)))
    case 'reveal':
    case 'disclose':
      return eachOf(value, (item) => (item === 'all' ? item : pointerTold(item, ledger)))
    default:
      return keptAs(route, name, ledger)(value) ? value : told(value)
  }
}

function eachOf(list: string, tell: (item: string) => string): string {
  return list
    .split(',')
    .map((item) => tell(item.trimStart()))
    .join(',')
}

/** Names of features are those of senders, and go from the index with the last record that has them. */
function dimensionTold(name: string, told: (text: string) => string): string {
  if (name.startsWith(FEATURE)) return `${FEATURE}${told(name.slice(FEATURE.length))}`
  return isDimension(name) ? name : told(name)
}

/** Which values of a parameter are no words of a person. */
function keptAs({ query }: Route, name: string, { control, erasures, tenant }: Knowing): Keeps {
  const words = WORDS.get(name)
  if (words) return (value) => words.includes(value)
  switch (name) {
    case 'system':
      return (value) => tenant.systems.slugOf(value) !== undefined
    case ':emitter':
      return (value) => tenant.emitters.named(value) !== undefined
    case 'identity':
      return (value) => control.identities.some(({ id }) => id === value)
    case ':id':
      return (value) =>
        erasures.status(value) !== undefined ||
        tenant.rights.holds.all().some(({ holdId }) => holdId === value)
    default:
      return keptBy(query?.shape[name], name)
  }
}

function keptBy(schema: unknown, name: string): Keeps {
  if (schema instanceof z.ZodOptional) return keptBy(schema.unwrap(), name)
  if (schema instanceof z.ZodEnum) return (value) => schema.options.includes(value)
  if (schema instanceof z.ZodBoolean) return (value) => ['true', 'false', '1', '0'].includes(value)
  if (schema instanceof z.ZodNumber) return (value) => NUMBER.test(value)
  if (name === 'from' || name === 'to' || name === 'at') return (value) => TIME.test(value)
  return () => false
}
