/**
 * Reads a ledger from its files, entry by entry, believing none of them: every entry is decoded and hashed, every stored hash is
 * compared with what lies below it. It imports the layouts and nothing that writes.
 */
import {
  CompactRange,
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
import {
  entriesOfTile,
  entryTile,
  hashesOfTile,
  salvagedEntries,
  storedTile,
  TileStore,
} from '../ledger/tile-store.ts'
import { scanWal, type WalScan } from '../ledger/wal-scan.ts'
import type { Disk } from '../platform/disk.ts'

/** What a disk writes whole; a power cut may lose one and keep the next. */
const SECTOR_BYTES = 512

const TILES_AHEAD = 8

/** One entry as found. `entry` is undefined when it is malformed. */
export interface WalkedEntry {
  index: number
  entry?: Entry
  /** What the write-ahead log keeps beside it, when the log still holds it. */
  attachment?: Uint8Array
}

export class LedgerWalk {
  readonly findings: Finding[] = []
  /** Number of entries read, in order and without a hole. */
  size = 0
  /** Roots at the sizes asked for, once passed; none after a hole. */
  readonly roots = new Map<number, Uint8Array>()
  readonly #tiles: TileStore
  readonly #scan: WalScan
  readonly #scanAgain: () => Promise<WalScan>
  readonly #wanted: ReadonlySet<number>
  readonly #range = CompactRange.empty()
  readonly #levels: Uint8Array[][] = []
  readonly #logged = new Map<number, { entry: Uint8Array; attachment: Uint8Array }>()
  readonly #loggedFrom: number
  readonly #end: number
  readonly #ahead = new Map<number, Promise<Uint8Array | undefined>>()
  #isWhole = true
  #lastReceivedAt = 0
  /** Index of the first entry of each tile that a power cut left unfinished. */
  readonly #unfinished: number[] = []

  private constructor(
    tiles: TileStore,
    scan: WalScan,
    scanAgain: () => Promise<WalScan>,
    wanted: ReadonlySet<number>,
  ) {
    this.#tiles = tiles
    this.#scan = scan
    this.#scanAgain = scanAgain
    this.#wanted = wanted
    for (const { content } of scan.frames) {
      content.entries.forEach((entry, i) =>
        this.#logged.set(content.first + i, { entry, attachment: content.attachments[i]! }),
      )
    }
    this.#loggedFrom = scan.frames[0]?.content.first ?? 0
    this.#end = endOf(scan)
    this.#note()
  }

  /** `rootsAt`: the sizes whose roots are wanted. */
  static async open(
    disk: Disk,
    directory: string,
    ledgerId: Uint8Array,
    rootsAt: Iterable<number>,
  ): Promise<LedgerWalk> {
    const scan = (): Promise<WalScan> => scanWal(disk, `${directory}/wal`, ledgerId)
    return new LedgerWalk(new TileStore(disk, directory), await scan(), scan, new Set(rootsAt))
  }

  /** Number of entries the log says there are. */
  get expectedSize(): number {
    return this.#end
  }

  /** Every entry in order; afterwards `findings`, `size` and `roots` are complete. */
  async *entries(): AsyncGenerator<WalkedEntry[]> {
    for (let n = 0; n * TILE_WIDTH < this.#end; n += 1) {
      const first = n * TILE_WIDTH
      const logged = this.#fromLog(first)
      const stored = await this.#storedTile(n, logged, this.#readAhead(n))
      const entries = stored?.slice(0, this.#end - first) ?? logged
      if (!entries) {
        this.#isWhole = false
        this.findings.push(
          finding(
            'error',
            'entry_missing',
            `entries ${first}..${first + TILE_WIDTH} are in no readable tile`,
            first,
          ),
        )
        continue
      }
      if (stored && stored.length > entries.length) await this.#expectGrowth(first + stored.length)
      yield await this.#block(first, entries)
    }
    this.#noteUnfinished()
  }

  /** A tile holds more than the log did when it was read: right if a running server has made the log that long since. */
  async #expectGrowth(end: number): Promise<void> {
    if (endOf(await this.#scanAgain()) >= end) return
    const message = `a tile holds entries up to ${end}, the log ends at ${this.#end}`
    this.findings.push(finding('error', 'tile_unexpected', message, this.#end))
  }

  /** The bytes of entries [from, to), unchecked; fewer when some cannot be read. */
  async range(from: number, to: number): Promise<Uint8Array[]> {
    const found: Uint8Array[] = []
    for (let n = Math.floor(from / TILE_WIDTH); n * TILE_WIDTH < to; n += 1) {
      const first = n * TILE_WIDTH
      const logged = this.#fromLog(first)
      const entries = (await this.#storedTile(n, logged)) ?? logged ?? []
      found.push(...entries.slice(Math.max(0, from - first), to - first))
    }
    return found
  }

  #note(): void {
    const { corrupt, tornTail } = this.#scan
    if (corrupt) {
      const range = `${corrupt.from}..${corrupt.to ?? ''}`
      this.findings.push(
        finding('error', 'wal_corrupt', `entries ${range} are damaged in ${corrupt.file}`, corrupt.from),
      )
    }
    if (tornTail) this.findings.push(finding('info', 'wal_torn_tail'))
  }

  /**
   * True when the log may have let go of the first `end` entries: what they fill was synced and read back before. Other tiles are
   * only in the system's memory until the next start or the next checkpoint, and a power cut may leave any part of them.
   */
  #isSettled(end: number): boolean {
    return end <= Math.ceil(this.#loggedFrom / TILE_WIDTH) * TILE_WIDTH
  }

  #noteUnfinished(): void {
    const [first] = this.#unfinished
    if (first === undefined) return
    const message = `${this.#unfinished.length} tiles are unfinished; the log holds their entries and the next start writes them again`
    this.findings.push(finding('info', 'tile_unfinished', message, first))
  }

  /** Entry tile `n` as it lies on disk; those behind it are read while it is checked. */
  #readAhead(n: number): Promise<Uint8Array | undefined> {
    for (let next = n; next <= n + TILES_AHEAD && next * TILE_WIDTH < this.#end; next += 1) {
      if (this.#ahead.has(next)) continue
      const read = this.#tiles.readFromDisk('entries', next)
      // A failure is met when the tile is taken; until then nobody listens.
      read.catch(() => undefined)
      this.#ahead.set(next, read)
    }
    const read = this.#ahead.get(n)!
    this.#ahead.delete(n)
    return read
  }

  /** The entries of a full tile on disk; `logged` are those that the log holds for it, when it holds them all. */
  async #storedTile(
    n: number,
    logged: Uint8Array[] | undefined,
    read = this.#tiles.readFromDisk('entries', n),
  ): Promise<Uint8Array[] | undefined> {
    const bytes = await read
    if (!bytes) return undefined
    if (logged?.length === TILE_WIDTH && !this.#isSettled((n + 1) * TILE_WIDTH)) {
      const whole = storedTile(entryTile(n, logged))
      if (isUnfinished(bytes, whole)) {
        this.#unfinished.push(n * TILE_WIDTH)
        return undefined
      }
    }
    try {
      return entriesOfTile(bytes)
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      const message = `entry tile ${n}: ${error.message}`
      this.findings.push(finding('error', 'entry_tile_malformed', message, n * TILE_WIDTH))
      await this.#noteFirstDamaged(n, salvagedEntries(bytes))
      return undefined
    }
  }

  /** Names the first entry of a damaged tile that is not the one its hash tile claims. */
  async #noteFirstDamaged(n: number, entries: Uint8Array[]): Promise<void> {
    const claimed = await this.#tiles.readFromDisk(0, n)
    if (claimed?.length !== TILE_WIDTH * 32) return
    const found = leafHashes(entries)
    const wrong = hashesOfTile(claimed).findIndex((hash, i) => !found[i] || !equalBytes(hash, found[i]))
    if (wrong >= 0) this.findings.push(finding('error', 'leaf_mismatch', undefined, n * TILE_WIDTH + wrong))
  }

  #fromLog(first: number): Uint8Array[] | undefined {
    const entries: Uint8Array[] = []
    for (let index = first; index < Math.min(first + TILE_WIDTH, this.#end); index += 1) {
      const logged = this.#logged.get(index)
      if (!logged) return undefined
      entries.push(logged.entry)
    }
    return entries
  }

  async #block(first: number, entries: Uint8Array[]): Promise<WalkedEntry[]> {
    const hashes = leafHashes(entries)
    await this.#compareLeaves(first, hashes)
    const walked: WalkedEntry[] = []
    this.#grow(first, hashes)
    entries.forEach((bytes, i) => walked.push(this.#take(first + i, bytes)))
    if (this.#isWhole) this.size = first + entries.length
    if (entries.length === TILE_WIDTH) await this.#climb(0, Math.floor(first / TILE_WIDTH), hashes)
    return walked
  }

  /** Adds leaves to the tree, noting the roots asked for on the way. */
  #grow(first: number, hashes: readonly Uint8Array[]): void {
    const end = first + hashes.length
    const wanted = [...this.#wanted].filter((size) => size > first && size <= end).toSorted((a, b) => a - b)
    let at = first
    for (const size of [...wanted, end]) {
      this.#range.appendAll(hashes.slice(at - first, size - first))
      if (this.#isWhole && this.#wanted.has(size)) this.roots.set(size, this.#range.root())
      at = size
    }
  }

  #take(index: number, bytes: Uint8Array): WalkedEntry {
    const logged = this.#logged.get(index)
    if (logged && !equalBytes(logged.entry, bytes)) {
      this.findings.push(
        finding('error', 'leaf_mismatch', 'the tile and the write-ahead log hold different entries', index),
      )
    }
    const entry = this.#decode(index, bytes)
    return { index, ...(entry && { entry }), ...(logged && { attachment: logged.attachment }) }
  }

  #decode(index: number, bytes: Uint8Array): Entry | undefined {
    try {
      const entry = decodeEntry(bytes)
      if (entry.receivedAt < this.#lastReceivedAt)
        this.findings.push(finding('error', 'received_at_decreases', undefined, index))
      this.#lastReceivedAt = Math.max(this.#lastReceivedAt, entry.receivedAt)
      return entry
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      this.findings.push(finding('error', 'entry_malformed', error.message, index))
      return undefined
    }
  }

  /** Compares the hashes of a full block with the hash tile that claims them. */
  async #compareLeaves(first: number, hashes: readonly Uint8Array[]): Promise<void> {
    if (hashes.length < TILE_WIDTH) return
    const claimed = await this.#hashTile(0, Math.floor(first / TILE_WIDTH), hashes)
    claimed?.forEach((hash, i) => {
      if (!equalBytes(hash, hashes[i]!))
        this.findings.push(finding('error', 'leaf_mismatch', undefined, first + i))
    })
  }

  /** The hashes that a full tile on disk claims when they are not those `found` in what lies below it. */
  async #hashTile(level: number, n: number, found: readonly Uint8Array[]): Promise<Uint8Array[] | undefined> {
    const index = n * TILE_WIDTH ** (level + 1)
    const isSettled = this.#isSettled(index + TILE_WIDTH ** (level + 1))
    const bytes = await this.#tiles.readFromDisk(level, n)
    if (!bytes) {
      if (isSettled)
        this.findings.push(finding('error', 'tile_missing', `tile ${level}/${n} is missing`, index))
      return undefined
    }
    const expected = concatBytes(...found)
    if (equalBytes(bytes, expected)) return undefined
    if (!isSettled && isUnfinished(bytes, expected)) {
      this.#unfinished.push(index)
      return undefined
    }
    try {
      return hashesOfTile(bytes)
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      this.findings.push(finding('error', 'tile_malformed', `tile ${level}/${n}: ${error.message}`, index))
      return undefined
    }
  }

  /** Carries the root of a full tile up, comparing each tile above as it fills. */
  async #climb(level: number, n: number, hashes: readonly Uint8Array[]): Promise<void> {
    const above = (this.#levels[level + 1] ??= [])
    above.push(rootOf(hashes))
    if (above.length < TILE_WIDTH) return
    const upper = Math.floor(n / TILE_WIDTH)
    const first = upper * TILE_WIDTH ** (level + 2)
    const claimed = await this.#hashTile(level + 1, upper, above)
    if (claimed && !equalBytes(concatBytes(...claimed), concatBytes(...above))) {
      this.findings.push(
        finding(
          'error',
          'tile_mismatch',
          `tile ${level + 1}/${upper} differs from the tiles below it`,
          first,
        ),
      )
    }
    this.#levels[level + 1] = []
    await this.#climb(level + 1, upper, above)
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

/** Number of entries a log tells of. */
function endOf({ frames }: WalScan): number {
  const last = frames.at(-1)?.content
  return last ? last.first + last.entries.length : 0
}
