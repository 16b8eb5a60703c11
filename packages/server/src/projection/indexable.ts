// What of a record may enter the index: everything but what the record itself says is sealed, and what was sealed by a declaration
// after the record was made.

import {
  type CanonicalRecord,
  escapeToken,
  isObject,
  type JsonObject,
  type JsonValue,
  sealedPointers,
  setMember,
} from '@deponent/format'
import type { FieldRules, SourceEntry } from './source.ts'

/** No declaration sealed anything later. */
export const NO_RULES: FieldRules = {
  version: 0,
  touches: () => false,
  sealedUntil: () => 0,
  sealedWithinUntil: () => 0,
}

/** Flags a row of its own may follow from: sealed in the record or not at all. */
const FLAGS = new Set(['/humanOverride', '/humanReviewed', '/humanReviewRequired', '/verdict'])

/** Structures that enter the index whole or not at all. */
const WHOLE = new Set(['/humanDecision', '/outcome', '/prediction', '/tokenUsage'])

/** What is sealed of the fields of one entry. */
export interface Sealing {
  /** Whether the field is. */
  whole(pointer: string): boolean
  /** Whether a structure stands there in which something was sealed later. */
  within(pointer: string): boolean
}

/** Tells of the fields of one entry whether they are sealed. */
export function sealingOf(source: SourceEntry, record: CanonicalRecord, rules: FieldRules): Sealing {
  const bySelf = sealedPointers(record)
  const { index, systemName, entry } = source
  // Looks are records of the server, about which no declaration for a system is.
  if (entry.kind === 'access' || !rules.touches(systemName)) return { whole: bySelf, within: () => false }
  return {
    whole: (pointer) =>
      bySelf(pointer) || (!FLAGS.has(pointer) && index < rules.sealedUntil(systemName, pointer)),
    within: (pointer) =>
      WHOLE.has(pointer) &&
      isStructure(record[pointer.slice(1)]) &&
      index < rules.sealedWithinUntil(systemName, pointer),
  }
}

function isStructure(value: JsonValue | undefined): boolean {
  return typeof value === 'object' && value !== null
}

/** Results of which the index says that there are some, and no more, when something in them was sealed later. */
const RESULTS = new Set(['/outcome', '/prediction'])

/** The record without the top-level fields and features that are sealed; itself when none is. */
export function indexable(record: CanonicalRecord, { whole, within }: Sealing): CanonicalRecord {
  const left = withoutSealed(
    record,
    '',
    (pointer) => whole(pointer) || (!RESULTS.has(pointer) && within(pointer)),
  )
  const features = left['inputFeatures']
  if (!isObject(features)) return left
  const open = withoutSealed(features, '/inputFeatures', whole)
  return open === features ? left : { ...left, inputFeatures: open }
}

/** Members that hold no value of the sender's, or nothing but what their own members hold. */
const STRUCTURE = new Set(['/inputFeatures', '/links', '/timestamp', '/at', '/basis', '/actor'])

function withoutSealed(
  object: JsonObject,
  above: string,
  isSealed: (pointer: string) => boolean,
): JsonObject {
  const names = Object.keys(object).filter((name) => {
    const pointer = `${above}/${escapeToken(name)}`
    return !STRUCTURE.has(pointer) && isSealed(pointer)
  })
  if (names.length === 0) return object
  const sealed = new Set(names)
  const open: JsonObject = {}
  for (const [name, value] of Object.entries(object)) if (!sealed.has(name)) setMember(open, name, value)
  return open
}
