/**
 * A sealed segment: the vault frames of a run of consecutive entries in one file, `vault/<ledger>/<first>.seg`.
 *
 *   header   "DPNVSEG0" ‖ ledger id (16) ‖ u64 first index ‖ u32 count                            36 bytes
 *   frames   count × frame, back to back
 *   footer   count × u32 length ‖ count × first 4 bytes of the SHA-256 of the frame ‖ SHA-256 of all frames
 *   trailer  SHA-256 of header ‖ footer (the digest the ledger records) ‖ "DPNVEND0"              40 bytes
 *
 * The footer lets anyone find damage without a key: the hash over all frames says that there is some, the four bytes of each say
 * where. The digest in the ledger makes the footer itself provable.
 */
import { createHash } from 'node:crypto'
import { concatBytes, equalBytes, FormatError, utf8 } from '@deponent/format'
import type { DiskFile } from '../platform/disk.ts'

export const SEGMENT_HEADER_BYTES = 36
const TRAILER_BYTES = 40
const MARK_BYTES = 4
const PER_FRAME_BYTES = 4 + MARK_BYTES
const HASH_BYTES = 32
const MAGIC = utf8('DPNVSEG0')
const END = utf8('DPNVEND0')

const sha256 = (...parts: Uint8Array[]): Uint8Array => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

export interface SegmentFooter {
  first: number
  count: number
  /** Position of frame i in the file; one more than `count`, the last being the footer's own position. */
  offsets: number[]
  /** The first bytes of each frame's SHA-256, back to back. */
  marks: Uint8Array
  /** SHA-256 of all frames, back to back. */
  framesHash: Uint8Array
  digest: Uint8Array
}

export function segmentName(first: number): string {
  return `${String(first).padStart(12, '0')}.seg`
}

/** First index of a segment file, or undefined when the name is not one of ours. */
export function parseSegmentName(name: string): number | undefined {
  const match = /^(\d{12})\.seg$/.exec(name)
  return match ? Number(match[1]) : undefined
}

export function encodeSegment(
  ledgerId: Uint8Array,
  first: number,
  frames: readonly Uint8Array[],
): { bytes: Uint8Array; digest: Uint8Array } {
  const header = new Uint8Array(SEGMENT_HEADER_BYTES)
  const view = new DataView(header.buffer)
  header.set(MAGIC, 0)
  header.set(ledgerId, 8)
  view.setBigUint64(24, BigInt(first))
  view.setUint32(32, frames.length)
  const lengths = new Uint8Array(frames.length * 4)
  const lengthView = new DataView(lengths.buffer)
  frames.forEach((frame, i) => lengthView.setUint32(i * 4, frame.length))
  const marks = frames.map((frame) => sha256(frame).subarray(0, MARK_BYTES))
  const footer = concatBytes(lengths, ...marks, sha256(...frames))
  const digest = sha256(header, footer)
  return { bytes: concatBytes(header, ...frames, footer, digest, END), digest }
}

const damaged = (first: number, what: string): FormatError =>
  new FormatError('segment_footer', `vault segment ${first}: ${what}`)

/** How many bytes at the end of a file of `count` frames are footer and trailer. */
export function footerBytes(count: number): number {
  return count * PER_FRAME_BYTES + HASH_BYTES + TRAILER_BYTES
}

/** The digest that a file of a segment ends with; who wants to believe it reads the footer too. */
export async function segmentDigest(file: Pick<DiskFile, 'read' | 'size'>): Promise<Uint8Array> {
  return file.read(Math.max(0, (await file.size()) - TRAILER_BYTES), HASH_BYTES)
}

/** Reads header and footer (the last `footerBytes(count)` bytes); FormatError `segment_footer` when they do not hold. */
export function decodeFooter(
  ledgerId: Uint8Array,
  first: number,
  header: Uint8Array,
  tail: Uint8Array,
  fileBytes: number,
): SegmentFooter {
  const count = countOf(ledgerId, first, header)
  if (tail.length !== footerBytes(count)) throw damaged(first, 'the footer is cut off')
  const footer = tail.subarray(0, -TRAILER_BYTES)
  const digest = tail.slice(footer.length, footer.length + HASH_BYTES)
  if (!equalBytes(tail.subarray(-8), END) || !equalBytes(sha256(header, footer), digest))
    throw damaged(first, 'the footer is damaged')
  const view = new DataView(footer.buffer, footer.byteOffset, footer.byteLength)
  const offsets = [SEGMENT_HEADER_BYTES]
  for (let i = 0; i < count; i += 1) offsets.push(offsets[i]! + view.getUint32(i * 4))
  if (offsets[count] !== fileBytes - tail.length)
    throw damaged(first, 'frame lengths do not add up to the file')
  const marks = footer.slice(count * 4, count * PER_FRAME_BYTES)
  return { first, count, offsets, marks, framesHash: footer.slice(-HASH_BYTES), digest }
}

/** The number of frames a header announces; FormatError when it is not the header of this segment. */
export function countOf(ledgerId: Uint8Array, first: number, header: Uint8Array): number {
  if (header.length !== SEGMENT_HEADER_BYTES || !equalBytes(header.subarray(0, 8), MAGIC))
    throw damaged(first, 'no segment header')
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength)
  if (!equalBytes(header.subarray(8, 24), ledgerId) || Number(view.getBigUint64(24)) !== first)
    throw damaged(first, 'the header names another segment')
  return view.getUint32(32)
}

/** True when nothing contradicts that `frame` is the i-th of the segment; that all of them are says `framesMatch`. */
export function frameMatches({ marks }: SegmentFooter, i: number, frame: Uint8Array): boolean {
  const mark = marks.subarray(i * MARK_BYTES, (i + 1) * MARK_BYTES)
  return equalBytes(sha256(frame).subarray(0, MARK_BYTES), mark)
}

/** True when `file` holds exactly the frames that the footer vouches for. */
export function framesMatch({ offsets, framesHash }: SegmentFooter, file: Uint8Array): boolean {
  return equalBytes(sha256(file.subarray(SEGMENT_HEADER_BYTES, offsets.at(-1))), framesHash)
}
