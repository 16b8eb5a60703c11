/**
 * C2SP tlog-tiles: where the hashes and entries of a ledger lie and how they are packed.
 *
 * A full hash tile at level l, number n, holds 256 hashes; hash i is the root of the leaves
 * [(n·256+i)·256^l, (n·256+i+1)·256^l). Levels above 0 hash full tiles below only. An entry tile holds
 * up to 256 entries, each behind its big-endian 16-bit length.
 */
import { concatBytes } from './bytes.ts'
import { FormatError } from './error.ts'
import { checkSize, isPosition } from './tree/position.ts'
import type { NodeReader } from './tree/position.ts'
import { checkHash, HASH_BYTES, rootOf } from './tree/rfc6962.ts'

/** Hashes in a full tile, and entries in a full entry tile. */
export const TILE_WIDTH = 256
/** Tree levels spanned by one tile: 2^8 = 256. */
const TILE_HEIGHT = 8
const LEVEL_MAX = 63
/** The longest entry a 16-bit length can announce, in bytes. */
const TILE_ENTRY_BYTES_MAX = 65_535

/** A tile of hashes at a level, or of entries. */
export type TileLevel = number | 'entries'

/** Which tile, and how many of its 256 places are filled. */
export interface TileAddress {
  readonly level: TileLevel
  readonly n: number
  readonly width: number
}

/** The path of a tile below the ledger's prefix, e.g. `tile/0/x001/067` or `tile/1/000.p/3`. */
export function tilePath(level: TileLevel, n: number, width: number = TILE_WIDTH): string {
  checkLevel(level)
  checkWidth(width)
  if (!isPosition(n)) throw badPath('tile number is not an integer in 0..2^53-1')
  const groups: string[] = []
  let rest = n
  do {
    groups.unshift(String(rest % 1000).padStart(3, '0'))
    rest = Math.floor(rest / 1000)
  } while (rest > 0)
  const number = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/')
  return `tile/${level}/${number}${width < TILE_WIDTH ? `.p/${width}` : ''}`
}

const TILE_PATH = /^tile\/(entries|0|[1-9][0-9]?)\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/

/** The tile a path names. One tile has one path: every other spelling is FormatError 'bad_tile_path'. */
export function parseTilePath(path: string): TileAddress {
  const parts = TILE_PATH.exec(path)
  if (parts === null) throw badPath('not a tile path')
  const level = parts[1] === 'entries' ? 'entries' : Number(parts[1])
  const n = Number(parts[2]!.replace(/[x/]/g, ''))
  const width = parts[3] === undefined ? TILE_WIDTH : Number(parts[3])
  if (tilePath(level, n, width) !== path) throw badPath('not the canonical path of this tile')
  return { level, n, width }
}

/** How many hashes the last, partial tile of a level holds at this tree size; 0 means there is none. */
export function partialWidth(level: TileLevel, size: number): number {
  checkLevel(level)
  checkSize(size)
  return Math.floor(size / TILE_WIDTH ** (level === 'entries' ? 0 : level)) % TILE_WIDTH
}

/** The filled places of tile n at a level in a tree of this size: 0..256. */
export function tileWidth(level: TileLevel, n: number, size: number): number {
  checkLevel(level)
  checkSize(size)
  const hashes = Math.floor(size / TILE_WIDTH ** (level === 'entries' ? 0 : level))
  return Math.min(TILE_WIDTH, Math.max(0, hashes - n * TILE_WIDTH))
}

function checkLevel(level: TileLevel): void {
  if (level === 'entries') return
  if (!isPosition(level) || level > LEVEL_MAX) throw badPath('tile level is not in 0..63')
}

function checkWidth(width: number): void {
  if (!isPosition(width) || width < 1 || width > TILE_WIDTH) throw badPath('tile width is not in 1..256')
}

function badPath(message: string): FormatError {
  return new FormatError('bad_tile_path', message)
}

/** Up to 256 entries as tile bytes: each behind its big-endian 16-bit length. */
export function encodeEntryTile(entries: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  if (entries.length > TILE_WIDTH) throw badEntryTile('more than 256 entries')
  return concatBytes(...entries.flatMap((entry) => [lengthPrefix(entry), entry]))
}

function lengthPrefix(entry: Uint8Array): Uint8Array {
  if (entry.length > TILE_ENTRY_BYTES_MAX) throw badEntryTile('an entry is longer than 65,535 bytes')
  return Uint8Array.of(entry.length >> 8, entry.length & 255)
}

/** The entries of tile bytes, as views into them. FormatError 'bad_entry_tile' when cut off or over 256. */
export function decodeEntryTile(bytes: Uint8Array): Uint8Array[] {
  const entries: Uint8Array[] = []
  for (let offset = 0; offset < bytes.length;) {
    if (entries.length === TILE_WIDTH) throw badEntryTile('more than 256 entries')
    const start = offset + 2
    const length = (bytes[offset]! << 8) | (bytes[offset + 1] ?? 0)
    if (start + length > bytes.length) throw badEntryTile('cut off inside an entry')
    entries.push(bytes.subarray(start, start + length))
    offset = start + length
  }
  return entries
}

function badEntryTile(message: string): FormatError {
  return new FormatError('bad_entry_tile', message)
}

/** Up to 256 hashes as tile bytes: simply one after the other. */
export function encodeHashTile(hashes: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  if (hashes.length > TILE_WIDTH) throw badHashTile()
  hashes.forEach(checkHash)
  return concatBytes(...hashes)
}

/** The hashes of tile bytes, as views into them. FormatError 'bad_hash_tile' unless 0..256 whole hashes. */
export function decodeHashTile(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length % HASH_BYTES !== 0 || bytes.length > TILE_WIDTH * HASH_BYTES) throw badHashTile()
  const hashes: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += HASH_BYTES) hashes.push(bytes.subarray(at, at + HASH_BYTES))
  return hashes
}

function badHashTile(): FormatError {
  return new FormatError('bad_hash_tile', 'a hash tile is at most 256 hashes of 32 bytes')
}

/** Fetches the bytes of a hash tile; `width` is what the tree of the given size must have there. */
export type TileFetch = (level: number, n: number, width: number) => Uint8Array | Promise<Uint8Array>

/**
 * Reads perfect subtrees of the tree with `size` leaves out of its tiles, for `inclusionProof` and
 * `consistencyProof`. Each tile is fetched once. A tile may be longer than asked for (a full one in
 * place of a partial one); a shorter one is FormatError 'bad_hash_tile'.
 */
export function tileNodes(size: number, fetchTile: TileFetch): NodeReader {
  const fetched = new Map<string, Promise<Uint8Array[]>>()
  const hashesOf = (level: number, n: number): Promise<Uint8Array[]> => {
    const width = tileWidth(level, n, size)
    const path = tilePath(level, n, width)
    const known = fetched.get(path) ?? fetchHashes(level, n, width, fetchTile)
    fetched.set(path, known)
    return known
  }
  return async (treeLevel, index) => {
    const level = Math.floor(treeLevel / TILE_HEIGHT)
    const count = 2 ** (treeLevel % TILE_HEIGHT)
    const first = index * count
    const hashes = await hashesOf(level, Math.floor(first / TILE_WIDTH))
    const offset = first % TILE_WIDTH
    if (offset + count > hashes.length) throw new FormatError('bad_index', 'subtree is outside the tree')
    return rootOf(hashes.slice(offset, offset + count))
  }
}

async function fetchHashes(
  level: number,
  n: number,
  width: number,
  fetchTile: TileFetch,
): Promise<Uint8Array[]> {
  const hashes = decodeHashTile(await fetchTile(level, n, width))
  if (hashes.length < width) throw badHashTile()
  return hashes.slice(0, width)
}
