/**
 * The files in which ClickHouse keeps columns and their indexes: compressed blocks, one behind the other.
 *
 *   checksum (16) ‖ u8 method ‖ u32 compressed size, these 9 bytes included ‖ u32 size ‖ data          little-endian
 *
 * A chain of codecs (0x91) begins with their number and methods; what follows is a block of the last of them, without checksum. What
 * codecs for numbers make is not undone: no text goes through them.
 */
import { zstdDecompressSync } from 'node:zlib'
import { lz4Block } from './lz4.ts'

const CHECKSUM_BYTES = 16
const HEAD_BYTES = 9
/** Larger blocks are none: the engine cuts them at a mebibyte, more or less one value. */
export const BLOCK_BYTES_MAX = 8 * 1_048_576
const INFLATED_BYTES_MAX = 256 * 1_048_576

const NONE = 0x02
const LZ4 = 0x82
const ZSTD = 0x90
const CHAIN = 0x91

interface BlockHead {
  readonly method: number
  readonly end: number
  readonly size: number
}

/** What the blocks in a piece of a file hold, and how far it was read: the rest belongs before the next piece. */
export interface ReadBlocks {
  readonly contents: Uint8Array[]
  readonly next: number
}

/** Reads the blocks that begin in these bytes; what is none is passed over byte by byte. */
export function readBlocks(bytes: Uint8Array, isLast: boolean): ReadBlocks {
  const contents: Uint8Array[] = []
  let at = 0
  while (at + CHECKSUM_BYTES + HEAD_BYTES <= bytes.length) {
    const head = headAt(bytes, at + CHECKSUM_BYTES)
    if (head && head.end > bytes.length && !isLast) return { contents, next: at }
    const content = head && head.end <= bytes.length ? contentOf(bytes, at + CHECKSUM_BYTES, head) : undefined
    if (content) contents.push(content)
    at = content ? head!.end : at + 1
  }
  return { contents, next: isLast ? bytes.length : at }
}

function headAt(bytes: Uint8Array, at: number): BlockHead | undefined {
  const method = bytes[at]!
  if (method !== NONE && method !== LZ4 && method !== ZSTD && method !== CHAIN) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const compressed = view.getUint32(at + 1, true)
  const size = view.getUint32(at + 5, true)
  const isPlausible =
    compressed > HEAD_BYTES && compressed <= BLOCK_BYTES_MAX && size > 0 && size <= INFLATED_BYTES_MAX
  return isPlausible ? { method, end: at + compressed, size } : undefined
}

function contentOf(bytes: Uint8Array, at: number, { method, end, size }: BlockHead): Uint8Array | undefined {
  const data = bytes.subarray(at + HEAD_BYTES, end)
  switch (method) {
    case NONE:
      return data.length === size ? data : undefined
    case LZ4:
      return lz4Block(data, size)
    case ZSTD:
      return zstdBlock(data, size)
    default:
      return chainContent(data)
  }
}

function zstdBlock(data: Uint8Array, size: number): Uint8Array | undefined {
  try {
    const content = zstdDecompressSync(data, { maxOutputLength: size })
    return content.length === size ? content : undefined
  } catch {
    return undefined
  }
}

/** What the last codec of a chain was given, or its own input when that was made by another we know. */
function chainContent(data: Uint8Array): Uint8Array | undefined {
  const start = 1 + data[0]!
  if (start + HEAD_BYTES > data.length) return undefined
  const head = headAt(data, start)
  const content = head && head.end <= data.length ? contentOf(data, start, head) : undefined
  if (!content || content.length < HEAD_BYTES) return content
  const inner = headAt(content, 0)
  return inner && inner.end === content.length ? (contentOf(content, 0, inner) ?? content) : content
}
