/**
 * What a policy did to a record before it was sealed, as the record itself says under `/classification`. Absent when nothing but the
 * default was done. The longest pointer that covers a field decides: in `sealed` the field has no place in an index, in `queryable`
 * it has; what neither covers follows the default.
 */
import type { JsonValue } from '../json/value.ts'
import { isObject } from '../json/value.ts'
import type { CanonicalRecord } from './normalize.ts'

/** The member that says so; whatever a sender puts under this name goes below `metadata`. */
export const CLASSIFICATION = 'classification'

export interface Classification {
  /** Version of the policy. */
  readonly policy: number
  /** JSON pointers (RFC 6901); '' is the whole record. */
  readonly sealed: readonly string[]
  /** Exceptions below what is sealed. */
  readonly queryable: readonly string[]
  /** Values replaced by keyed pseudonyms, at or below these pointers. */
  readonly pseudonymised: readonly string[]
  /** Values left out, at or below these pointers. */
  readonly dropped: readonly string[]
  /** MAC of the record as it was before values were replaced or left out, 32 hex digits. */
  readonly content?: string
}

/** What the record says was done to it; undefined when it says nothing. */
export function classificationOf(record: CanonicalRecord): Classification | undefined {
  const block = record[CLASSIFICATION]
  if (!isObject(block)) return undefined
  const { policy, content } = block
  return {
    policy: typeof policy === 'number' ? policy : 0,
    sealed: pointersIn(block['sealed']),
    queryable: pointersIn(block['queryable']),
    pseudonymised: pointersIn(block['pseudonymised']),
    dropped: pointersIn(block['dropped']),
    ...(typeof content === 'string' && { content }),
  }
}

/** Whether values of the record were replaced or left out: it is then not the one its emitter hashed. */
export function isAltered({ pseudonymised, dropped }: Classification): boolean {
  return pseudonymised.length > 0 || dropped.length > 0
}

/** Tells of each pointer whether the record seals it. */
export function sealedPointers(record: CanonicalRecord): (pointer: string) => boolean {
  const classification = classificationOf(record)
  if (!classification || classification.sealed.length === 0) return () => false
  const { sealed, queryable } = classification
  return (pointer) => longestOver(sealed, pointer) > longestOver(queryable, pointer)
}

/** Length of the longest of these that is the pointer or stands above it; −1 when none does. */
function longestOver(pointers: readonly string[], pointer: string): number {
  let longest = -1
  for (const candidate of pointers) {
    const covers =
      pointer.startsWith(candidate) &&
      (pointer.length === candidate.length || pointer[candidate.length] === '/')
    if (covers && candidate.length > longest) longest = candidate.length
  }
  return longest
}

function pointersIn(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}
