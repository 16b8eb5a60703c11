/** Copies that somebody outside got, as the record of looks tells of them. */
import type { CanonicalRecord, JsonValue } from '@deponent/format'

/** Entries as a look may name them. */
export interface CopiedEntry {
  readonly index: number
  readonly id: string
}

/** Tells whether a look showed any of these entries: by their ids, or by a range of indices. */
export function copyOf(entries: readonly CopiedEntry[]): (look: CanonicalRecord) => boolean {
  const ids = new Set<JsonValue>(entries.map(({ id }) => id))
  const indices = entries.map(({ index }) => index)
  return ({ objects, query }) => {
    if (Array.isArray(objects) && objects.some((id) => ids.has(id))) return true
    const { from, to } = typeof query === 'object' && query !== null && !Array.isArray(query) ? query : {}
    if (typeof from !== 'number' || typeof to !== 'number') return false
    return indices.some((index) => index >= from && index < to)
  }
}

/** Who got a copy, in words. */
export function recipientIn({ recipient, actor }: CanonicalRecord): string {
  const told = recipient ?? actor
  if (typeof told === 'string') return told
  const name = typeof told === 'object' && told !== null && !Array.isArray(told) ? told.name : undefined
  return typeof name === 'string' ? name : 'a recipient whose name was not recorded'
}
