/**
 * Finds ids that two entries share, without keeping every id. An id holds the time it was minted at, and an entry is received shortly
 * after; so ids are remembered for a while, and one that is older than that when it comes is looked for again among all (`isLate`).
 */
import type { Entry } from '@deponent/format'
import { IdSet } from './id-set.ts'
import { idAt, mintedAt } from './id-words.ts'

/** How long after its id was minted an entry is usually received, at most. Longer is slower to check, not wrong. */
const REMEMBERED_MS = 60_000
const BUCKET_MS = 1_000
/** Stands in the place of an index for an id that was found twice already. */
const REPORTED = -1

export class RepeatedIds {
  /** Ids that came later than remembered, with the index of the first entry of each. */
  readonly late = new Map<string, number>()
  readonly #recent = new Map<number, IdSet>()
  readonly #lot: Uint32Array
  #receivedAt = 0

  /** `lot`: as `IdSet` takes it. */
  constructor(lot: Uint32Array) {
    this.#lot = lot
  }

  /** Takes the entries in order, the id of each in `words` at `at`; true when an entry taken before, and remembered, has the same id. */
  take(index: number, receivedAt: number, words: Uint32Array, at: number): boolean {
    if (receivedAt > this.#receivedAt) this.#forgetBefore(receivedAt)
    const minted = mintedAt(words, at)
    if (minted < this.#receivedAt - REMEMBERED_MS) {
      const id = idAt(words, at)
      const isKnown = this.late.has(id)
      this.late.set(id, isKnown ? REPORTED : index)
      return isKnown
    }
    const bucket = Math.floor(minted / BUCKET_MS)
    const ids = this.#recent.get(bucket) ?? new IdSet(this.#lot)
    this.#recent.set(bucket, ids)
    return !ids.add(words, at)
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
