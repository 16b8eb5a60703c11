/** Reads entries by index, newest from memory, the rest from full tiles. */
import { type Entry, decodeEntry, TILE_WIDTH } from '@deponent/format'
import { TileMissing } from './errors.ts'
import { entriesOfTile, type TileStore } from './tile-store.ts'

const DECODED_TILES_MAX = 64

export class EntryReader {
  readonly #tiles: TileStore
  readonly #decoded = new Map<number, Uint8Array[]>()
  #tail: Uint8Array[] = []
  #tailStart = 0

  /** `tailStart` is the first index held in memory, a multiple of 256. */
  constructor(tiles: TileStore, tailStart: number) {
    this.#tiles = tiles
    this.#tailStart = tailStart
  }

  get end(): number {
    return this.#tailStart + this.#tail.length
  }

  /** Index from which entries are still in memory only or as well. */
  get tailStart(): number {
    return this.#tailStart
  }

  push(entries: readonly Uint8Array[]): void {
    for (const entry of entries) this.#tail.push(entry)
  }

  /** The entries in memory of full tile `n`, or undefined when that tile is not full or not in memory. */
  fullTail(n: number): Uint8Array[] | undefined {
    const from = n * TILE_WIDTH - this.#tailStart
    const entries = this.#tail.slice(Math.max(0, from), from + TILE_WIDTH)
    return from >= 0 && entries.length === TILE_WIDTH ? entries : undefined
  }

  /** Drops entries below `index`, a multiple of 256 whose tiles are on disk. */
  forgetBelow(index: number): void {
    if (index <= this.#tailStart) return
    this.#tail = this.#tail.slice(index - this.#tailStart)
    this.#tailStart = index
  }

  /** The bytes of entry `index`; RangeError when there is no such entry. */
  async bytes(index: number): Promise<Uint8Array> {
    if (index >= this.#tailStart) {
      const entry = this.#tail[index - this.#tailStart]
      if (!entry) throw new RangeError(`no entry ${index}`)
      return entry
    }
    const entries = await this.#tile(Math.floor(index / TILE_WIDTH))
    return entries[index % TILE_WIDTH]!
  }

  async entry(index: number): Promise<Entry> {
    return decodeEntry(await this.bytes(index))
  }

  /** The bytes of every entry in [from, to), in order. */
  async range(from: number, to: number): Promise<Uint8Array[]> {
    const found: Uint8Array[] = []
    for (let index = from; index < to;) {
      if (index >= this.#tailStart) {
        const piece = this.#tail.slice(index - this.#tailStart, to - this.#tailStart)
        if (piece.length === 0) throw new RangeError(`no entry ${index}`)
        found.push(...piece)
        index += piece.length
        continue
      }
      const tile = await this.#tile(Math.floor(index / TILE_WIDTH))
      const within = index % TILE_WIDTH
      const piece = tile.slice(within, within + to - index)
      found.push(...piece)
      index += piece.length
    }
    return found
  }

  async #tile(n: number): Promise<Uint8Array[]> {
    const known = this.#decoded.get(n)
    if (known) return known
    const bytes = await this.#tiles.read('entries', n)
    if (!bytes) throw new TileMissing('entries', n)
    const entries = entriesOfTile(bytes)
    this.#decoded.set(n, entries)
    if (this.#decoded.size > DECODED_TILES_MAX) this.#decoded.delete(this.#decoded.keys().next().value!)
    return entries
  }
}
