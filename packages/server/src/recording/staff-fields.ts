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
  const found: StaffField[] = []
  const { metadata, scorerType } = record
  take(found, record, [])
  if (isObject(metadata)) {
    take(found, metadata, ['metadata'])
    for (const [block, value] of Object.entries(metadata))
      if (isObject(value) && !NAMES.has(spelt(block))) take(found, value, ['metadata', block])
  }
  if (!SCORED_BY_MACHINE.has(scorerType)) return found
  return found.filter(({ name, path }) => path.length > 1 || name !== 'scorerId')
}

export function isOfTheReviewer({ name, path }: StaffField): boolean {
  return path.length > 1 && OF_THE_REVIEWER.has(name)
}

function take(found: StaffField[], object: { [name: string]: JsonValue }, above: readonly string[]): void {
  for (const member of Object.keys(object)) {
    const name = spelt(member)
    if (NAMES.has(name)) found.push({ path: [...above, member], name, value: object[member]! })
  }
}

/** A name in our spelling. One that was taken already is kept in metadata under the pointer it was sent at. */
function spelt(member: string): string {
  const name = member.slice(member.lastIndexOf('/') + 1)
  if (!name.includes('_')) return name
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function isObject(value: JsonValue | undefined): value is { [name: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
