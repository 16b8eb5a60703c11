/**
 * Reads a ledger from its files, entry by entry, believing none of them: every entry is decoded and hashed, every stored hash is
 * compared with what lies below it. It imports the layouts and nothing that writes. Each tile is checked on its own (`tile-check.ts`),
 * in this thread or another; here is what goes from one tile to the next, taken in the order of the ledger.
 */
import {
  CompactRange,
  concatBytes,
  equalBytes,
  type Finding,
  finding,
  rootOf,
  TILE_WIDTH,
} from '@deponent/format'
import { scanWal, type WalScan } from '../ledger/wal-scan.ts'
import type { Disk } from '../platform/disk.ts'
import { countUpTo } from './count-up-to.ts'
import { LoggedEntries } from './logged-entries.ts'
import { StoredTiles } from './stored-tiles.ts'
import { TileCheck, type TileSummary, type WalkedEntry } from './tile-check.ts'

export class LedgerWalk {
  readonly findings: Finding[] = []
  /** Number of entries read, in order and without a hole. */
  size = 0
  /** Roots at the sizes asked for, once passed; none after a hole. */
  readonly roots = new Map<number, Uint8Array>()
  /** What the log held when it was read. */
  readonly logged: LoggedEntries
  /** The sizes whose roots are wanted, in ascending order. */
  readonly wanted: readonly number[]
  readonly #stored: StoredTiles
  readonly #scanAgain: () => Promise<WalScan>
  readonly #range = CompactRange.empty()
  readonly #levels: Uint8Array[][] = []
  readonly #unfinished: number[] = []
  #isWhole = true
  #lastReceivedAt = 0

  private constructor(
    disk: Disk,
    directory: string,
    scan: WalScan,
    scanAgain: () => Promise<WalScan>,
    wanted: readonly number[],
  ) {
    this.logged = LoggedEntries.of(scan)
    this.wanted = wanted
    this.#stored = new StoredTiles(disk, directory, this.logged)
    this.#scanAgain = scanAgain
    this.#note(scan)
  }

  /** `rootsAt`: the sizes whose roots are wanted. */
  static async open(
    disk: Disk,
    directory: string,
    ledgerId: Uint8Array,
    rootsAt: Iterable<number>,
  ): Promise<LedgerWalk> {
    const scan = (): Promise<WalScan> => scanWal(disk, `${directory}/wal`, ledgerId)
    const wanted = [...new Set(rootsAt)].toSorted((a, b) => a - b)
    return new LedgerWalk(disk, directory, await scan(), scan, wanted)
  }

  /** Number of entries the log says there are. */
  get expectedSize(): number {
    return this.logged.end
  }

  /** Number of tiles they fill, the last perhaps in part. */
  get tileCount(): number {
    return Math.ceil(this.expectedSize / TILE_WIDTH)
  }

  /** Every entry in order; afterwards `findings`, `size` and `roots` are complete. */
  async *entries(): AsyncGenerator<readonly WalkedEntry[]> {
    const tiles = new TileCheck(this.#stored, this.logged, this.wanted).tiles(0, this.tileCount)
    for await (const { summary, entries } of tiles) {
      await this.take(summary)
      if (entries.length > 0) yield entries
    }
    this.finish()
  }

  /** Takes the next tile. Take every tile in order, and `finish`, for what `entries` would give. */
  async take(tile: TileSummary): Promise<void> {
    this.#unfinished.push(...tile.unfinished)
    if (tile.grownTo !== undefined) await this.#expectGrowth(tile.grownTo)
    this.findings.push(...tile.findings)
    if (tile.count === 0) {
      this.#isWhole = false
      return
    }
    this.#grow(tile)
    this.findings.push(...this.#inOrder(tile))
    if (this.#isWhole) this.size = tile.n * TILE_WIDTH + tile.count
    if (tile.root) await this.#climb(0, tile.n, tile.root)
  }

  /** Says what is said once of all tiles. */
  finish(): void {
    const [first] = this.#unfinished
    if (first === undefined) return
    const message = `${this.#unfinished.length} tiles are unfinished; the log holds their entries and the next start writes them again`
    this.findings.push(finding('info', 'tile_unfinished', message, first))
  }

  /** A tile holds more than the log did when it was read: right if a running server has made the log that long since. */
  async #expectGrowth(end: number): Promise<void> {
    if (LoggedEntries.of(await this.#scanAgain()).end >= end) return
    const message = `a tile holds entries up to ${end}, the log ends at ${this.expectedSize}`
    this.findings.push(finding('error', 'tile_unexpected', message, this.expectedSize))
  }

  /** The bytes of entries [from, to), unchecked; fewer when some cannot be read. */
  async range(from: number, to: number): Promise<Uint8Array[]> {
    const found: Uint8Array[] = []
    for (let n = Math.floor(from / TILE_WIDTH); n * TILE_WIDTH < to; n += 1) {
      const first = n * TILE_WIDTH
      const logged = this.logged.tile(first)
      const notes = { findings: this.findings, unfinished: this.#unfinished }
      const entries = (await this.#stored.entries(n, logged, notes)) ?? logged ?? []
      found.push(...entries.slice(Math.max(0, from - first), to - first))
    }
    return found
  }

  #note({ corrupt, tornTail }: WalScan): void {
    if (corrupt) {
      const range = `${corrupt.from}..${corrupt.to ?? ''}`
      this.findings.push(
        finding('error', 'wal_corrupt', `entries ${range} are damaged in ${corrupt.file}`, corrupt.from),
      )
    }
    if (tornTail) this.findings.push(finding('info', 'wal_torn_tail'))
  }

  /** Adds the leaves of a tile to the tree, noting the roots asked for on the way. After a hole there is no tree. */
  #grow({ n, count, root, hashes }: TileSummary): void {
    if (!this.#isWhole) return
    const first = n * TILE_WIDTH
    let at = first
    for (let next = countUpTo(this.wanted, first); ; next += 1) {
      const size = Math.min(this.wanted[next] ?? Infinity, first + count)
      if (hashes) this.#range.appendAll(hashesIn(hashes, at - first, size - first))
      else this.#range.appendSubtree(root!, count)
      if (this.wanted[next] === size) this.roots.set(size, this.#range.root())
      if (size === first + count) return
      at = size
    }
  }

  /** What is said of the entries of a tile one by one, with those that were received before one in front of them. */
  #inOrder({ n, receivedAt, faults }: TileSummary): readonly Finding[] {
    const earlier: Finding[] = []
    receivedAt.forEach((time, i) => {
      if (time < this.#lastReceivedAt)
        earlier.push(finding('error', 'received_at_decreases', undefined, n * TILE_WIDTH + i))
      else if (!Number.isNaN(time)) this.#lastReceivedAt = time
    })
    return earlier.length === 0 ? faults : [...faults, ...earlier].toSorted((a, b) => a.index! - b.index!)
  }

  /** Carries the root of a full tile up, comparing each tile above as it fills. */
  async #climb(level: number, n: number, root: Uint8Array): Promise<void> {
    const above = (this.#levels[level + 1] ??= [])
    above.push(root)
    if (above.length < TILE_WIDTH) return
    const upper = Math.floor(n / TILE_WIDTH)
    const notes = { findings: this.findings, unfinished: this.#unfinished }
    const claimed = await this.#stored.differingHashes(level + 1, upper, above, notes)
    if (claimed && !equalBytes(concatBytes(...claimed), concatBytes(...above))) {
      const message = `tile ${level + 1}/${upper} differs from the tiles below it`
      this.findings.push(finding('error', 'tile_mismatch', message, upper * TILE_WIDTH ** (level + 2)))
    }
    this.#levels[level + 1] = []
    await this.#climb(level + 1, upper, rootOf(above))
  }
}

/** The hashes [from, to) among those one behind the other in `bytes`. */
function hashesIn(bytes: Uint8Array, from: number, to: number): Uint8Array[] {
  return Array.from({ length: to - from }, (_, i) => bytes.subarray((from + i) * 32, (from + i + 1) * 32))
}
