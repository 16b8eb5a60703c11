/**
 * A record as the person it is about is given it. What is about others is not theirs to take (GDPR Art. 15(4)): other people, and staff,
 * whose names are told only where they are essential (C-579/21 Pankki S).
 */
import type { CanonicalRecord, JsonValue } from '@deponent/format'
import { subjectsOf } from '../recording/links.ts'

/** Fields that name staff: whoever used, reviewed, checked or decided. */
const STAFF_FIELDS: ReadonlySet<string> = new Set([
  'actor',
  'approver',
  'humanReviewerId',
  'mentions',
  'owner',
  'releasedBy',
  'requester',
  'reviewer',
  'reviewerId',
])

/** Technical members nobody is helped by: the number of the record in its sender's count, with the secret that blinds it. */
const LEFT_OUT: ReadonlySet<string> = new Set(['emitter'])

const STAFF: JsonValue = { withheld: 'staff' }
const OTHERS: JsonValue = { withheld: 'another person' }

/** `isOwn` tells ids of the person from those of others. */
export function forPerson(record: CanonicalRecord, isOwn: (id: string) => boolean): CanonicalRecord {
  const given: CanonicalRecord = {}
  for (const [name, value] of Object.entries(record))
    if (!LEFT_OUT.has(name)) given[name] = fieldFor(name, value, isOwn)
  return given
}

function fieldFor(name: string, value: JsonValue, isOwn: (id: string) => boolean): JsonValue {
  if (STAFF_FIELDS.has(name)) return STAFF
  if (name === 'affectedUserId' || name === 'userId')
    return typeof value === 'string' && isOwn(value) ? value : OTHERS
  if (name === 'affectedSubjects' && Array.isArray(value))
    return value.map((one) => (subjectsOf({ affectedSubjects: [one] }).every(isOwn) ? one : OTHERS))
  if (name === 'identityCheck' && isObject(value)) return { ...value, by: STAFF }
  return value
}

/** Fields whose content the person gave: what was asked of them or observed of them, not what was made of it. */
const PROVIDED: ReadonlySet<string> = new Set(['input', 'inputFeatures', 'statement', 'query', 'contextData'])

/**
 * What the person provided (GDPR Art. 20(1)), with the ground it was processed on, since the right is there for consent and contract
 * only. Predictions, scores and explanations are the controller's. Undefined when there is nothing of the person's own in it.
 */
export function providedBy(record: CanonicalRecord): CanonicalRecord | undefined {
  const given: CanonicalRecord = {}
  for (const [name, value] of Object.entries(record)) if (PROVIDED.has(name)) given[name] = value
  const said = Array.isArray(record.messages) ? record.messages.filter(isFromPerson) : []
  if (said.length > 0) given.messages = said
  if (Object.keys(given).length === 0) return undefined
  return { ...given, lawfulBasis: record.lawfulBasis ?? 'not recorded here' }
}

function isFromPerson(message: JsonValue): boolean {
  return isObject(message) && message.role === 'user'
}

function isObject(value: JsonValue | undefined): value is { [name: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
