/** The spans or log records of an OTLP request in protobuf. */
import { FormatError, type JsonObject } from '@deponent/format'
import { BodyError } from '../body-error.ts'
import { BODY_RECORDS_MAX } from '../decode.ts'
import {
  digestOf,
  Groups,
  type ItemReading,
  itemUnder,
  NAMES,
  type Reading,
  readingOf,
  type Signal,
  tooMany,
} from './item.ts'
import { LOG_RECORD, RESOURCE, SCOPE, SPAN } from './messages.ts'
import type { RequestSize } from './request-size.ts'
import { resourceOf, scopeOf } from './span-of.ts'
import { fieldsOf, type MessageType, readMessage, VALUES_MAX } from './wire.ts'

/** Field 2 of `ScopeSpans` and `ScopeLogs` alike. */
const ITEMS = 2
/** Fields around the spans that are looked at, some of them twice: more than as many groups and spans as there may be have. */
const FIELDS_MAX = 10 * BODY_RECORDS_MAX

/** How many fields may still be looked at. */
interface Walk {
  left: number
}

/** @throws BodyError `bad_protobuf`, `too_many_records`, `body_too_large` */
export function* itemsOfProtobuf(
  signal: Signal,
  body: Uint8Array,
  requestSize: RequestSize,
): Generator<ItemReading> {
  const type = signal === 'traces' ? SPAN : LOG_RECORD
  const names = NAMES[signal]
  try {
    const groups = new Groups()
    const walk = { left: FIELDS_MAX }
    let r = 0
    for (const ofResource of partsOf(body, 1, walk)) {
      groups.add()
      const place = `/${names.resources}/${r++}`
      const resource = partOf(ofResource, `${place}/resource`, RESOURCE, resourceOf, walk)
      let s = 0
      for (const ofScope of partsOf(ofResource, ITEMS, walk)) {
        groups.add()
        const scope = partOf(ofScope, `${place}/${names.scopes}/${s++}/scope`, SCOPE, scopeOf, walk)
        for (const bytes of partsOf(ofScope, ITEMS, walk))
          yield itemUnder({ resource, scope }, requestSize, () => {
            const { message, values } = counted(bytes, type)
            return { value: message, digest: digestOf(bytes), size: { bytes: bytes.length, values } }
          })
      }
    }
  } catch (error) {
    if (error instanceof FormatError) throw new BodyError('bad_protobuf', error.message)
    throw error
  }
}

function* partsOf(message: Uint8Array, number: number, walk: Walk): Generator<Uint8Array, void> {
  for (const field of fieldsOf(message)) {
    walk.left -= 1
    if (walk.left < 0) throw tooMany()
    if (field.number !== number) continue
    if (field.type !== 2) throw new FormatError('bad_protobuf', 'a message was expected')
    yield field.bytes
  }
}

/** The resource or the scope of a group, its field 1. */
function partOf<Value>(
  group: Uint8Array,
  place: string,
  type: MessageType,
  of: (message: JsonObject) => Value,
  walk: Walk,
): Reading<Value> {
  return readingOf(place, () => {
    const bytes = onlyPart(group, walk)
    const { message, values } = counted(bytes, type)
    return { value: of(message), size: { bytes: bytes.length, values } }
  })
}

function onlyPart(group: Uint8Array, walk: Walk): Uint8Array {
  let only: Uint8Array | undefined
  for (const bytes of partsOf(group, 1, walk)) {
    // Readers of protobuf differ in what they make of two: the first, the last or both.
    if (only) throw new FormatError('duplicate_key', 'it comes twice')
    only = bytes
  }
  return only ?? new Uint8Array(0)
}

function counted(bytes: Uint8Array, type: MessageType): { message: JsonObject; values: number } {
  const budget = { values: VALUES_MAX }
  const message = readMessage(bytes, type, budget)
  return { message, values: VALUES_MAX - budget.values }
}
