import { createHash, randomBytes } from 'node:crypto'

/** Unpredictable bytes: the only source of keys, salts, ids and tokens. */
export interface Random {
  bytes(length: number): Uint8Array
}

const POOL_BYTES = 8_192
let pool = new Uint8Array(0)
let used = 0

/** The operating system's generator, drawn in pools because one small call costs as much as eight kilobytes. */
export const realRandom: Random = {
  bytes: (length) => {
    if (length > POOL_BYTES / 4) return randomBytes(length)
    if (used + length > pool.length) {
      pool = randomBytes(POOL_BYTES)
      used = 0
    }
    used += length
    return new Uint8Array(pool.subarray(used - length, used))
  },
}

/** A repeatable stream from one seed: SHA-256 in counter mode. Never for real keys. */
export class SeededRandom implements Random {
  readonly #seed: string
  #counter = 0

  constructor(seed: number | string) {
    this.#seed = String(seed)
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length)
    for (let at = 0; at < length; at += 32) {
      const block = createHash('sha256')
        .update(`${this.#seed}/${this.#counter++}`)
        .digest()
      out.set(block.subarray(0, Math.min(32, length - at)), at)
    }
    return out
  }
}
