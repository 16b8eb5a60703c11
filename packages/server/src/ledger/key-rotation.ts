/** Who holds the checkpoint key, as far as changing it goes: this process, or the signer's own. */
import { formatRotation } from '@deponent/format'
import type { Random } from '../platform/random.ts'
import type { KeyFile } from './key-file.ts'
import type { Signer } from './signer.ts'
import { noteBy } from './signing-key.ts'

/** Each step may be done again: it answers the same. */
export interface RotatingKey {
  /** The key a rotation that is under way leads to, or undefined. */
  readonly next: string | undefined
  /** The statement that the next key counts from ledger size `from` on, a note signed by both. */
  stateRotation(from: number): Promise<string>
  /** The last head, whose size must be `size`, signed by both; the next key signs from here on. */
  countersign(size: number): Promise<string>
  /** Destroys the older key once `vkey` is on record as the present one. */
  promote(vkey: string): Promise<void>
}

/** Signs, with both keys of a file, that the next replaces the present one from ledger size `from` on. */
export async function stateRotation(
  file: KeyFile,
  random: Random,
  rotation: { origin: string; use: 'checkpoint' | 'promise'; from: number },
): Promise<string> {
  const previous = await file.mint(random)
  const next = await file.mintNext(random)
  const text = formatRotation({ ...rotation, previous: previous.vkey, next: next.vkey })
  return noteBy(text, [previous, next])
}

/** A checkpoint key in this process. */
export class LocalRotatingKey implements RotatingKey {
  readonly #file: KeyFile
  readonly #signer: Signer
  readonly #random: Random
  readonly #origin: string

  constructor(file: KeyFile, signer: Signer, random: Random, origin: string) {
    this.#file = file
    this.#signer = signer
    this.#random = random
    this.#origin = origin
  }

  get next(): string | undefined {
    return this.#file.next?.vkey
  }

  stateRotation(from: number): Promise<string> {
    return stateRotation(this.#file, this.#random, { origin: this.#origin, use: 'checkpoint', from })
  }

  async countersign(size: number): Promise<string> {
    return this.#signer.countersign(await this.#file.mintNext(this.#random), size)
  }

  promote(vkey: string): Promise<void> {
    return this.#file.promote(vkey)
  }
}
