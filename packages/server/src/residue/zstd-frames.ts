/**
 * Zstandard frames (RFC 8878) within other bytes: pages of Parquet files, archives. A frame tells by its blocks where it ends, so that
 * nothing of the format around it need be known.
 */
import { zstdDecompressSync } from 'node:zlib'

const MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])
const INFLATED_BYTES_MAX = 1_024 * 1_048_576
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const

export interface Frames {
  readonly contents: Uint8Array[]
  /** Frames that were there and did not open. */
  readonly closed: number
}

/** What every whole frame in these bytes holds, in their order. */
export function zstdFrames(bytes: Uint8Array): Frames {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const contents: Uint8Array[] = []
  let closed = 0
  for (let at = view.indexOf(MAGIC); at >= 0;) {
    const end = endOfFrame(view, at)
    const content = end === undefined ? undefined : contentOf(view.subarray(at, end))
    if (content) contents.push(content)
    else if (end !== undefined) closed += 1
    at = view.indexOf(MAGIC, content ? end : at + 1)
  }
  return { contents, closed }
}

function contentOf(frame: Uint8Array): Uint8Array | undefined {
  try {
    return zstdDecompressSync(frame, { maxOutputLength: INFLATED_BYTES_MAX })
  } catch {
    return undefined
  }
}

/** Where the frame that begins at `start` ends; undefined when none does. */
function endOfFrame(bytes: Buffer, start: number): number | undefined {
  const descriptor = bytes[start + MAGIC.length]
  if (descriptor === undefined) return undefined
  const isSingle = (descriptor & 0x20) !== 0
  const sizeFlag = descriptor >> 6
  const contentSize = sizeFlag === 0 ? (isSingle ? 1 : 0) : CONTENT_SIZE_BYTES[sizeFlag]!
  let at = start + MAGIC.length + 1 + (isSingle ? 0 : 1) + DICTIONARY_ID_BYTES[descriptor & 3]! + contentSize
  for (;;) {
    if (at + 3 > bytes.length) return undefined
    const head = bytes.readUIntLE(at, 3)
    const type = (head >> 1) & 3
    // 3 is reserved. A block of one byte repeated (1) holds that byte alone.
    if (type === 3) return undefined
    at += 3 + (type === 1 ? 1 : head >> 3)
    if ((head & 1) === 1) break
  }
  const end = at + ((descriptor & 4) === 0 ? 0 : 4)
  return end <= bytes.length ? end : undefined
}
