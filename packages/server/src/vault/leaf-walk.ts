/** Walks the leaves of a record in the order of its commitment (`docs/format.md`, 3.1): members as RFC 8785 sorts them, elements in turn. */
import {
  type CanonicalRecord,
  canonicalJson,
  FormatError,
  type JsonValue,
  type PreparedPayload,
} from '@deponent/format'

/** What stands in the place of a leaf; undefined takes it away. */
export type LeafMap = (leaf: number, value: JsonValue) => JsonValue | undefined

/**
 * The record with each of its leaves, numbered from 1, replaced. What loses all its members goes too, but for elements of lists: null
 * keeps their place, so that the pointers of the others stay.
 */
export function mapLeaves(record: CanonicalRecord, map: LeafMap): CanonicalRecord {
  let leaf = 0
  const walk = (value: JsonValue): JsonValue | undefined => {
    if (typeof value !== 'object' || value === null) return map((leaf += 1), value)
    if (Array.isArray(value)) {
      return value.length === 0 ? map((leaf += 1), value) : value.map((item) => walk(item) ?? null)
    }
    const names = Object.keys(value).toSorted(byCodeUnits)
    if (names.length === 0) return map((leaf += 1), value)
    const members = names.flatMap((name) => {
      const member = walk(value[name]!)
      return member === undefined ? [] : [[name, member] as const]
    })
    return members.length === 0 ? undefined : Object.fromEntries(members)
  }
  if (Object.keys(record).length === 0) return record
  return (walk(record) ?? {}) as CanonicalRecord
}

/** The values of some leaves, by their numbers. */
export function valuesAt(record: CanonicalRecord, leaves: readonly number[]): JsonValue[] {
  const found = new Map<number, JsonValue>()
  mapLeaves(record, (leaf, value) => {
    found.set(leaf, value)
    return value
  })
  return leaves.map((leaf) => found.get(leaf)!)
}

/** The text of a leaf whose value was null until now. FormatError `payload_malformed` when it was not. */
export function textWith({ leafTexts }: PreparedPayload, leaf: number, value: JsonValue): string {
  const text = leafTexts[leaf]
  if (!text?.endsWith(',null]'))
    throw new FormatError('payload_malformed', 'a part of the payload has no place in it')
  return `${text.slice(0, -5)}${canonicalJson(value)}]`
}

/** RFC 8785 sorts by UTF-16 code units, as a comparison of strings does. */
function byCodeUnits(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
