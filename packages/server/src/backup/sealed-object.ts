/**
 * How everything lies in a backup: sealed, each object under a key of its own.
 *
 *   "DPNBKUP1" ‖ 32 random bytes ‖ AES-256-GCM(u8 coding ‖ content) ‖ tag (16)
 *
 * The key is HKDF-SHA-256(backup key; salt: the random bytes; info: the object's name), so that none is used twice and the nonce may be
 * zeros; the additional data are the head and the name. An object that was moved, exchanged or changed does not open. Coding 1 is raw
 * deflate, 0 is none.
 */
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { concatBytes, equalBytes, utf8 } from '@deponent/format'
import type { Random } from '../platform/random.ts'

const MAGIC = utf8('DPNBKUP1')
const SALT_BYTES = 32
const HEAD_BYTES = 8 + SALT_BYTES
const TAG_BYTES = 16
const NONCE = new Uint8Array(12)
/** What an object can unfold to. */
const CONTENT_BYTES_MAX = 0x7fff_ffff

export interface SealChoice {
  readonly random: Random
  /** Whether it is worth compressing: what is sealed or compressed already is not. */
  readonly isLoose?: boolean
}

/** Seals `content` as the object of this name. `key`: 32 bytes. */
export function sealObject(
  key: Uint8Array,
  name: string,
  content: Uint8Array,
  { random, isLoose = false }: SealChoice,
): Uint8Array {
  const head = concatBytes(MAGIC, random.bytes(SALT_BYTES))
  const cipher = createCipheriv('aes-256-gcm', keyOf(key, head, name), NONCE)
  cipher.setAAD(concatBytes(head, utf8(name)))
  const coding = Uint8Array.of(isLoose ? 1 : 0)
  const coded = isLoose ? deflateRawSync(content, { level: 4 }) : content
  return concatBytes(head, cipher.update(coding), cipher.update(coded), cipher.final(), cipher.getAuthTag())
}

/** The content of the object of this name; undefined when it is not what was sealed under this key and name. */
export function openObject(key: Uint8Array, name: string, object: Uint8Array): Uint8Array | undefined {
  if (object.length <= HEAD_BYTES + TAG_BYTES || !equalBytes(object.subarray(0, 8), MAGIC)) return undefined
  const head = object.subarray(0, HEAD_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', keyOf(key, head, name), NONCE)
  decipher.setAAD(concatBytes(head, utf8(name)))
  decipher.setAuthTag(object.subarray(-TAG_BYTES))
  try {
    const opened = concatBytes(decipher.update(object.subarray(HEAD_BYTES, -TAG_BYTES)), decipher.final())
    const content = opened.subarray(1)
    return opened[0] === 1
      ? new Uint8Array(inflateRawSync(content, { maxOutputLength: CONTENT_BYTES_MAX }))
      : content
  } catch {
    return undefined
  }
}

function keyOf(key: Uint8Array, head: Uint8Array, name: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, head.subarray(8), `deponent/backup-object/v1/${name}`, 32))
}
