/**
 * What the ledger's frames carry beside each entry: `u8 n ‖ n bytes for deduplication ‖ the vault frame`. n is 0 or 32
 * (key ‖ MAC of the content, 16 bytes each).
 */
import { concatBytes, FormatError } from '@deponent/format'

export interface DedupeMark {
  /** 16 bytes that name the record by system, kind and the sender's id. */
  key: Uint8Array
  /** 16-byte MAC of its content. */
  mac: Uint8Array
}

export function encodeAttachment(mark: DedupeMark | undefined, frame: Uint8Array): Uint8Array {
  if (!mark) return concatBytes(Uint8Array.of(0), frame)
  return concatBytes(Uint8Array.of(32), mark.key, mark.mac, frame)
}

/** FormatError `wal_corrupt` when the bytes are not an attachment. */
export function decodeAttachment(bytes: Uint8Array): { mark?: DedupeMark; frame: Uint8Array } {
  if (bytes[0] === 0) return { frame: bytes.subarray(1) }
  if (bytes[0] !== 32 || bytes.length < 33) throw new FormatError('wal_corrupt', 'an attachment is malformed')
  return { mark: { key: bytes.subarray(1, 17), mac: bytes.subarray(17, 33) }, frame: bytes.subarray(33) }
}
