/** How many keys a keyring must hold for the sealed payloads of a snapshot: one more than the highest key number in any of them. */
import { ledgerIdOf } from '../ledger/wal-frame.ts'
import { frameHead } from '../vault/seal.ts'
import {
  countOf,
  decodeFooter,
  footerBytes,
  parseSegmentName,
  SEGMENT_HEADER_BYTES,
} from '../vault/segment.ts'

export function keysNeededBy(frames: readonly Uint8Array[]): number {
  let needed = 0
  for (const frame of frames)
    for (const number of frameHead(frame).keyNumbers) needed = Math.max(needed, number + 1)
  return needed
}

/** The same of a file; 0 unless it is a vault segment. FormatError `segment_footer`. */
export function keysNeededByFile(path: string, origin: string, bytes: Uint8Array): number {
  const first = parseSegmentName(path.slice(path.lastIndexOf('/') + 1))
  return first === undefined ? 0 : keysNeededBy(framesIn(ledgerIdOf(origin), first, bytes))
}

function framesIn(ledgerId: Uint8Array, first: number, bytes: Uint8Array): Uint8Array[] {
  const header = bytes.subarray(0, SEGMENT_HEADER_BYTES)
  const tail = bytes.subarray(-footerBytes(countOf(ledgerId, first, header)))
  const { count, offsets } = decodeFooter(ledgerId, first, header, tail, bytes.length)
  return Array.from({ length: count }, (_, i) => bytes.subarray(offsets[i], offsets[i + 1]))
}
