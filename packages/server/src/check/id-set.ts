/**
 * A set of ids. Open addressing: an id lies at the first free place from that of its hash on. The hash is drawn by lot, so that nobody
 * can mint ids that all want the same place.
 *
 * Invariants
 * - At least half of the places are free.
 * - A place is free when its second word is 0: that word of a UUIDv7 holds the version, and is 0 in none.
 */
import { ID_WORDS } from './id-words.ts'

const BITS_MIN = 6

export class IdSet {
  readonly #lot: Uint32Array
  #bits = BITS_MIN
  #words = new Uint32Array(ID_WORDS << BITS_MIN)
  #size = 0

  /** `lot`: four numbers drawn at random. */
  constructor(lot: Uint32Array) {
    this.#lot = lot
  }

  /** Adds the id that `from` holds at `at`; false when it was there. */
  add(from: Uint32Array, at: number): boolean {
    if (!this.#insert(from, at)) return false
    this.#size += 1
    if (this.#size > 1 << (this.#bits - 1)) this.#grow()
    return true
  }

  #grow(): void {
    const words = this.#words
    this.#bits += 1
    this.#words = new Uint32Array(ID_WORDS << this.#bits)
    for (let at = 0; at < words.length; at += ID_WORDS) if (words[at + 1] !== 0) this.#insert(words, at)
  }

  #insert(from: Uint32Array, at: number): boolean {
    const words = this.#words
    const [a, b, c, d] = [from[at]!, from[at + 1]!, from[at + 2]!, from[at + 3]!]
    for (let place = this.#placeOf(a, b, c, d); ; place = (place + ID_WORDS) & (words.length - 1)) {
      if (words[place + 1] === 0) {
        words[place] = a
        words[place + 1] = b
        words[place + 2] = c
        words[place + 3] = d
        return true
      }
      const isSame =
        words[place + 1] === b && words[place] === a && words[place + 2] === c && words[place + 3] === d
      if (isSame) return false
    }
  }

  #placeOf(a: number, b: number, c: number, d: number): number {
    const [p, q, r, s] = this.#lot
    const sum = Math.imul(a, p! | 1) + Math.imul(b, q! | 1) + Math.imul(c, r! | 1) + Math.imul(d, s! | 1)
    return ((sum >>> 0) >>> (32 - this.#bits)) * ID_WORDS
  }
}
