/**
 * What the ledger's frames carry beside each entry: `u8 n ‖ n bytes ‖ the vault frame`. The n bytes are what the server's own state
 * needs and would otherwise have to open the payload for: n is 0, or 32 (mark: key ‖ MAC of the content, 16 bytes each), or 64
 * (mark ‖ link in the emitter's chain).
 */
import { FormatError } from '@deponent/format'
import type { Mark } from './marker.ts'

const MARK_BYTES = 32
const LINK_BYTES = 32

export interface Attachment {
  mark?: Mark
  /** Link of a numbered record, 32 bytes; only beside a mark. */
  link?: Uint8Array
  frame: Uint8Array
}

export function encodeAttachment({ mark, link, frame }: Attachment): Uint8Array {
  const known = mark ? MARK_BYTES + (link ? LINK_BYTES : 0) : 0
  const bytes = Buffer.allocUnsafeSlow(1 + known + frame.length)
  bytes[0] = known
  if (mark) {
    bytes.write(mark.key, 1, 'latin1')
    bytes.write(mark.mac, 17, 'latin1')
    if (link) bytes.set(link, 1 + MARK_BYTES)
  }
  bytes.set(frame, 1 + known)
  return bytes
}

/** FormatError `wal_corrupt` when the bytes are not an attachment. */
export function decodeAttachment(bytes: Uint8Array): Attachment {
  const known = bytes[0] ?? -1
  if (known === 0) return { frame: bytes.subarray(1) }
  if ((known !== MARK_BYTES && known !== MARK_BYTES + LINK_BYTES) || bytes.length < 1 + known)
    throw new FormatError('wal_corrupt', 'an attachment is malformed')
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + 1, MARK_BYTES).toString('latin1')
  const attachment = {
    mark: { key: text.slice(0, 16), mac: text.slice(16) },
    frame: bytes.subarray(1 + known),
  }
  return known === MARK_BYTES ? attachment : { ...attachment, link: bytes.slice(1 + MARK_BYTES, 1 + known) }
}
