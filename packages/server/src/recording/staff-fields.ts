/**
 * The one list of what names members of staff in a record: whoever used, wrote, reviewed, checked, scored, approved or decided. What an
 * erasure of staff takes and what is kept from the person a record is about go by it.
 */
import type { CanonicalRecord, JsonValue } from '@deponent/format'

const NAMES: ReadonlySet<string> = new Set([
  'actor',
  'approver',
  'approverId',
  'author',
  'authorId',
  'humanReviewer',
  'humanReviewerId',
  'mentions',
  'owner',
  'ownerId',
  'releasedBy',
  'requester',
  'reviewer',
  'reviewerId',
  'scorer',
  'scorerId',
  'secondVerifier',
  'secondVerifierId',
])

/** Whose fields these are is said by the reviewer's id beside them. */
const OF_THE_REVIEWER: ReadonlySet<string> = new Set([
  'humanReviewer',
  'humanReviewerId',
  'reviewer',
  'reviewerId',
])

/** Words of a score by which no person gave it. */
const SCORED_BY_MACHINE: ReadonlySet<JsonValue | undefined> = new Set(['model', 'code'])

export interface StaffField {
  /** Names of members from the record down. */
  readonly path: readonly string[]
  /** The last of them in our spelling. */
  readonly name: string
  readonly value: JsonValue
}

/**
 * The fields of a record that name staff: members of these names, in either spelling, at the top, in `metadata`, where unknown fields
 * land, and in the blocks that stand there.
 */
export function staffFieldsOf(record: CanonicalRecord): StaffField[] {
  const { metadata, scorerType } = record
  return [
    ...named(record, []).filter(({ name }) => name !== 'scorerId' || !SCORED_BY_MACHINE.has(scorerType)),
    ...named(metadata, ['metadata']),
    ...(isObject(metadata)
      ? Object.entries(metadata).flatMap(([block, value]) =>
          NAMES.has(spelt(block)) ? [] : named(value, ['metadata', block]),
        )
      : []),
  ]
}

export function isOfTheReviewer({ name, path }: StaffField): boolean {
  return path.length > 1 && OF_THE_REVIEWER.has(name)
}

function named(value: JsonValue | undefined, above: readonly string[]): StaffField[] {
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([member, inner]) => {
    const name = spelt(member)
    return NAMES.has(name) ? [{ path: [...above, member], name, value: inner }] : []
  })
}

/** A name in our spelling. One that was taken already is kept in metadata under the pointer it was sent at. */
function spelt(member: string): string {
  return member
    .slice(member.lastIndexOf('/') + 1)
    .replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function isObject(value: JsonValue | undefined): value is { [name: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
