/**
 * One tile of entries on its own: decoded, hashed, compared with its hash tile and with the log. What depends on the tiles before it is
 * left to `ledger-walk.ts`; what that needs is plain data, because the tile may have been checked in another thread.
 */
import {
  concatBytes,
  decodeEntry,
  type Entry,
  equalBytes,
  type Finding,
  finding,
  FormatError,
  leafHashes,
  rootOf,
  TILE_WIDTH,
} from '@deponent/format'
import { countUpTo } from './count-up-to.ts'
import type { LoggedEntries } from './logged-entries.ts'
import type { StoredTiles, TileNotes } from './stored-tiles.ts'

const TILES_AHEAD = 8

/** One entry as found. `entry` is undefined when it is malformed. */
export interface WalkedEntry {
  index: number
  entry?: Entry
  /** What the write-ahead log keeps beside it, when the log still holds it. */
  attachment?: Uint8Array
}

export interface TileSummary extends TileNotes {
  readonly n: number
  /** Number of entries; 0 when they are in no readable tile. */
  readonly count: number
  /** Where the tile ends when it holds more entries than the log tells of. */
  readonly grownTo?: number
  /** What is said of entries one by one, in their order. */
  readonly faults: readonly Finding[]
  /** When each entry says it was received; NaN for one that is malformed. */
  readonly receivedAt: Float64Array<ArrayBuffer>
  /** The root over a full tile. */
  readonly root?: Uint8Array
  /** All leaf hashes, one behind the other, where the root does not tell enough. */
  readonly hashes?: Uint8Array
}

export interface CheckedTile {
  readonly summary: TileSummary
  readonly entries: readonly WalkedEntry[]
}

export class TileCheck {
  readonly #stored: StoredTiles
  readonly #logged: LoggedEntries
  readonly #wanted: readonly number[]
  readonly #ahead = new Map<string, Promise<Uint8Array | undefined>>()

  /** `wanted`: the sizes whose roots are wanted, in ascending order. */
  constructor(stored: StoredTiles, logged: LoggedEntries, wanted: readonly number[]) {
    this.#stored = stored
    this.#logged = logged
    this.#wanted = wanted
  }

  /** Tiles [from, to) one after the other; those to come are read while one is checked. */
  async *tiles(from: number, to: number): AsyncGenerator<CheckedTile> {
    for (let n = from; n < to; n += 1) {
      for (let next = n; next < Math.min(to, n + TILES_AHEAD); next += 1) this.#readAhead(next)
      yield await this.#tile(n)
    }
  }

  #readAhead(n: number): void {
    for (const level of ['entries', 0] as const) {
      const key = `${level}/${n}`
      if (this.#ahead.has(key)) continue
      const read = this.#stored.read(level, n)
      // A failure is met when the tile is taken; until then nobody listens.
      read.catch(() => undefined)
      this.#ahead.set(key, read)
    }
  }

  #taken(level: number | 'entries', n: number): Promise<Uint8Array | undefined> {
    const key = `${level}/${n}`
    const read = this.#ahead.get(key)!
    this.#ahead.delete(key)
    return read
  }

  async #tile(n: number): Promise<CheckedTile> {
    const first = n * TILE_WIDTH
    const notes: TileNotes = { findings: [], unfinished: [] }
    const logged = this.#logged.tile(first)
    const [storedEntries, storedHashes] = [this.#taken('entries', n), this.#taken(0, n)]
    const stored = await this.#stored.entries(n, logged, notes, storedEntries)
    const entries = stored?.slice(0, this.#logged.end - first) ?? logged
    if (!entries) {
      const message = `entries ${first}..${first + TILE_WIDTH} are in no readable tile`
      notes.findings.push(finding('error', 'entry_missing', message, first))
      return { summary: { n, count: 0, ...notes, faults: [], receivedAt: new Float64Array(0) }, entries: [] }
    }
    const hashes = leafHashes(entries)
    if (hashes.length === TILE_WIDTH) await this.#compareLeaves(n, hashes, notes, storedHashes)
    const faults: Finding[] = []
    const walked = entries.map((bytes, i) => this.#walked(first + i, bytes, faults))
    const grownTo = stored && stored.length > entries.length ? first + stored.length : undefined
    const receivedAt = Float64Array.from(walked, ({ entry }) => entry?.receivedAt ?? Number.NaN)
    const summary: TileSummary = {
      n,
      count: entries.length,
      ...(grownTo !== undefined && { grownTo }),
      ...notes,
      faults,
      receivedAt,
      ...(hashes.length === TILE_WIDTH && { root: rootOf(hashes) }),
      ...(this.#needsLeaves(first, hashes.length) && { hashes: concatBytes(...hashes) }),
    }
    return { summary, entries: walked }
  }

  /** Compares the hashes of a full tile with the hash tile that claims them. */
  async #compareLeaves(
    n: number,
    hashes: readonly Uint8Array[],
    notes: TileNotes,
    read: Promise<Uint8Array | undefined>,
  ): Promise<void> {
    const claimed = await this.#stored.differingHashes(0, n, hashes, notes, read)
    claimed?.forEach((hash, i) => {
      if (!equalBytes(hash, hashes[i]!))
        notes.findings.push(finding('error', 'leaf_mismatch', undefined, n * TILE_WIDTH + i))
    })
  }

  /** Whether the tree must grow leaf by leaf: the tile is not full, or a root is wanted within it. */
  #needsLeaves(first: number, count: number): boolean {
    if (count < TILE_WIDTH) return true
    const next = this.#wanted[countUpTo(this.#wanted, first)]
    return next !== undefined && next < first + TILE_WIDTH
  }

  #walked(index: number, bytes: Uint8Array, faults: Finding[]): WalkedEntry {
    const logged = this.#logged.at(index)
    if (logged && !equalBytes(logged.entry, bytes)) {
      const message = 'the tile and the write-ahead log hold different entries'
      faults.push(finding('error', 'leaf_mismatch', message, index))
    }
    const entry = decoded(index, bytes, faults)
    return { index, ...(entry && { entry }), ...(logged && { attachment: logged.attachment }) }
  }
}

function decoded(index: number, bytes: Uint8Array, faults: Finding[]): Entry | undefined {
  try {
    return decodeEntry(bytes)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    faults.push(finding('error', 'entry_malformed', error.message, index))
    return undefined
  }
}
