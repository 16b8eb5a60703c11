/**
 * A witness of the drill's own, that behaves as C2SP tlog-witness asks: it cosigns only what the ledger signed and what extends what it
 * cosigned before.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import {
  concatBytes,
  cosignedMessage,
  equalBytes,
  formatNote,
  formatVkey,
  fromBase64,
  KEY_TYPE,
  parseCheckpoint,
  parseNote,
  parseVkey,
  rootOf,
  u64be,
  type VerifierKey,
  verifyNote,
} from '@deponent/format'
import { nativeVerify } from '../ledger/signing-key.ts'

const PKCS8_ED25519 = fromBase64('MC4CAQAwBQYDK2VwBCIEIA==')
const NAME = 'witness.invalid/drill'

export class Witness {
  readonly vkey: string
  readonly #private: KeyObject
  readonly #seed: Uint8Array
  readonly #log: VerifierKey
  #seen: { size: number; root: Uint8Array } | undefined

  /** `seed` is the 32-byte Ed25519 private seed, `logVkey` the key it knows the ledger by. */
  constructor(seed: Uint8Array, logVkey: string) {
    this.#seed = seed
    this.#log = parseVkey(logVkey)
    this.#private = createPrivateKey({
      key: Buffer.concat([PKCS8_ED25519, seed]),
      format: 'der',
      type: 'pkcs8',
    })
    const spki = createPublicKey(this.#private).export({ format: 'der', type: 'spki' })
    this.vkey = formatVkey(NAME, new Uint8Array(spki.subarray(-32)), KEY_TYPE.cosignature)
  }

  /**
   * The note with a cosignature as of `now`, Unix ms, or as it was when the witness refuses. `leaves` stand for the consistency
   * proof that a log would send.
   */
  cosign(note: string, leaves: readonly Uint8Array[], now: number): string {
    const parsed = parseNote(note)
    const { text, signatures } = parsed
    const { size, root } = parseCheckpoint(text)
    const isSigned = verifyNote(parsed, [this.#log], nativeVerify).length > 0
    if (!isSigned || size !== leaves.length || !this.#extends(leaves)) return note
    this.#seen = { size, root }
    const timeS = Math.floor(now / 1000)
    const signature = concatBytes(u64be(timeS), sign(null, cosignedMessage(text, timeS), this.#private))
    return formatNote(text, [...signatures, { name: NAME, keyId: parseVkey(this.vkey).keyId, signature }])
  }

  /** The same key with the same memory, so that what one attack got cosigned is not known in the next. */
  fork(): Witness {
    const twin = new Witness(this.#seed, this.#log.vkey)
    twin.#seen = this.#seen
    return twin
  }

  #extends(leaves: readonly Uint8Array[]): boolean {
    const seen = this.#seen
    return !seen || (leaves.length >= seen.size && equalBytes(rootOf(leaves.slice(0, seen.size)), seen.root))
  }
}
