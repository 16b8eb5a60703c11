/**
 * What stands in the vault where a sealed payload was erased (`docs/format.md`, 12.2):
 *
 *   0x40 | 1 with a link ‖ salt (16) ‖ u32 position ‖ u8 n ‖ n × hash (32), the path ‖ link (32)
 *
 * Salt, position and path show that the entry is in the set its erasure commits to. The link of a numbered record stays: the chain of its
 * emitter goes on through it, and without the blind, which went with the payload, it says nothing of the content.
 */
import {
  concatBytes,
  ERASURE_PATH_MAX,
  ERASURE_SALT_BYTES,
  FormatError,
  type SetOpening,
} from '@deponent/format'

export const TOMBSTONE = 0x40
const WITH_LINK = 0x01
const HASH_BYTES = 32
const HEAD_BYTES = 1 + ERASURE_SALT_BYTES + 4 + 1

/** The place of an erased payload. */
export interface VaultTombstone extends SetOpening {
  /** Link of a numbered record in its emitter's chain, 32 bytes. */
  readonly link?: Uint8Array
}

/** Whether a vault frame is the tombstone of an erased payload. */
export function isTombstone(frame: Uint8Array): boolean {
  return ((frame[0] ?? 0) & 0xfe) === TOMBSTONE
}

export function encodeTombstone({ salt, position, path, link }: VaultTombstone): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES)
  head[0] = TOMBSTONE | (link ? WITH_LINK : 0)
  head.set(salt, 1)
  const view = new DataView(head.buffer)
  view.setUint32(1 + ERASURE_SALT_BYTES, position)
  view.setUint8(HEAD_BYTES - 1, path.length)
  return concatBytes(head, ...path, ...(link ? [link] : []))
}

/** FormatError `payload_malformed` when the bytes are no tombstone, or one that is cut off or has more behind it. */
export function decodeTombstone(frame: Uint8Array): VaultTombstone {
  const hasLink = (frame[0]! & WITH_LINK) !== 0
  const count = frame[HEAD_BYTES - 1] ?? Infinity
  const pathEnd = HEAD_BYTES + count * HASH_BYTES
  const isWhole = isTombstone(frame) && count <= ERASURE_PATH_MAX
  if (!isWhole || frame.length !== pathEnd + (hasLink ? HASH_BYTES : 0))
    throw new FormatError('payload_malformed', 'the tombstone of an erased payload is malformed')
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  return {
    salt: frame.slice(1, 1 + ERASURE_SALT_BYTES),
    position: view.getUint32(1 + ERASURE_SALT_BYTES),
    path: Array.from({ length: count }, (_, i) =>
      frame.slice(HEAD_BYTES + i * HASH_BYTES, HEAD_BYTES + (i + 1) * HASH_BYTES),
    ),
    ...(hasLink && { link: frame.slice(pathEnd) }),
  }
}
