/**
 * Finds ids that two entries share, without keeping every id. An id holds the time it was minted at, and an entry is received shortly
 * after; so ids are remembered for a while, and one that is older than that when it comes is looked for again among all (`isLate`).
 */
import type { Entry } from '@deponent/format'

/** How long after its id was minted an entry is usually received, at most. Longer is slower to check, not wrong. */
const REMEMBERED_MS = 60_000
const BUCKET_MS = 1_000
/** Stands in the place of an index for an id that was found twice already. */
const REPORTED = -1

export class RepeatedIds {
  /** Ids that came later than remembered, with the index of the first entry of each. */
  readonly late = new Map<string, number>()
  readonly #recent = new Map<number, Set<string>>()
  #receivedAt = 0

  /** Takes the entries in order; true when an entry taken before, and remembered, has the same id. */
  take(index: number, { id, receivedAt }: Pick<Entry, 'id' | 'receivedAt'>): boolean {
    if (receivedAt > this.#receivedAt) this.#forgetBefore(receivedAt)
    const mintedAt = mintedAtOf(id)
    if (mintedAt < this.#receivedAt - REMEMBERED_MS) {
      const isKnown = this.late.has(id)
      this.late.set(id, isKnown ? REPORTED : index)
      return isKnown
    }
    const bucket = Math.floor(mintedAt / BUCKET_MS)
    const ids = this.#recent.get(bucket) ?? new Set()
    if (ids.has(id)) return true
    this.#recent.set(bucket, ids.add(id))
    return false
  }

  /** On a second pass over all entries: true when a late entry has the id of this one. */
  isRepeated(index: number, { id }: Entry): boolean {
    const late = this.late.get(id)
    return late !== undefined && late !== REPORTED && late !== index
  }

  #forgetBefore(receivedAt: number): void {
    const isNewBucket = Math.floor(receivedAt / BUCKET_MS) > Math.floor(this.#receivedAt / BUCKET_MS)
    this.#receivedAt = receivedAt
    if (!isNewBucket) return
    const oldest = Math.floor((receivedAt - REMEMBERED_MS) / BUCKET_MS)
    for (const bucket of this.#recent.keys()) if (bucket < oldest) this.#recent.delete(bucket)
  }
}

/** Unix ms in the head of a UUIDv7. */
const mintedAtOf = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
