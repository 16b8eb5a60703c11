/**
 * Whom the fields of a record name: the people it affects, and members of staff. What names one of them can be erased apart from the
 * rest ([decision 0040](../../../../docs/decisions/0040-several-people-in-one-record.md)); what is about them without standing there is not told apart.
 */
import { type CanonicalRecord, escapeToken, type JsonValue, type RecordKind } from '@deponent/format'
import { linkFor, subjectsOf } from './links.ts'
import { isOfTheReviewer, type StaffField, staffFieldsOf } from './staff-fields.ts'

/** One whom a record names. */
export interface Party {
  readonly who: 'person' | 'staff'
  /** As the sender calls them. */
  readonly id: string
  /** JSON pointers of the fields that name them: each with what lies below it. */
  readonly pointers: readonly string[]
}

/** Who answers for something, or let go of a hold, is not erased apart: what they did could not be shown without them. */
const ANSWERING: ReadonlySet<string> = new Set(['owner', 'releasedBy', 'requester'])

/** The people a record affects, each once. */
export function peopleIn(record: CanonicalRecord): Party[] {
  return subjectsOf(record).map((id) => ({ who: 'person', id, pointers: pointersOf(record, id) }))
}

function pointersOf({ affectedUserId, affectedSubjects }: CanonicalRecord, id: string): string[] {
  const elements = Array.isArray(affectedSubjects) ? affectedSubjects : []
  return [
    ...(affectedUserId === id ? ['/affectedUserId'] : []),
    ...elements.flatMap((element, i) => (idIn(element) === id ? [`/affectedSubjects/${i}`] : [])),
  ]
}

function idIn(element: JsonValue): JsonValue | undefined {
  return typeof element === 'object' && element !== null && !Array.isArray(element) ? element.id : element
}

/** The members of staff that a decision, a record about one or an event in the life of a model names, each once. */
export function staffIn(kind: RecordKind, record: CanonicalRecord): Party[] {
  if (kind !== 'decision' && linkFor(kind) === undefined && !kind.startsWith('model.')) return []
  const fields = staffFieldsOf(record).filter((field) => isErasedApart(kind, field))
  const reviewer = [record.reviewerId, record.humanReviewerId].find((id) => typeof id === 'string')
  const named = new Map<string, string[]>()
  for (const field of fields) {
    const beside = isOfTheReviewer(field) ? reviewer : undefined
    for (const { id, pointer } of beside === undefined
      ? namesIn(field)
      : [{ id: beside, pointer: at(field.path) }])
      if (typeof id === 'string' && id !== '') named.set(id, [...(named.get(id) ?? []), pointer])
  }
  return [...named].map(([id, pointers]) => ({ who: 'staff', id, pointers }))
}

function isErasedApart(kind: RecordKind, { name, path }: StaffField): boolean {
  if (path.length > 1) return true
  // Whoever contests is the person concerned, or speaks for them; who sends a decision is its source.
  if (name === 'actor') return kind !== 'contest' && kind !== 'decision'
  return !ANSWERING.has(name)
}

/** Whom a field names, each by the part of it that does. */
function namesIn({ path, value }: StaffField): { id: JsonValue | undefined; pointer: string }[] {
  if (!Array.isArray(value)) return [{ id: idIn(value), pointer: at(path) }]
  return value.map((one, i) => ({ id: idIn(one), pointer: at([...path, `${i}`]) }))
}

function at(path: readonly string[]): string {
  return path.map((name) => `/${escapeToken(name)}`).join('')
}

/** The numbers of the leaves at and below the pointers of a party; `pointers` are those of leaves 1, 2, … */
export function leavesOfParty({ pointers: own }: Party, pointers: readonly string[]): number[] {
  const isTheirs = (pointer: string): boolean =>
    own.some((at) => pointer === at || (pointer.startsWith(at) && pointer[at.length] === '/'))
  return pointers.flatMap((pointer, i) => (isTheirs(pointer) ? [i + 1] : []))
}
