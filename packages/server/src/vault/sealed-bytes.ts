/**
 * The form in which small secrets lie in files: a head in the clear, content sealed under it, and a checksum that needs no key.
 *
 *   head, whose last 12 bytes are the nonce ‖ AES-256-GCM(content; additional data: the head) ‖ tag (16) ‖ SHA-256 of all before
 */
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'
import { concatBytes, equalBytes } from '@deponent/format'

const NONCE_BYTES = 12
const TAG_BYTES = 16
const SUM_BYTES = 32
/** Bytes behind the head that are not content. */
export const AROUND_BYTES = TAG_BYTES + SUM_BYTES

const sumOf = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()

/** Seals content behind its head. The nonce in the head is drawn for this use of the key. */
export function sealBehind(key: Uint8Array, head: Uint8Array, content: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', key, head.subarray(-NONCE_BYTES))
  cipher.setAAD(head)
  const sealed = concatBytes(head, cipher.update(content), cipher.final(), cipher.getAuthTag())
  return concatBytes(sealed, sumOf(sealed))
}

/** Whether the checksum at the end is that of what stands before it. */
export function isWhole(bytes: Uint8Array): boolean {
  return (
    bytes.length >= SUM_BYTES && equalBytes(sumOf(bytes.subarray(0, -SUM_BYTES)), bytes.subarray(-SUM_BYTES))
  )
}

/** The content behind a head of so many bytes; undefined when it does not open with this key. */
export function openBehind(key: Uint8Array, bytes: Uint8Array, headBytes: number): Uint8Array | undefined {
  const head = bytes.subarray(0, headBytes)
  const decipher = createDecipheriv('aes-256-gcm', key, head.subarray(-NONCE_BYTES))
  decipher.setAAD(head)
  decipher.setAuthTag(bytes.subarray(-AROUND_BYTES, -SUM_BYTES))
  try {
    const content = [decipher.update(bytes.subarray(headBytes, -AROUND_BYTES)), decipher.final()]
    return new Uint8Array(Buffer.concat(content))
  } catch {
    return undefined
  }
}

/**
 * Whether a whole piece begins anywhere behind `at`, each beginning with `magic`: what one follows was durable before that was written, so
 * it is damaged and not merely unfinished.
 */
export function isFollowed(
  bytes: Uint8Array,
  at: number,
  magic: Uint8Array,
  isWholeAt: (position: number) => boolean,
): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let next = buffer.indexOf(magic, at + 1); next >= 0; next = buffer.indexOf(magic, next + 1)) {
    if (isWholeAt(next)) return true
  }
  return false
}
