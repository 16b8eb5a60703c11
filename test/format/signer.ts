/** A note signer for tests. Seeds are public, so these keys protect nothing. */
import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
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

/** An RFC 8032 seed in PKCS#8 (RFC 8410 §7): a fixed prefix and the 32 bytes. */
function secretOf(seed: number): KeyObject {
  const prefix = Buffer.from('302e020100300506032b657004220420', 'hex')
  return createPrivateKey({
    key: Buffer.concat([prefix, Buffer.alloc(32, seed)]),
    format: 'der',
    type: 'pkcs8',
  })
}

function publicKeyOf(secret: KeyObject): Uint8Array {
  const spki = createPublicKey(secret).export({ format: 'der', type: 'spki' })
  return new Uint8Array(spki.subarray(-32))
}

/** An Ed25519 note signer whose secret is 32 times the byte `seed`. */
export function signer(name: string, seed: number): Signer {
  const secret = secretOf(seed)
  const publicKey = publicKeyOf(secret)
  const key = parseVkey(formatVkey(name, publicKey))
  return {
    key,
    sign: (text) => ({ name, keyId: key.keyId, signature: new Uint8Array(sign(null, utf8(text), secret)) }),
  }
}

/** A witness that cosigns at a fixed time. */
export function witness(name: string, seed: number, timeS: number): Signer {
  const secret = secretOf(seed)
  const publicKey = publicKeyOf(secret)
  const key = parseVkey(formatVkey(name, publicKey, KEY_TYPE.cosignature))
  const keyId = keyIdOf(name, publicKey, KEY_TYPE.cosignature)
  return {
    key,
    sign: (text) => ({
      name,
      keyId,
      signature: concatBytes(u64be(timeS), new Uint8Array(sign(null, cosignedMessage(text, timeS), secret))),
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
