/**
 * Turns durable entries into signed checkpoints and lets go of write-ahead files that nothing needs any more. A file goes only
 * when its entries are in full tiles that were synced, re-read and re-hashed, with every follower durable past them, and
 * under a checkpoint the signer has persisted.
 */
import { equalBytes, FormatError, leafHashes, TILE_WIDTH, utf8 } from '@deponent/format'
import type { Clock } from '../platform/clock.ts'
import type { Disk } from '../platform/disk.ts'
import { NotSequencing, TileMissing } from './errors.ts'
import type { Follower } from './follower.ts'
import type { Signer } from './signer.ts'
import { entriesOfTile, hashesOfTile, type Tile, type TileStore } from './tile-store.ts'
import type { Wal } from './wal.ts'

const PUBLISH_DELAY_MS = 200

/** What the publisher sees of the ledger it serves. */
export interface PublishedLedger {
  size(): number
  root(): Uint8Array
  /** Entries below this index are in tiles on disk. */
  writtenThrough(): number
  wal(): Wal | undefined
  stop(reason: NotSequencing): void
}

interface PublisherOptions {
  disk: Disk
  clock: Clock
  directory: string
  signer: Signer
  tiles: TileStore
  followers: readonly Follower[]
  ledger: PublishedLedger
  /** Entry tiles below this number were settled before this process started, see `isSettled`. */
  settledTiles: number
}

export interface PublishedCheckpoint {
  size: number
  note: string
  /** Unix ms of publication by this process. */
  publishedAt: number
}

export class Publisher {
  readonly #options: PublisherOptions
  #latest: PublishedCheckpoint | undefined
  #scheduled = false
  #publishing: Promise<void> | undefined
  #retiring: Promise<void> | undefined
  #retireAgain = false
  #settledTiles: number
  /** A write or sync failed: nothing is published or retired any more, because a second sync may report a page that was lost. */
  #hasFailed = false
  #waiting: { size: number; resolve(covered: boolean): void; cancel(): void }[] = []

  constructor(options: PublisherOptions) {
    this.#options = options
    this.#settledTiles = options.settledTiles
  }

  get latest(): PublishedCheckpoint | undefined {
    return this.#latest
  }

  /** Publishes soon; many calls make one checkpoint. */
  schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#options.clock.after(PUBLISH_DELAY_MS, () => {
      this.#scheduled = false
      void this.publish()
    })
  }

  /** Signs and publishes the present size, unless that is published already. A refusal stops the ledger. */
  async publish(): Promise<void> {
    while (this.#publishing) await this.#publishing
    this.#publishing = this.#publishOnce()
      .catch((error: unknown) => {
        this.#fail('signing_refused', error)
      })
      .finally(() => {
        this.#publishing = undefined
      })
    await this.#publishing
  }

  /**
   * True for a tile that was synced, read back and hashed, and all it is made of too. The log may have let its entries go, so it is
   * never written again: a power cut after a second write could leave neither of the two.
   */
  isSettled({ level, n }: Tile): boolean {
    return (n + 1) * TILE_WIDTH ** (level === 'entries' ? 0 : level) <= this.#settledTiles
  }

  covers(size: number, timeoutMs: number): Promise<boolean> {
    if (size <= (this.#latest?.size ?? 0)) return Promise.resolve(true)
    return new Promise((resolve) => {
      const waiter = { size, resolve, cancel: () => {} }
      waiter.cancel = this.#options.clock.after(timeoutMs, () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter)
        resolve(false)
      })
      this.#waiting.push(waiter)
    })
  }

  async close(): Promise<void> {
    await this.#publishing
    this.#retireSoon()
    while (this.#retiring) await this.#retiring
    for (const waiter of this.#waiting) waiter.resolve(false)
    this.#waiting = []
  }

  async #publishOnce(): Promise<void> {
    const { clock, disk, directory, ledger, signer } = this.#options
    const size = ledger.size()
    if (this.#hasFailed || this.#latest?.size === size) return
    const head = signer.head()
    const root = ledger.root()
    const isSigned = head?.size === size && equalBytes(head.root, root)
    const note = isSigned
      ? head.note
      : await signer.advance(size, root, { readBack: (from, to) => this.#readBack(from, to) })
    await disk.write(`${directory}/checkpoint`, utf8(note))
    this.#latest = { size, note, publishedAt: clock.now() }
    this.#answerWaiting()
    this.#retireSoon()
  }

  /** Runs `#retire` now, or once more after the run that is under way. */
  #retireSoon(): void {
    if (this.#retiring) {
      this.#retireAgain = true
      return
    }
    this.#retiring = this.#retire().finally(() => {
      this.#retiring = undefined
      if (!this.#retireAgain) return
      this.#retireAgain = false
      this.#retireSoon()
    })
  }

  #answerWaiting(): void {
    const size = this.#latest?.size ?? 0
    const answered = this.#waiting.filter((waiter) => waiter.size <= size)
    this.#waiting = this.#waiting.filter((waiter) => waiter.size > size)
    for (const waiter of answered) {
      waiter.cancel()
      waiter.resolve(true)
    }
  }

  /** Entries [from, to) from disk: tiles for what the log no longer holds, log frames for the rest. */
  async *#readBack(from: number, to: number): AsyncGenerator<readonly Uint8Array[]> {
    const { ledger, tiles } = this.#options
    const logged = Math.min(ledger.wal()?.firstIndex() ?? to, to)
    let at = from
    while (at < logged) {
      const n = Math.floor(at / TILE_WIDTH)
      const bytes = await tiles.readFromDisk('entries', n)
      if (!bytes) throw new TileMissing('entries', n)
      const within = at % TILE_WIDTH
      const piece = entriesOfTile(bytes).slice(within, within + logged - at)
      yield piece
      at += piece.length
    }
    for await (const frame of ledger.wal()?.readBack(at, to) ?? []) {
      const piece = frame.entries.slice(Math.max(0, at - frame.first), to - frame.first)
      yield piece
      at += piece.length
    }
  }

  /** Retires log files. A failure stops the ledger: stored bytes may not be what was written. */
  async #retire(): Promise<void> {
    const { followers, ledger } = this.#options
    const wal = ledger.wal()
    const tilesSafe = Math.floor(Math.min(ledger.writtenThrough(), this.#latest?.size ?? 0) / TILE_WIDTH)
    const end = wal?.finishedEnds().findLast((finished) => finished <= tilesSafe * TILE_WIDTH)
    if (this.#hasFailed || !wal || end === undefined) return
    try {
      await this.#settleTiles(tilesSafe)
      for (const follower of followers) await follower.flush()
      const durable = Math.min(end, ...followers.map((follower) => follower.durable()))
      await wal.retire(durable)
    } catch (error) {
      this.#fail(error instanceof FormatError ? 'tile_damaged' : 'write_failed', error)
    }
  }

  #fail(code: string, error: unknown): void {
    this.#hasFailed = true
    this.#options.ledger.stop(new NotSequencing(code, error instanceof Error ? error.message : String(error)))
  }

  /** Syncs every tile up to entry tile `count`, reads it back from disk and hashes it again. */
  async #settleTiles(count: number): Promise<void> {
    const { tiles } = this.#options
    const names: { level: number | 'entries'; n: number }[] = []
    for (let n = this.#settledTiles; n < count; n += 1) names.push({ level: 'entries', n }, { level: 0, n })
    for (let level = 1, width = TILE_WIDTH; Math.floor(count / width) > 0; level += 1, width *= TILE_WIDTH) {
      const first = Math.floor(this.#settledTiles / width)
      for (let n = first; n < Math.floor(count / width); n += 1) names.push({ level, n })
    }
    await tiles.makeDurable(names)
    for (let n = this.#settledTiles; n < count; n += 1) await this.#rehash(n)
    this.#settledTiles = count
  }

  async #rehash(n: number): Promise<void> {
    const entries = await this.#options.tiles.readFromDisk('entries', n)
    const hashes = await this.#options.tiles.readFromDisk(0, n)
    if (!entries || !hashes) throw new FormatError('tile_missing', `tile ${n} is missing on disk`)
    const expected = hashesOfTile(hashes)
    const found = leafHashes(entriesOfTile(entries))
    const wrong = found.findIndex((hash, i) => !equalBytes(hash, expected[i]!))
    if (wrong < 0) return
    throw new FormatError(
      'leaf_mismatch',
      `entry ${n * TILE_WIDTH + wrong} on disk does not hash to its leaf`,
    )
  }
}
