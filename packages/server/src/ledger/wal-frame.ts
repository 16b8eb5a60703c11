/**
 * One frame of the write-ahead log: the entries of one group commit with their attachments, in a shell that says where it
 * belongs. Invariants, asserted by `decodeFrame` on every read:
 * - a frame names its ledger, its generation and its number, so no frame of another life of this file is taken for one;
 * - header and body each carry a SHA-256, and the header carries that of the frame before, so frames form one chain;
 * - a frame starts on a 4,096-byte boundary: writing the next one never touches a page that holds acknowledged bytes.
 */
import { createHash } from 'node:crypto'
import { equalBytes, FormatError } from '@deponent/format'

export const FRAME_ALIGNMENT = 4_096
export const FRAME_HEADER_BYTES = 160
const MAGIC = new TextEncoder().encode('DPNFRAM0')

/** What one group commit wrote: `entries[i]` is entry `first + i`; `attachments[i]` belongs to it and is opaque here. */
export interface FrameContent {
  first: number
  entries: readonly Uint8Array[]
  attachments: readonly Uint8Array[]
}

export interface FrameHeader {
  ledgerId: Uint8Array
  generation: number
  number: number
  bodyBytes: number
  first: number
  count: number
  /** SHA-256 of the header of the frame before in this generation; zeros for the first. */
  previous: Uint8Array
  bodyHash: Uint8Array
  /** SHA-256 of the 128 bytes before it: the identity of this frame. */
  hash: Uint8Array
}

function sha256(...parts: Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** The 16 bytes that tie a frame to its ledger: the head of SHA-256(origin). */
export function ledgerIdOf(origin: string): Uint8Array {
  return sha256(new TextEncoder().encode(origin)).subarray(0, 16)
}

/** Bytes the frame takes in its file, padding to the next boundary included. */
export function paddedFrameBytes(bodyBytes: number): number {
  return Math.ceil((FRAME_HEADER_BYTES + bodyBytes) / FRAME_ALIGNMENT) * FRAME_ALIGNMENT
}

/** Bytes of the body of a frame that holds this. */
function bodyBytesOf({ entries, attachments }: FrameContent): number {
  let size = 6 * entries.length
  for (const entry of entries) size += entry.length
  for (const attachment of attachments) size += attachment.length
  return size
}

function writeBody(body: Uint8Array, { entries, attachments }: FrameContent): void {
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  let at = 0
  entries.forEach((entry, i) => {
    const attachment = attachments[i]!
    view.setUint16(at, entry.length)
    body.set(entry, at + 2)
    view.setUint32(at + 2 + entry.length, attachment.length)
    body.set(attachment, at + 6 + entry.length)
    at += 6 + entry.length + attachment.length
  })
}

/** The whole frame, zeros up to its boundary included, so that one write covers whole pages; and its header hash (the `previous` of the next). */
export function encodeFrame(
  content: FrameContent,
  chain: { ledgerId: Uint8Array; generation: number; number: number; previous: Uint8Array },
): { padded: Uint8Array; hash: Uint8Array } {
  const bodyBytes = bodyBytesOf(content)
  const padded = new Uint8Array(paddedFrameBytes(bodyBytes))
  const header = padded.subarray(0, FRAME_HEADER_BYTES)
  const body = padded.subarray(FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + bodyBytes)
  writeBody(body, content)
  const view = new DataView(padded.buffer)
  header.set(MAGIC, 0)
  header.set(chain.ledgerId, 8)
  view.setBigUint64(24, BigInt(chain.generation))
  view.setBigUint64(32, BigInt(chain.number))
  view.setBigUint64(40, BigInt(bodyBytes))
  view.setBigUint64(48, BigInt(content.first))
  view.setBigUint64(56, BigInt(content.entries.length))
  header.set(chain.previous, 64)
  header.set(sha256(body), 96)
  const hash = sha256(header.subarray(0, 128))
  header.set(hash, 128)
  return { padded, hash }
}

/** True when the bytes begin as a frame does; nothing else is checked. */
export function beginsFrame(bytes: Uint8Array): boolean {
  return equalBytes(bytes.subarray(0, MAGIC.length), MAGIC)
}

/** Reads a header; undefined when the bytes are not an undamaged frame header of this ledger. */
export function decodeFrameHeader(bytes: Uint8Array, ledgerId: Uint8Array): FrameHeader | undefined {
  if (bytes.length < FRAME_HEADER_BYTES) return undefined
  const hash = bytes.slice(128, 160)
  if (!equalBytes(bytes.subarray(0, 8), MAGIC) || !equalBytes(sha256(bytes.subarray(0, 128)), hash))
    return undefined
  if (!equalBytes(bytes.subarray(8, 24), ledgerId)) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return {
    ledgerId: bytes.slice(8, 24),
    generation: Number(view.getBigUint64(24)),
    number: Number(view.getBigUint64(32)),
    bodyBytes: Number(view.getBigUint64(40)),
    first: Number(view.getBigUint64(48)),
    count: Number(view.getBigUint64(56)),
    previous: bytes.slice(64, 96),
    bodyHash: bytes.slice(96, 128),
    hash,
  }
}

/** Splits a body that the header vouches for, into views of it; FormatError `wal_corrupt` when it does not. */
export function decodeFrameBody(header: FrameHeader, body: Uint8Array): FrameContent {
  const damaged = (what: string): FormatError =>
    new FormatError('wal_corrupt', `frame ${header.number}: ${what}`)
  if (body.length !== header.bodyBytes || !equalBytes(sha256(body), header.bodyHash))
    throw damaged('body checksum')
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  const entries: Uint8Array[] = []
  const attachments: Uint8Array[] = []
  let at = 0
  while (at < body.length) {
    if (at + 2 > body.length) throw damaged('entry length cut off')
    const entryEnd = at + 2 + view.getUint16(at)
    if (entryEnd + 4 > body.length) throw damaged('entry cut off')
    const attachmentEnd = entryEnd + 4 + view.getUint32(entryEnd)
    if (attachmentEnd > body.length) throw damaged('attachment cut off')
    entries.push(body.subarray(at + 2, entryEnd))
    attachments.push(body.subarray(entryEnd + 4, attachmentEnd))
    at = attachmentEnd
  }
  if (entries.length !== header.count) throw damaged('entry count')
  return { first: header.first, entries, attachments }
}
