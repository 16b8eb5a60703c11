/**
 * The secrets of a payload, or of a part of one. They are derived, never stored (`docs/format.md`, 3.4):
 *
 *   HMAC-SHA-512(key, "deponent/record/v1" ‖ entry id ‖ r) = AES key ‖ recordSalt
 */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { concatBytes, FormatError, utf8 } from '@deponent/format'
import { Hmac } from './hmac.ts'

const TAG_BYTES = 16
const SALT_BYTES = 16
const ZERO_NONCE = new Uint8Array(12)
const ZERO_COUNTER = new Uint8Array(16)
const LABEL = utf8('deponent/record/v1')

export interface RecordSecrets {
  aesKey: KeyObject
  recordSalt: Uint8Array
}

// Keys are handed to the ciphers as KeyObjects: from raw bytes each cipher takes 12-16 µs longer to make.
export function recordSecrets(key: Uint8Array, id: string, r: Uint8Array): RecordSecrets {
  const derived = new Hmac('sha512', key).digest(concatBytes(LABEL, utf8(id), r))
  return { aesKey: createSecretKey(derived.subarray(0, 32)), recordSalt: derived.subarray(32) }
}

/** The key under which one keeper has the content key of a payload in parts. */
export function wrappingKey(key: Uint8Array, id: string, r: Uint8Array): KeyObject {
  const derived = new Hmac('sha256', key).digest(concatBytes(utf8('deponent/keeper/v1'), utf8(id), r))
  return createSecretKey(derived)
}

/** `count` 16-byte salts: the AES-256-CTR key stream of `recordSalt` from a zero counter block. */
export function saltsOf(recordSalt: Uint8Array, count: number): Uint8Array {
  return createCipheriv('aes-256-ctr', createSecretKey(recordSalt), ZERO_COUNTER).update(
    new Uint8Array(count * SALT_BYTES),
  )
}

/** What a ciphertext of an entry is bound to: id ‖ root. */
export function boundTo(id: string, root: Uint8Array): Uint8Array {
  return concatBytes(utf8(id), root)
}

/** Ciphertext and tag, under a key that is used once. */
export function encrypt(key: KeyObject, bytes: Uint8Array, bound: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', key, ZERO_NONCE)
  cipher.setAAD(bound)
  return concatBytes(cipher.update(bytes), cipher.final(), cipher.getAuthTag())
}

/** FormatError `payload_mismatch` when the bytes are not the ones that were sealed for this entry. */
export function decrypt(key: KeyObject, sealed: Uint8Array, bound: Uint8Array): Uint8Array {
  const decipher = createDecipheriv('aes-256-gcm', key, ZERO_NONCE)
  decipher.setAAD(bound)
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()])
  } catch {
    throw new FormatError('payload_mismatch', 'the sealed payload does not open for its entry')
  }
}
