/** Signers for vectors. Each secret is one byte repeated 32 times: everybody knows it, so it protects nothing. */
import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import {
  concatBytes,
  cosignedMessage,
  formatNote,
  formatVkey,
  KEY_TYPE,
  keyIdOf,
  u64be,
  utf8,
} from '../../packages/format/src/index.ts'
import type { NoteSignature } from '../../packages/format/src/index.ts'

export interface VectorSigner {
  readonly vkey: string
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

export function noteSigner(name: string, seed: number): VectorSigner {
  const secret = secretOf(seed)
  const publicKey = publicKeyOf(secret)
  const keyId = keyIdOf(name, publicKey)
  return {
    vkey: formatVkey(name, publicKey),
    sign: (text) => ({ name, keyId, signature: new Uint8Array(sign(null, utf8(text), secret)) }),
  }
}

export function witnessSigner(name: string, seed: number, timeS: number): VectorSigner {
  const secret = secretOf(seed)
  const publicKey = publicKeyOf(secret)
  const keyId = keyIdOf(name, publicKey, KEY_TYPE.cosignature)
  return {
    vkey: formatVkey(name, publicKey, KEY_TYPE.cosignature),
    sign: (text) => ({
      name,
      keyId,
      signature: concatBytes(u64be(timeS), new Uint8Array(sign(null, cosignedMessage(text, timeS), secret))),
    }),
  }
}

export function noteBy(text: string, ...signers: readonly VectorSigner[]): string {
  return formatNote(
    text,
    signers.map((signer) => signer.sign(text)),
  )
}
