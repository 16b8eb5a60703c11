/** A note signer for tests. Seeds are public, so these keys protect nothing. */
import { ed25519 } from '@noble/curves/ed25519.js'
import {
  concatBytes,
  cosignedMessage,
  formatNote,
  formatVkey,
  KEY_TYPE,
  keyIdOf,
  parseVkey,
  u64be,
  utf8,
} from '@deponent/format'
import type { NoteSignature, VerifierKey } from '@deponent/format'

export interface Signer {
  readonly key: VerifierKey
  sign(text: string): NoteSignature
}

/** An Ed25519 note signer whose secret is 32 times the byte `seed`. */
export function signer(name: string, seed: number): Signer {
  const secret = new Uint8Array(32).fill(seed)
  const publicKey = ed25519.getPublicKey(secret)
  const key = parseVkey(formatVkey(name, publicKey))
  return {
    key,
    sign: (text) => ({ name, keyId: key.keyId, signature: ed25519.sign(utf8(text), secret) }),
  }
}

/** A witness that cosigns at a fixed time. */
export function witness(name: string, seed: number, timeS: number): Signer {
  const secret = new Uint8Array(32).fill(seed)
  const publicKey = ed25519.getPublicKey(secret)
  const key = parseVkey(formatVkey(name, publicKey, KEY_TYPE.cosignature))
  const keyId = keyIdOf(name, publicKey, KEY_TYPE.cosignature)
  return {
    key,
    sign: (text) => ({
      name,
      keyId,
      signature: concatBytes(u64be(timeS), ed25519.sign(cosignedMessage(text, timeS), secret)),
    }),
  }
}

/** A note over a text, signed by each in turn. */
export function noteBy(text: string, ...signers: readonly Signer[]): string {
  return formatNote(
    text,
    signers.map((by) => by.sign(text)),
  )
}

/** The code of the FormatError a call throws; anything else fails the test. */
export function codeOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.name === 'FormatError') return String(error.code)
    throw error
  }
  return 'accepted'
}
