/**
 * Whom the fields of a record name: the people it affects, and members of staff. What names one of them can be erased apart from the
 * rest ([decision 0040](../../../../docs/decisions/0040-several-people-in-one-record.md)); what is about them without standing there is not told apart.
 */
import type { CanonicalRecord, JsonValue, RecordKind } from '@deponent/format'
import { linkFor, subjectsOf } from './links.ts'

/** One whom a record names. */
export interface Party {
  readonly who: 'person' | 'staff'
  /** As the sender calls them. */
  readonly id: string
  /** JSON pointers of the fields that name them: each with what lies below it. */
  readonly pointers: readonly string[]
}

/** Fields in which a record of any kind names a member of staff by their id. */
const STAFF_FIELDS = ['reviewerId', 'humanReviewerId', 'secondVerifierId']
/** What else a sender said of the reviewer lies where unknown fields land. */
const BESIDE_THE_REVIEWER = ['/metadata/reviewer']
const REVIEWER_FIELDS: ReadonlySet<string> = new Set(['reviewerId', 'humanReviewerId'])

/** The people a record affects, each once. */
export function peopleIn(record: CanonicalRecord): Party[] {
  return subjectsOf(record).map((id) => ({ who: 'person', id, pointers: pointersOf(record, id) }))
}

function pointersOf({ affectedUserId, affectedSubjects }: CanonicalRecord, id: string): string[] {
  const elements = Array.isArray(affectedSubjects) ? affectedSubjects : []
  return [
    ...(affectedUserId === id ? ['/affectedUserId'] : []),
    ...elements.flatMap((element, i) => (subjectIn(element) === id ? [`/affectedSubjects/${i}`] : [])),
  ]
}

function subjectIn(element: JsonValue): JsonValue | undefined {
  return typeof element === 'object' && element !== null && !Array.isArray(element) ? element.id : element
}

/** The members of staff a record names, each once. */
export function staffIn(kind: RecordKind, record: CanonicalRecord): Party[] {
  const named = new Map<string, string[]>()
  const name = (id: JsonValue | undefined, ...pointers: string[]): void => {
    if (typeof id === 'string' && id !== '') named.set(id, [...(named.get(id) ?? []), ...pointers])
  }
  for (const field of STAFF_FIELDS)
    name(record[field], `/${field}`, ...(REVIEWER_FIELDS.has(field) ? BESIDE_THE_REVIEWER : []))
  // Whoever contests is the person concerned, or speaks for them.
  if (linkFor(kind) !== undefined && kind !== 'contest') name(actorId(record.actor), '/actor')
  const claimed = new Set<string>()
  return [...named].map(([id, pointers]) => {
    const own = [...new Set(pointers)].filter((pointer) => !claimed.has(pointer))
    for (const pointer of own) claimed.add(pointer)
    return { who: 'staff', id, pointers: own }
  })
}

function actorId(actor: JsonValue | undefined): JsonValue | undefined {
  return typeof actor === 'object' && actor !== null && !Array.isArray(actor) ? actor.id : actor
}

/** The numbers of the leaves at and below the pointers of a party; `pointers` are those of leaves 1, 2, … */
export function leavesOfParty({ pointers: own }: Party, pointers: readonly string[]): number[] {
  const isTheirs = (pointer: string): boolean =>
    own.some((at) => pointer === at || (pointer.startsWith(at) && pointer[at.length] === '/'))
  return pointers.flatMap((pointer, i) => (isTheirs(pointer) ? [i + 1] : []))
}
