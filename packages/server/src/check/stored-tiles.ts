/** Tiles as they lie on disk beside what they should hold. A power cut may have left a tile unfinished that the log still covers. */
import {
  concatBytes,
  equalBytes,
  type Finding,
  finding,
  FormatError,
  leafHashes,
  TILE_WIDTH,
} from '@deponent/format'
import {
  entriesOfTile,
  entryTile,
  hashesOfTile,
  salvagedEntries,
  storedTile,
  TileStore,
} from '../ledger/tile-store.ts'
import type { Disk } from '../platform/disk.ts'
import type { LoggedEntries } from './logged-entries.ts'

/** What a disk writes whole; a power cut may lose one and keep the next. */
const SECTOR_BYTES = 512

/** What is to be said of tiles, in the order in which it was met. */
export interface TileNotes {
  readonly findings: Finding[]
  /** Index of the first entry of each tile that a power cut left unfinished. */
  readonly unfinished: number[]
}

export class StoredTiles {
  readonly #tiles: TileStore
  readonly #logged: LoggedEntries

  constructor(disk: Disk, directory: string, logged: LoggedEntries) {
    this.#tiles = new TileStore(disk, directory)
    this.#logged = logged
  }

  /** The bytes of a tile on disk. */
  read(level: number | 'entries', n: number): Promise<Uint8Array | undefined> {
    return this.#tiles.readFromDisk(level, n)
  }

  /** The entries of a full tile on disk; `logged` are those that the log holds for it, when it holds them all. */
  async entries(
    n: number,
    logged: Uint8Array[] | undefined,
    notes: TileNotes,
    read = this.read('entries', n),
  ): Promise<Uint8Array[] | undefined> {
    const bytes = await read
    if (!bytes) return undefined
    if (logged?.length === TILE_WIDTH && !this.#logged.isSettled((n + 1) * TILE_WIDTH)) {
      const whole = storedTile(entryTile(n, logged))
      if (isUnfinished(bytes, whole)) {
        notes.unfinished.push(n * TILE_WIDTH)
        return undefined
      }
    }
    try {
      return entriesOfTile(bytes)
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      const message = `entry tile ${n}: ${error.message}`
      notes.findings.push(finding('error', 'entry_tile_malformed', message, n * TILE_WIDTH))
      await this.#noteFirstDamaged(n, salvagedEntries(bytes), notes)
      return undefined
    }
  }

  /** Names the first entry of a damaged tile that is not the one its hash tile claims. */
  async #noteFirstDamaged(n: number, entries: Uint8Array[], { findings }: TileNotes): Promise<void> {
    const claimed = await this.read(0, n)
    if (claimed?.length !== TILE_WIDTH * 32) return
    const found = leafHashes(entries)
    const wrong = hashesOfTile(claimed).findIndex((hash, i) => !found[i] || !equalBytes(hash, found[i]))
    if (wrong >= 0) findings.push(finding('error', 'leaf_mismatch', undefined, n * TILE_WIDTH + wrong))
  }

  /** The hashes that a full tile on disk claims when they are not those `found` in what lies below it. */
  async differingHashes(
    level: number,
    n: number,
    found: readonly Uint8Array[],
    { findings, unfinished }: TileNotes,
    read = this.read(level, n),
  ): Promise<Uint8Array[] | undefined> {
    const index = n * TILE_WIDTH ** (level + 1)
    const isSettled = this.#logged.isSettled(index + TILE_WIDTH ** (level + 1))
    const bytes = await read
    if (!bytes) {
      if (isSettled) findings.push(finding('error', 'tile_missing', `tile ${level}/${n} is missing`, index))
      return undefined
    }
    const expected = concatBytes(...found)
    if (equalBytes(bytes, expected)) return undefined
    if (!isSettled && isUnfinished(bytes, expected)) {
      unfinished.push(index)
      return undefined
    }
    try {
      return hashesOfTile(bytes)
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      findings.push(finding('error', 'tile_malformed', `tile ${level}/${n}: ${error.message}`, index))
      return undefined
    }
  }
}

/** True when a power cut may have left `stored` of a new file of these `whole` bytes: it is cut off, or lacks whole sectors. */
function isUnfinished(stored: Uint8Array, whole: Uint8Array): boolean {
  if (stored.length > whole.length || equalBytes(stored, whole)) return false
  for (let at = 0; at < stored.length; at += SECTOR_BYTES) {
    const sector = stored.subarray(at, at + SECTOR_BYTES)
    const isLost = sector.every((byte) => byte === 0)
    if (!isLost && !equalBytes(sector, whole.subarray(at, at + sector.length))) return false
  }
  return true
}
