/** Copies that somebody outside got, as the record of looks tells of them. */
import type { CanonicalRecord, JsonValue } from '@deponent/format'

/** Entries as a look may name them. */
export interface CopiedEntry {
  readonly index: number
  readonly id: string
}

/** Tells of which of these entries a look showed something: by their ids, or by a range of indices. */
export function shownOf<Copied extends CopiedEntry>(
  entries: readonly Copied[],
): (look: CanonicalRecord) => Copied[] {
  const byId = new Map<JsonValue, Copied>(entries.map((entry) => [entry.id, entry]))
  return ({ objects, query }) => {
    const named = Array.isArray(objects) ? objects.flatMap((id) => byId.get(id) ?? []) : []
    const { from, to } = typeof query === 'object' && query !== null && !Array.isArray(query) ? query : {}
    if (typeof from !== 'number' || typeof to !== 'number') return named
    return [...named, ...entries.filter(({ index }) => index >= from && index < to)]
  }
}

/** Who got a copy, in words. */
export function recipientIn({ recipient, actor }: CanonicalRecord): string {
  const told = recipient ?? actor
  if (typeof told === 'string') return told
  const name = typeof told === 'object' && told !== null && !Array.isArray(told) ? told.name : undefined
  return typeof name === 'string' ? name : 'a recipient whose name was not recorded'
}
