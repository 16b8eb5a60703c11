/**
 * How a full entry tile lies on disk: as one gzip member (RFC 1952), which any gunzip reads and a static server can send with
 * `Content-Encoding: gzip`. What repeats in entries is most of them; what is left is about their ids and roots.
 *
 *   1f 8b 08 04 00000000 00 ff          gzip, DEFLATE, an extra field follows, no time, no name
 *   08 00 'D' 'P' 04 00 crc             extra field: CRC-32 of the compressed data, little-endian
 *   compressed data                     DEFLATE (RFC 1951) of the tile as it is served
 *   crc ‖ length                        of the tile as it is served, little-endian, as gzip has them
 *
 * The extra field covers the bits that inflating does not look at, so that no byte of the file can change unseen. A tile that does not
 * become smaller lies as it is served, unless it begins like gzip.
 */
import { crc32, deflateRawSync, inflateRawSync, constants } from 'node:zlib'
import { equalBytes, FormatError } from '@deponent/format'
import type { Deflate } from '../platform/deflate.ts'

const HEAD = Uint8Array.of(0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 8, 0, 0x44, 0x50, 4, 0)
const DATA_AT = HEAD.length + 4
const TRAILER_BYTES = 8
/** 256 entries of 65,535 bytes with their lengths. */
const TILE_BYTES_MAX = 256 * 65_537
/** Memory for what inflates is taken in pieces of the size the trailer states, when that is at most so much. */
const PIECE_BYTES_MAX = 1_048_576
const PIECE_BYTES_MIN = 1_024
const PROBE_BYTES = 8_192
const LEVEL = 1

/** The bytes to store for a tile. */
export function packTile(tile: Uint8Array): Uint8Array {
  if (!looksPacked(tile) && !isWorthwhile(tile)) return tile
  return packedTile(tile, deflateRawSync(tile, { level: LEVEL }))
}

/** The same bytes, compressed by somebody else: it is the larger part of what writing a tile costs. */
export async function packTileBy(deflate: Deflate, tile: Uint8Array): Promise<Uint8Array> {
  if (!looksPacked(tile) && !isWorthwhile(tile)) return tile
  return packedTile(tile, await deflate(tile, LEVEL))
}

function packedTile(tile: Uint8Array, data: Uint8Array): Uint8Array {
  const packed = new Uint8Array(DATA_AT + data.length + TRAILER_BYTES)
  const view = new DataView(packed.buffer)
  packed.set(HEAD)
  view.setUint32(HEAD.length, crc32(data), true)
  packed.set(data, DATA_AT)
  view.setUint32(DATA_AT + data.length, crc32(tile), true)
  view.setUint32(DATA_AT + data.length + 4, tile.length, true)
  return packed
}

/** The tile as it is served; FormatError `entry_tile_malformed` when a byte of a packed one has changed. */
export function unpackTile(stored: Uint8Array): Uint8Array {
  if (!looksPacked(stored)) return stored
  const { data, view } = partsOf(stored)
  if (!equalBytes(stored.subarray(0, HEAD.length), HEAD) || view.getUint32(HEAD.length, true) !== crc32(data))
    throw damaged()
  const end = DATA_AT + data.length
  const bytes = view.getUint32(end + 4, true)
  const tile = inflated(data, bytes)
  if (view.getUint32(end, true) !== crc32(tile) || bytes !== tile.length) throw damaged()
  return tile
}

/** What `data` inflates to, `bytes` of them if nothing is damaged: in one piece then, which saves half of the time. */
function inflated(data: Uint8Array, bytes: number): Uint8Array {
  // One byte more, or a last empty piece would follow the full one.
  const chunkSize = Math.min(Math.max(bytes + 1, PIECE_BYTES_MIN), PIECE_BYTES_MAX)
  try {
    const { buffer, byteOffset, length } = inflateRawSync(data, {
      maxOutputLength: TILE_BYTES_MAX,
      chunkSize,
    })
    return new Uint8Array(buffer, byteOffset, length)
  } catch {
    throw damaged()
  }
}

/** What can still be read of a damaged tile, up to the place from which nothing follows; to be believed by its hashes alone. */
export function salvageTile(stored: Uint8Array): Uint8Array {
  const data = stored.subarray(DATA_AT, Math.max(DATA_AT, stored.length - TRAILER_BYTES))
  let readable = 0
  for (let step = data.length; step > 0; step = Math.floor(step / 2)) {
    while (readable + step <= data.length && inflatedHead(data, readable + step)) readable += step
  }
  return inflatedHead(data, readable) ?? new Uint8Array(0)
}

/** What the first `length` bytes of compressed data inflate to, or undefined when they are no such data. */
function inflatedHead(data: Uint8Array, length: number): Uint8Array | undefined {
  try {
    const options = { maxOutputLength: TILE_BYTES_MAX, finishFlush: constants.Z_SYNC_FLUSH }
    return new Uint8Array(inflateRawSync(data.subarray(0, length), options))
  } catch {
    return undefined
  }
}

function partsOf(stored: Uint8Array): { data: Uint8Array; view: DataView } {
  if (stored.length < DATA_AT + TRAILER_BYTES) throw damaged()
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength)
  return { data: stored.subarray(DATA_AT, stored.length - TRAILER_BYTES), view }
}

function looksPacked(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

/** Entries that are somebody else's bytes may be random: a look at the beginning is cheap, compressing all of it is not. */
function isWorthwhile(tile: Uint8Array): boolean {
  const probe = tile.subarray(0, PROBE_BYTES)
  return deflateRawSync(probe, { level: LEVEL }).length < probe.length * 0.9
}

function damaged(): FormatError {
  return new FormatError('entry_tile_malformed', 'the compressed tile is damaged')
}
