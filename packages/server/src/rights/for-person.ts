/**
 * A record as the person it is about is given it. What is about others is not theirs to take (GDPR Art. 15(4)): other people, and staff,
 * whose names are told only where they are essential (C-579/21 Pankki S).
 */
import type { CanonicalRecord, JsonValue, RecordKind } from '@deponent/format'
import { subjectsOf } from '../recording/links.ts'
import { staffFieldsOf } from '../recording/staff-fields.ts'

type IsOwn = (id: string) => boolean

/** Technical members nobody is helped by: the number of the record in its sender's count, with the secret that blinds it. */
const LEFT_OUT: ReadonlySet<string> = new Set(['emitter'])

const STAFF: JsonValue = { withheld: 'staff' }
const OTHERS: JsonValue = { withheld: 'another person' }

/** What every record says of itself, whoever it is about. */
const OF_ANY_RECORD: ReadonlySet<string> = new Set([
  'affectedSubjects',
  'affectedUserId',
  'at',
  'atSource',
  'basis',
  'decisionId',
  'links',
  'retention',
  'system',
])

/** What the person is told of a hold: that it stands, on which ground and until when; the words are about the case, and not about them alone. */
const OF_A_HOLD: ReadonlySet<string> = new Set([...OF_ANY_RECORD, 'ground', 'holdId', 'reviewAt', 'scope'])
const OF_ITS_SCOPE: ReadonlySet<string> = new Set(['from', 'systems', 'to'])

/** Kinds in which one person speaks, or is spoken for. */
const SAID_BY_ONE: ReadonlySet<RecordKind> = new Set([
  'contest',
  'notice',
  'rectification',
  'request',
  'subject.restricted',
  'subject.unrestricted',
])

/** `isOwn` tells ids of the person from those of others. */
export function forPerson(kind: RecordKind, record: CanonicalRecord, isOwn: IsOwn): CanonicalRecord {
  if (kind.startsWith('hold.')) return holdFor(record, isOwn)
  if (isOfAnother(kind, record, isOwn)) return withoutWords(record, isOwn)
  const given: CanonicalRecord = {}
  for (const [name, value] of Object.entries(withoutStaff(record, isOwn)))
    if (!LEFT_OUT.has(name)) given[name] = fieldFor(name, value, isOwn)
  return given
}

/** Whether a record about something of several people is what another of them said, or what was done for another. */
function isOfAnother(kind: RecordKind, record: CanonicalRecord, isOwn: IsOwn): boolean {
  if (!SAID_BY_ONE.has(kind)) return false
  const people = subjectsOf(record)
  const isNamedSomehow = Array.isArray(record.affectedSubjects) && record.affectedSubjects.some(isObject)
  return (people.length > 0 || isNamedSomehow) && !people.some(isOwn)
}

function withoutWords(record: CanonicalRecord, isOwn: IsOwn): CanonicalRecord {
  const given: CanonicalRecord = {}
  for (const [name, value] of Object.entries(record))
    if (!LEFT_OUT.has(name)) given[name] = OF_ANY_RECORD.has(name) ? fieldFor(name, value, isOwn) : OTHERS
  return given
}

function holdFor({ affectedSubjects, scope, ...record }: CanonicalRecord, isOwn: IsOwn): CanonicalRecord {
  const given: CanonicalRecord = {}
  for (const [name, value] of Object.entries(record))
    if (OF_A_HOLD.has(name)) given[name] = fieldFor(name, value, isOwn)
  // How many others it holds is not theirs to know either.
  if (Array.isArray(affectedSubjects))
    given.affectedSubjects = affectedSubjects.filter((one) => isOwnElement(one, isOwn))
  if (isObject(scope))
    given.scope = Object.fromEntries(Object.entries(scope).filter(([name]) => OF_ITS_SCOPE.has(name)))
  return given
}

function withoutStaff(record: CanonicalRecord, isOwn: IsOwn): CanonicalRecord {
  let given = record
  for (const { path, value } of staffFieldsOf(record))
    if (typeof value !== 'string' || !isOwn(value)) given = replaced(given, path)
  return given
}

function replaced(
  object: { [name: string]: JsonValue },
  [name = '', ...below]: readonly string[],
): { [name: string]: JsonValue } {
  const inner = object[name]
  return { ...object, [name]: below.length > 0 && isObject(inner) ? replaced(inner, below) : STAFF }
}

function fieldFor(name: string, value: JsonValue, isOwn: IsOwn): JsonValue {
  if (name === 'affectedUserId' || name === 'userId')
    return typeof value === 'string' && isOwn(value) ? value : OTHERS
  if (name === 'affectedSubjects' && Array.isArray(value))
    return value.map((one) => (one === null || isOwnElement(one, isOwn) ? one : OTHERS))
  if (name === 'identityCheck' && isObject(value)) return { ...value, by: STAFF }
  return value
}

/** One that does not say whom it names, by their id, may name anybody. */
function isOwnElement(element: JsonValue, isOwn: IsOwn): boolean {
  const people = subjectsOf({ affectedSubjects: [element] })
  return people.length > 0 && people.every(isOwn)
}

/** Fields whose content the person gave: what was asked of them or observed of them, not what was made of it. */
const PROVIDED: ReadonlySet<string> = new Set(['input', 'inputFeatures', 'statement', 'query', 'contextData'])

/**
 * What the person provided (GDPR Art. 20(1)) of a record as they are given it, with the ground it was processed on, since the right is
 * there for consent and contract only. Predictions, scores and explanations are the controller's. Undefined when there is nothing of the
 * person's own in it.
 */
export function providedBy(record: CanonicalRecord): CanonicalRecord | undefined {
  const given: CanonicalRecord = {}
  for (const [name, value] of Object.entries(record))
    if (PROVIDED.has(name) && !isWithheld(value)) given[name] = value
  const said = Array.isArray(record.messages) ? record.messages.filter(isFromPerson) : []
  if (said.length > 0) given.messages = said
  if (Object.keys(given).length === 0) return undefined
  return { ...given, lawfulBasis: record.lawfulBasis ?? 'not recorded here' }
}

function isWithheld(value: JsonValue): boolean {
  return isObject(value) && Object.keys(value).length === 1 && value.withheld === 'another person'
}

function isFromPerson(message: JsonValue): boolean {
  return isObject(message) && message.role === 'user'
}

function isObject(value: JsonValue | undefined): value is { [name: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
