/**
 * What the ledger's frames carry beside each entry: `u8 n ‖ n bytes for deduplication ‖ the vault frame`. n is 0 or 32
 * (key ‖ MAC of the content, 16 bytes each).
 */
import { FormatError } from '@deponent/format'
import type { Mark } from './marker.ts'

const MARK_BYTES = 32

export function encodeAttachment(mark: Mark | undefined, frame: Uint8Array): Uint8Array {
  const markBytes = mark ? MARK_BYTES : 0
  const bytes = Buffer.allocUnsafeSlow(1 + markBytes + frame.length)
  bytes[0] = markBytes
  if (mark) {
    bytes.write(mark.key, 1, 'latin1')
    bytes.write(mark.mac, 17, 'latin1')
  }
  bytes.set(frame, 1 + markBytes)
  return bytes
}

/** FormatError `wal_corrupt` when the bytes are not an attachment. */
export function decodeAttachment(bytes: Uint8Array): { mark?: Mark; frame: Uint8Array } {
  if (bytes[0] === 0) return { frame: bytes.subarray(1) }
  if (bytes[0] !== MARK_BYTES || bytes.length < 1 + MARK_BYTES)
    throw new FormatError('wal_corrupt', 'an attachment is malformed')
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + 1, MARK_BYTES).toString('latin1')
  return { mark: { key: text.slice(0, 16), mac: text.slice(16) }, frame: bytes.subarray(1 + MARK_BYTES) }
}
