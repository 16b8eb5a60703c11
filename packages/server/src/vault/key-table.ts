/**
 * Keys by number, and the number that a scope is given now, packed: some sixty bytes a person instead of ten times as many in objects of
 * their own. A server holds all of them, whoever they are about.
 *
 * Slots are those of a hash table with open addressing: 0 is free, -1 was taken once, anything else is a number and one. A scope is half of an
 * HMAC under a key nobody outside knows, so that its first bytes are as good as a hash of it, and nobody can choose scopes that fall together.
 */
import { KEY_BYTES, type KeyPair, SCOPE_BYTES } from './key-frames.ts'

const PAIR_BYTES = SCOPE_BYTES + KEY_BYTES
const CHUNK_PAIRS = 16_384
const SLOTS_MIN = 1_024
const FREE = 0
const REMOVED = -1

export class KeyTable {
  readonly #chunks: Uint8Array[] = []
  #size = 0
  #slots = new Int32Array(SLOTS_MIN)
  /** Slots that are not free. */
  #taken = 0
  /** Slots that hold a number. */
  #held = 0

  /** How many keys were ever appended, erased ones included. */
  get size(): number {
    return this.#size
  }

  /** Appends a copy of a pair; gives its number. */
  append({ key, scope }: KeyPair): number {
    const number = this.#size
    if (number % CHUNK_PAIRS === 0) this.#chunks.push(new Uint8Array(CHUNK_PAIRS * PAIR_BYTES))
    this.#size += 1
    const place = this.#placeOf(number)
    place.set(scope.subarray(0, SCOPE_BYTES))
    place.set(key, SCOPE_BYTES)
    return number
  }

  /** The pair with a number, both zeros once it was erased; views of what is held here. Undefined for a number that was never given. */
  pair(number: number): KeyPair | undefined {
    if (!Number.isInteger(number) || number < 0 || number >= this.#size) return undefined
    const place = this.#placeOf(number)
    return { scope: place.subarray(0, SCOPE_BYTES), key: place.subarray(SCOPE_BYTES) }
  }

  /** Leaves zeros in the place of a pair. */
  erase(number: number): void {
    this.#placeOf(number).fill(0)
  }

  /** The number that a scope is given now. */
  current(scope: Uint8Array): number | undefined {
    const slot = this.#find(scope)
    return slot < 0 ? undefined : this.#slots[slot]! - 1
  }

  /** From here on the scope of this number, which must not be erased, is given it. */
  makeCurrent(number: number): void {
    const { scope } = this.pair(number)!
    const known = this.#find(scope)
    if (known >= 0) {
      this.#slots[known] = number + 1
      return
    }
    if ((this.#taken + 1) * 2 > this.#slots.length) this.#rehash()
    this.#insert(scope, number)
  }

  /** From here on a scope is given no number. */
  dropCurrent(scope: Uint8Array): void {
    const slot = this.#find(scope)
    if (slot < 0) return
    this.#slots[slot] = REMOVED
    this.#held -= 1
  }

  /** The slot of a scope, -1 when it has none. */
  #find(scope: Uint8Array): number {
    const mask = this.#slots.length - 1
    for (let at = hashOf(scope) & mask; ; at = (at + 1) & mask) {
      const slot = this.#slots[at]!
      if (slot === FREE) return -1
      if (slot !== REMOVED && this.#isOf(slot - 1, scope)) return at
    }
  }

  #insert(scope: Uint8Array, number: number): void {
    const mask = this.#slots.length - 1
    let at = hashOf(scope) & mask
    while (this.#slots[at] !== FREE) at = (at + 1) & mask
    this.#slots[at] = number + 1
    this.#taken += 1
    this.#held += 1
  }

  /** Makes room for twice what is held, and forgets which slots were taken once. */
  #rehash(): void {
    const before = this.#slots
    let length = SLOTS_MIN
    while (length < 4 * (this.#held + 1)) length *= 2
    this.#slots = new Int32Array(length)
    this.#taken = 0
    this.#held = 0
    for (const slot of before) if (slot > FREE) this.#insert(this.pair(slot - 1)!.scope, slot - 1)
  }

  #isOf(number: number, scope: Uint8Array): boolean {
    const chunk = this.#chunks[Math.floor(number / CHUNK_PAIRS)]!
    const from = (number % CHUNK_PAIRS) * PAIR_BYTES
    for (let i = 0; i < SCOPE_BYTES; i += 1) if (chunk[from + i] !== scope[i]) return false
    return true
  }

  #placeOf(number: number): Uint8Array {
    const from = (number % CHUNK_PAIRS) * PAIR_BYTES
    return this.#chunks[Math.floor(number / CHUNK_PAIRS)]!.subarray(from, from + PAIR_BYTES)
  }
}

function hashOf(scope: Uint8Array): number {
  return scope[0]! | (scope[1]! << 8) | (scope[2]! << 16) | (scope[3]! << 24)
}
