/** How records point at decisions and at people. */
import type { CanonicalRecord, JsonValue, RecordKind } from '@deponent/format'

const RELATION: Partial<Record<RecordKind, string>> = {
  outcome: 'outcomeOf',
  review: 'reviews',
  contest: 'contests',
  explanation: 'explains',
  comment: 'partOf',
  score: 'partOf',
  'trace.span': 'partOf',
  'trace.log': 'partOf',
  artifact: 'partOf',
  'artifact.part': 'partOf',
  action: 'causedBy',
  rectification: 'corrects',
  request: 'supersedes',
  'hold.reviewed': 'supersedes',
  'hold.release_asked': 'supersedes',
  'hold.released': 'supersedes',
  'subject.split': 'supersedes',
}

/** The relation of a kind of record to the decision, or the earlier step, that it is about; undefined when it is about none. */
export function linkFor(kind: RecordKind): string | undefined {
  return RELATION[kind]
}

/** The record with one more link, unless it has that link already. */
export function withLink(record: CanonicalRecord, link: { rel: string; id: string }): CanonicalRecord {
  const links = Array.isArray(record.links) ? record.links : []
  const known = links.some((other) => isLink(other) && other.rel === link.rel && other.id === link.id)
  return known ? record : { ...record, links: [...links, { ...link }] }
}

/** The ids the record links to by this relation, in its own order. */
export function linkedIds(record: CanonicalRecord, rel: string): string[] {
  const links = Array.isArray(record.links) ? record.links : []
  return links.flatMap((link) =>
    isLink(link) && link.rel === rel && typeof link.id === 'string' ? [link.id] : [],
  )
}

function isLink(value: JsonValue): value is { rel: JsonValue; id: JsonValue } {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && 'rel' in value && 'id' in value
  )
}

/** The people a record affects, by the sender's ids: `affectedUserId` and `affectedSubjects`, each once. An empty text names nobody. */
export function subjectsOf(record: CanonicalRecord): string[] {
  const subjects = new Set<string>()
  if (typeof record.affectedUserId === 'string' && record.affectedUserId !== '')
    subjects.add(record.affectedUserId)
  for (const subject of Array.isArray(record.affectedSubjects) ? record.affectedSubjects : []) {
    if (typeof subject === 'string' && subject !== '') subjects.add(subject)
    else if (
      typeof subject === 'object' &&
      subject !== null &&
      !Array.isArray(subject) &&
      typeof subject.id === 'string' &&
      subject.id !== ''
    )
      subjects.add(subject.id)
  }
  return [...subjects]
}
