/**
 * The ledger's full tiles as files, laid out as C2SP tlog-tiles prescribes. Every file here is derived from frames of the
 * write-ahead log and may be written again with the same content at any time; partial tiles are never files. Entry tiles are
 * compressed on disk, see `tile-packing.ts`: what `read` and `readFromDisk` give are stored bytes.
 */
import { decodeEntryTile, encodeEntryTile, FormatError, TILE_WIDTH, tilePath } from '@deponent/format'
import type { Deflate } from '../platform/deflate.ts'
import type { Disk } from '../platform/disk.ts'
import { removeLeftovers } from '../platform/leftovers.ts'
import { packTile, packTileBy, salvageTile, unpackTile } from './tile-packing.ts'

const CACHED_TILES_MAX = 256
/** Tiles written or read back at a time. More take the threads that Node has for files from the log, whose write and sync senders wait for. */
export const TILES_AT_ONCE = 1
/** Tiles in one directory: three digits of their number. */
const DIRECTORY_TILES = 1_000

export type TileLevel = number | 'entries'

/** A tile as it is served. */
export interface Tile {
  level: TileLevel
  n: number
  bytes: Uint8Array
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}

export class TileStore {
  readonly #disk: Disk
  readonly #deflate: Deflate | undefined
  readonly #root: string
  readonly #madeDirectories = new Set<string>()
  readonly #cache = new Map<string, Uint8Array>()

  /** `root` is the ledger's directory, the one that holds `tile/`; without `deflate` tiles are compressed in the thread that writes them. */
  constructor(disk: Disk, root: string, deflate?: Deflate) {
    this.#disk = disk
    this.#deflate = deflate
    this.#root = root
  }

  /** Writes a full tile; not durable until `makeDurable`. */
  async write(tile: Tile): Promise<void> {
    const path = `${this.#root}/${tilePath(tile.level, tile.n)}`
    const directory = directoryOf(path)
    if (!this.#madeDirectories.has(directory)) {
      await this.#disk.makeDirectory(directory)
      this.#madeDirectories.add(directory)
    }
    const stored =
      this.#deflate && tile.level === 'entries'
        ? await packTileBy(this.#deflate, tile.bytes)
        : storedTile(tile)
    await this.#disk.write(path, stored)
    this.#remember(path, stored)
  }

  /** The stored bytes of a full tile, or undefined when it was never written. */
  async read(level: TileLevel, n: number): Promise<Uint8Array | undefined> {
    const path = `${this.#root}/${tilePath(level, n)}`
    const cached = this.#cache.get(path)
    if (cached) {
      this.#remember(path, cached)
      return cached
    }
    const bytes = await this.#disk.read(path)
    if (bytes) this.#remember(path, bytes)
    return bytes
  }

  /** The stored bytes as they lie on disk now, whatever the cache says. */
  readFromDisk(level: TileLevel, n: number): Promise<Uint8Array | undefined> {
    return this.#disk.read(`${this.#root}/${tilePath(level, n)}`)
  }

  /**
   * Removes what a life that ended in the middle of writing a tile left. Tiles below entry tile `settled` are never written
   * again, so that only the directories from there on are looked at.
   */
  async removeLeftovers(settled: number): Promise<void> {
    await this.#removeLeftoversOf('entries', settled)
    const levels = (await this.#disk.list(`${this.#root}/tile`)).filter((name) => /^\d+$/.test(name))
    for (const level of levels.map(Number))
      await this.#removeLeftoversOf(level, Math.floor(settled / TILE_WIDTH ** level))
  }

  async #removeLeftoversOf(level: TileLevel, from: number): Promise<void> {
    for (let n = from; ; n += DIRECTORY_TILES - (n % DIRECTORY_TILES)) {
      const directory = directoryOf(`${this.#root}/${tilePath(level, n)}`)
      const names = await this.#disk.list(directory)
      if (names.length === 0) return
      await removeLeftovers(this.#disk, directory)
    }
  }

  /** Makes the named tiles and their directory entries survive power loss. */
  async makeDurable(tiles: readonly { level: TileLevel; n: number }[]): Promise<void> {
    const paths = tiles.map(({ level, n }) => `${this.#root}/${tilePath(level, n)}`)
    // One after the other: behind a sync that failed there is nothing to learn from another.
    for (const path of paths) await this.#disk.sync(path)
    const directories = new Set<string>()
    for (const path of paths) {
      for (let up = directoryOf(path); up.length >= this.#root.length; up = directoryOf(up))
        directories.add(up)
    }
    for (const directory of directories) await this.#disk.syncDirectory(directory)
  }

  #remember(path: string, bytes: Uint8Array): void {
    this.#cache.delete(path)
    this.#cache.set(path, bytes)
    if (this.#cache.size > CACHED_TILES_MAX) this.#cache.delete(this.#cache.keys().next().value!)
  }
}

/** The bytes that lie on disk for a tile. */
export function storedTile({ level, bytes }: Tile): Uint8Array {
  return level === 'entries' ? packTile(bytes) : bytes
}

/** The 256 entries of a full entry tile as stored; FormatError when it is damaged or does not hold exactly that many. */
export function entriesOfTile(stored: Uint8Array): Uint8Array[] {
  const entries = decodeEntryTile(unpackTile(stored))
  if (entries.length !== TILE_WIDTH)
    throw new FormatError('entry_tile_malformed', `holds ${entries.length} entries, expected 256`)
  return entries
}

/** The entries in front of the damage in a tile that `entriesOfTile` refuses; only their hashes say which of them are whole. */
export function salvagedEntries(stored: Uint8Array): Uint8Array[] {
  return leadingEntries(salvageTile(stored))
}

export function entryTile(n: number, entries: readonly Uint8Array[]): Tile {
  return { level: 'entries', n, bytes: encodeEntryTile([...entries]) }
}

/** The hashes of a full hash tile; FormatError when it is not 256 × 32 bytes. */
export function hashesOfTile(bytes: Uint8Array): Uint8Array[] {
  return hashesIn(bytes, 0, TILE_WIDTH)
}

/** `count` hashes of a full hash tile from the one at `from` on; FormatError as `hashesOfTile`. */
export function hashesIn(bytes: Uint8Array, from: number, count: number): Uint8Array[] {
  if (bytes.length !== TILE_WIDTH * 32)
    throw new FormatError('tile_malformed', `holds ${bytes.length} bytes, expected 8192`)
  const hashes: Uint8Array[] = []
  for (let at = from * 32; at < (from + count) * 32; at += 32) hashes.push(bytes.subarray(at, at + 32))
  return hashes
}

function leadingEntries(tile: Uint8Array): Uint8Array[] {
  const entries: Uint8Array[] = []
  let at = 0
  while (at + 2 <= tile.length && entries.length < TILE_WIDTH) {
    const end = at + 2 + ((tile[at]! << 8) | tile[at + 1]!)
    if (end > tile.length) break
    entries.push(tile.subarray(at + 2, end))
    at = end
  }
  return entries
}
