/**
 * The Merkle tree of a growing ledger: whole tiles on disk, the rightmost partial tile of each level in memory.
 *
 *   level 1      [ T0 T1 ]                    ← one hash per full tile below
 *   level 0   [h0 … h255] [h256 … h511] [h512 h513]
 *                 full          full       partial: in memory only
 *
 * Invariants: `partial[l]` holds fewer than 256 hashes; the number of hashes ever appended to level l is ⌊size / 256^l⌋.
 */
import { CompactRange, concatBytes, rootOf, TILE_WIDTH } from '@deponent/format'
import { TileMissing } from './errors.ts'
import { hashesIn, hashesOfTile, type Tile, type TileStore } from './tile-store.ts'

const TILE_HEIGHT = 8

export class LedgerTree {
  readonly #tiles: TileStore
  /** Hash tiles that are full but may not be written yet, by `level/n`. */
  readonly #unwritten = new Map<string, Uint8Array>()
  readonly #partial: Uint8Array[][] = [[]]
  #size = 0
  #range = CompactRange.empty()

  constructor(tiles: TileStore) {
    this.#tiles = tiles
  }

  /**
   * Rebuilds the state at `size`, a multiple of 256, from the tiles that are full at that size. Larger ones may be on disk, written
   * by an earlier life and not synced: they are not read.
   */
  static async load(tiles: TileStore, size: number): Promise<LedgerTree> {
    const tree = new LedgerTree(tiles)
    tree.#size = size
    let count = size / TILE_WIDTH
    for (let level = 1; count > 0; level += 1) {
      const width = count % TILE_WIDTH
      const firstTile = count - width
      const hashes: Uint8Array[] = []
      for (let i = 0; i < width; i += 1) hashes.push(rootOf(await tree.#tileHashes(level - 1, firstTile + i)))
      tree.#partial[level] = hashes
      count = Math.floor(count / TILE_WIDTH)
    }
    tree.#range = await tree.rangeAt(size)
    return tree
  }

  get size(): number {
    return this.#size
  }

  root(): Uint8Array {
    return this.#range.root()
  }

  /** The compact range of the first `size` leaves, for whoever must check growth from there on. */
  async rangeAt(size: number): Promise<CompactRange> {
    if (size > this.size) throw new RangeError(`no tree of ${size} leaves yet`)
    return CompactRange.of(size, await this.#rangeHashes(size))
  }

  /** Adds leaves and returns the hash tiles that became full; call `written` for each once it is on disk. */
  append(leafHashes: readonly Uint8Array[]): Tile[] {
    const full: Tile[] = []
    this.#range.appendAll(leafHashes)
    for (const hash of leafHashes) {
      this.#size += 1
      this.#push(0, hash, full)
    }
    return full
  }

  /** Forgets the in-memory copy of a tile that is now a file. */
  written(tile: Tile): void {
    this.#unwritten.delete(`${tile.level}/${tile.n}`)
  }

  /** Leaf hash of entry `index`, which must be below `size`. */
  leafHash(index: number): Promise<Uint8Array> {
    return this.node(0, index)
  }

  /** Root of the perfect subtree of 2^level leaves that starts at leaf index·2^level; it must lie within `size`. */
  async node(level: number, index: number): Promise<Uint8Array> {
    const tileLevel = Math.floor(level / TILE_HEIGHT)
    const below = 2 ** (level % TILE_HEIGHT)
    const first = index * below
    const tile = await this.#tileBytes(tileLevel, Math.floor(first / TILE_WIDTH))
    const from = first % TILE_WIDTH
    const slice = Array.isArray(tile) ? tile.slice(from, from + below) : hashesIn(tile, from, below)
    if (slice.length !== below)
      throw new RangeError(`node ${level}/${index} is outside a tree of ${this.size}`)
    return below === 1 ? slice[0]! : rootOf(slice)
  }

  /** The first `width` hashes of tile `n` of `level` as bytes, or undefined when the tree does not reach that far. */
  async hashTile(level: number, n: number, width: number): Promise<Uint8Array | undefined> {
    const appended = Math.floor(this.size / TILE_WIDTH ** level)
    if (n * TILE_WIDTH + width > appended) return undefined
    const hashes = await this.#tileHashes(level, n)
    return concatBytes(...hashes.slice(0, width))
  }

  #push(level: number, hash: Uint8Array, full: Tile[]): void {
    const hashes = (this.#partial[level] ??= [])
    hashes.push(hash)
    if (hashes.length < TILE_WIDTH) return
    const n = this.#appended(level) / TILE_WIDTH - 1
    const tile: Tile = { level, n, bytes: concatBytes(...hashes) }
    this.#unwritten.set(`${level}/${n}`, tile.bytes)
    full.push(tile)
    this.#partial[level] = []
    this.#push(level + 1, rootOf(hashes), full)
  }

  #appended(level: number): number {
    return Math.floor(this.#size / TILE_WIDTH ** level)
  }

  async #tileHashes(level: number, n: number): Promise<Uint8Array[]> {
    const tile = await this.#tileBytes(level, n)
    return Array.isArray(tile) ? tile : hashesOfTile(tile)
  }

  /** A tile: the bytes of a full one, the hashes of one that is still growing. */
  async #tileBytes(level: number, n: number): Promise<Uint8Array | Uint8Array[]> {
    const waiting = this.#unwritten.get(`${level}/${n}`)
    if (waiting) return waiting
    if (n === Math.floor(this.#appended(level) / TILE_WIDTH)) return this.#partial[level] ?? []
    const bytes = await this.#tiles.read(level, n)
    if (!bytes) throw new TileMissing(level, n)
    return bytes
  }

  /** Roots of the maximal perfect subtrees of a tree of `size` leaves, left to right. */
  async #rangeHashes(size: number): Promise<Uint8Array[]> {
    const hashes: Uint8Array[] = []
    let start = 0
    for (let bit = 52; bit >= 0; bit -= 1) {
      const leaves = 2 ** bit
      if (Math.floor(size / leaves) % 2 === 0) continue
      hashes.push(await this.node(bit, start / leaves))
      start += leaves
    }
    return hashes
  }
}
