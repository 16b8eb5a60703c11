/** The spans or log records of an OTLP request in JSON. */
import {
  canonicalJson,
  FormatError,
  fromUtf8,
  isObject,
  JSON_FAULTS_MAX,
  type JsonFault,
  type JsonObject,
  type JsonValue,
  readJson,
  utf8,
} from '@deponent/format'
import { BodyError } from '../body-error.ts'
import { withoutByteOrderMark } from '../lines.ts'
import {
  digestOf,
  Groups,
  type Item,
  type ItemReading,
  itemUnder,
  NAMES,
  type Reading,
  readingOf,
  type Signal,
} from './item.ts'
import type { RequestSize, Size } from './request-size.ts'
import { resourceOf, scopeOf } from './span-of.ts'
import { tooManyValues, VALUES_MAX } from './wire.ts'

/** @throws BodyError `bad_json`, `bad_utf8`, `too_many_records`, `body_too_large` */
export function* itemsOfJson(
  signal: Signal,
  body: Uint8Array,
  requestSize: RequestSize,
): Generator<ItemReading> {
  if (body.length === 0) return
  const { value, faults } = parsedBody(withoutByteOrderMark(body))
  if (!isObject(value)) throw new BodyError('bad_json', 'expected an object')
  const names = NAMES[signal]
  const faulty = new FaultyPlaces(faults)
  const groups = new Groups()
  for (const { place, value: ofResource } of groupsIn(value, '', names.resources, faulty)) {
    groups.add()
    const resource = partOf(ofResource, place, 'resource', faulty, resourceOf)
    for (const { place: inner, value: ofScope } of groupsIn(ofResource, place, names.scopes, faulty)) {
      groups.add()
      const scope = partOf(ofScope, inner, 'scope', faulty, scopeOf)
      const list = `${inner}/${names.items}`
      for (const [i, item] of listIn(ofScope, names.items, list, faulty).entries())
        yield faulty.at(`${list}/${i}`) ?? itemUnder({ resource, scope }, requestSize, () => itemOf(item))
    }
  }
}

/**
 * What a body says, and what is wrong in it.
 *
 * @throws BodyError `bad_json`, `bad_utf8`
 */
export function parsedBody(body: Uint8Array): ReturnType<typeof readJson> {
  try {
    const reading = readJson(fromUtf8(body))
    // Beyond those that are told there may be others, in what would then be taken for good.
    if (reading.faults.length < JSON_FAULTS_MAX) return reading
    const { code, message } = reading.faults[0]!
    throw new BodyError('bad_json', `${JSON_FAULTS_MAX} faults or more, the first: ${code}: ${message}`)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    throw new BodyError(error.code === 'bad_utf8' ? 'bad_utf8' : 'bad_json', error.message)
  }
}

/** Where in a request something is wrong: with the place itself or with anything in it. */
class FaultyPlaces {
  readonly #faults: readonly JsonFault[]

  constructor(faults: readonly JsonFault[]) {
    this.#faults = faults
  }

  /** What is wrong within a place. */
  at(place: string): FormatError | undefined {
    return errorOf(this.#faults.find(({ path }) => path === place || path.startsWith(`${place}/`)))
  }

  /** What is wrong with the place itself. */
  exactly(place: string): FormatError | undefined {
    return errorOf(this.#faults.find(({ path }) => path === place))
  }
}

function errorOf(fault: JsonFault | undefined): FormatError | undefined {
  return fault && new FormatError(fault.code, fault.message)
}

/** The elements of a list of objects, each with its pointer. @throws BodyError `bad_json` */
function* groupsIn(
  object: JsonObject,
  place: string,
  name: string,
  faulty: FaultyPlaces,
): Generator<{ place: string; value: JsonObject }> {
  const list = `${place}/${name}`
  for (const [i, value] of listIn(object, name, list, faulty).entries()) {
    if (!isObject(value)) throw new BodyError('bad_json', `${list}/${i}: expected an object`)
    yield { place: `${list}/${i}`, value }
  }
}

/** What cannot be a list may have held anything: it is told, and not taken for an empty one. */
function listIn(object: JsonObject, name: string, place: string, faulty: FaultyPlaces): JsonValue[] {
  const fault = faulty.exactly(place)
  if (fault) throw new BodyError('bad_json', `${place}: ${fault.message}`)
  const list = object[name] ?? []
  if (!Array.isArray(list)) throw new BodyError('bad_json', `${place}: expected a list`)
  return list
}

function partOf<Value>(
  group: JsonObject,
  place: string,
  name: 'resource' | 'scope',
  faulty: FaultyPlaces,
  of: (message: JsonObject) => Value,
): Reading<Value> {
  const pointer = `${place}/${name}`
  return readingOf(pointer, () => {
    const fault = faulty.at(pointer)
    if (fault) throw fault
    const message = group[name] ?? {}
    if (!isObject(message)) throw new FormatError('wrong_type', 'expected an object')
    const values = valuesOf(message)
    return { value: of(message), size: { bytes: Buffer.byteLength(canonicalJson(message)), values } }
  })
}

function itemOf(value: JsonValue): Omit<Item, 'origin'> & { size: Size } {
  if (!isObject(value)) throw new FormatError('wrong_type', 'expected an object')
  const values = valuesOf(value)
  const bytes = utf8(canonicalJson(value))
  return { value, digest: digestOf(bytes), size: { bytes: bytes.length, values } }
}

/** How many values a message has. @throws FormatError `too_many_leaves` */
function valuesOf(message: JsonObject): number {
  const values = valuesIn(message)
  if (values > VALUES_MAX) throw tooManyValues()
  return values
}

/** Members and elements at any depth: what the same message has as fields in protobuf, or a few more. */
function valuesIn(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0
  const inner = Array.isArray(value) ? value : Object.values(value)
  let count = inner.length
  for (const each of inner) count += valuesIn(each)
  return count
}
