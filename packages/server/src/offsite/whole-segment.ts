import { FormatError } from '@deponent/format'
import {
  countOf,
  decodeFooter,
  footerBytes,
  framesMatch,
  SEGMENT_HEADER_BYTES,
  type SegmentFooter,
} from '../vault/segment.ts'

/** Reads a segment that is all in memory; FormatError unless every byte of it is as its footer says. */
export function wholeSegment(
  ledgerId: Uint8Array,
  first: number,
  bytes: Uint8Array,
): { footer: SegmentFooter; frames: Uint8Array[] } {
  const header = bytes.subarray(0, SEGMENT_HEADER_BYTES)
  const count = countOf(ledgerId, first, header)
  const tail = bytes.subarray(Math.max(0, bytes.length - footerBytes(count)))
  const footer = decodeFooter(ledgerId, first, header, tail, bytes.length)
  if (!framesMatch(footer, bytes))
    throw new FormatError('segment_damaged', `vault segment ${first} does not hold the frames of its footer`)
  const frames = Array.from({ length: count }, (_, i) =>
    bytes.subarray(footer.offsets[i], footer.offsets[i + 1]),
  )
  return { footer, frames }
}
