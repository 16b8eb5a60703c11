/**
 * Turns durable entries into signed checkpoints and lets go of write-ahead files that nothing needs any more. A file goes only
 * when its entries are in full tiles that were synced, re-read and re-hashed, with every follower durable past them, and
 * under a checkpoint the signer has persisted.
 */
import { equalBytes, FormatError, leafHashes, TILE_WIDTH, utf8 } from '@deponent/format'
import type { Clock } from '../platform/clock.ts'
import type { Disk } from '../platform/disk.ts'
import { severalAtOnce } from '../platform/several-at-once.ts'
import { reasonOf } from '../platform/failure.ts'
import { NotSequencing, TileMissing } from './errors.ts'
import type { Follower } from './follower.ts'
import {
  type CheckpointSigner,
  type SignedHead,
  SignerUnavailable,
  SigningRefused,
} from './signer-contract.ts'
import { readBack } from './stored-ledger.ts'
import { entriesOfTile, hashesOfTile, type Tile, TILES_AT_ONCE, type TileStore } from './tile-store.ts'
import type { Wal } from './wal.ts'

const PUBLISH_DELAY_MS = 200
/** How long a signer that did not answer is left alone. */
const RETRY_DELAY_MS = 1_000

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
  signer: CheckpointSigner
  tiles: TileStore
  followers: readonly Follower[]
  ledger: PublishedLedger
  /** Called after each publication; whoever is told may take their time. */
  onPublished?: (checkpoint: PublishedCheckpoint) => void
  /** Entry tiles below this number were settled before this process started, see `isSettled`. */
  settledTiles: number
  /** Told when the signer stops answering, and with undefined when it answers again. */
  onSignerTrouble?: ((trouble: string | undefined) => void) | undefined
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
  #isClosed = false
  #signerTrouble: { since: number; message: string } | undefined
  #waiting: { size: number; resolve(covered: boolean): void; cancel(): void }[] = []

  constructor(options: PublisherOptions) {
    this.#options = options
    this.#settledTiles = options.settledTiles
  }

  get latest(): PublishedCheckpoint | undefined {
    return this.#latest
  }

  /** Why publication waits for the signer and since when (Unix ms); undefined while it answers. */
  get signerTrouble(): { since: number; message: string } | undefined {
    return this.#signerTrouble
  }

  /** Publishes soon; many calls make one checkpoint. */
  schedule(delayMs = PUBLISH_DELAY_MS): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#options.clock.after(delayMs, () => {
      this.#scheduled = false
      if (!this.#isClosed) void this.publish()
    })
  }

  /**
   * Signs and publishes the present size, unless that is published already. A refusal stops the ledger; a signer that does not
   * answer is asked again, and recording goes on meanwhile.
   */
  async publish(): Promise<void> {
    while (this.#publishing) await this.#publishing
    this.#publishing = this.#publishOnce()
      .then(() => this.#signerIs(undefined))
      .catch((error: unknown) => {
        if (error instanceof SignerUnavailable) this.#signerIs(error.message)
        else this.#fail(codeOf(error), error)
      })
      .finally(() => {
        this.#publishing = undefined
      })
    await this.#publishing
  }

  /** Shows a checkpoint that an earlier life signed, once the signer cannot forget it. */
  async show({ size, note }: SignedHead): Promise<void> {
    const { clock, signer } = this.#options
    await signer.makeDurable()
    this.#latest ??= { size, note, publishedAt: clock.now() }
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
    this.#isClosed = true
    await this.#publishing
    this.#retireSoon()
    while (this.#retiring) await this.#retiring
    this.#disappointWaiting()
  }

  /** Nothing more will be published: whoever waits for it is told. */
  #disappointWaiting(): void {
    for (const waiter of this.#waiting.splice(0)) {
      waiter.cancel()
      waiter.resolve(false)
    }
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
    // Durable, or a power cut could leave a directory whose checkpoint nobody can read.
    await disk.writeDurably(`${directory}/checkpoint`, utf8(note))
    this.#latest = { size, note, publishedAt: clock.now() }
    this.#answerWaiting()
    this.#retireSoon()
    this.#options.onPublished?.(this.#latest)
  }

  /**
   * Publishes the same checkpoint with more signatures under it; nothing happens when a newer one was published meanwhile. A
   * failed write rejects and leaves the old note: signatures of others are not worth stopping for.
   */
  async countersign(size: number, note: string): Promise<void> {
    while (this.#publishing) await this.#publishing
    const latest = this.#latest
    if (this.#hasFailed || latest?.size !== size) return
    const written = this.#options.disk.write(`${this.#options.directory}/checkpoint`, utf8(note))
    this.#publishing = written
      .then(
        () => {
          this.#latest = { ...latest, note }
        },
        () => undefined,
      )
      .finally(() => {
        this.#publishing = undefined
      })
    await written
  }

  /** Runs `work` while nothing is published and no log file is retired: nobody reads the log meanwhile. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    while (this.#publishing || this.#retiring) {
      await this.#publishing
      await this.#retiring
    }
    const done = work()
    const ended: Promise<void> = done
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => {
        this.#publishing = undefined
      })
    this.#publishing = ended
    return done
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

  #signerIs(trouble: string | undefined): void {
    const { clock, onSignerTrouble } = this.#options
    if ((trouble === undefined) !== (this.#signerTrouble === undefined)) onSignerTrouble?.(trouble)
    this.#signerTrouble =
      trouble === undefined
        ? undefined
        : { since: this.#signerTrouble?.since ?? clock.now(), message: trouble }
    if (trouble !== undefined && !this.#isClosed) this.schedule(RETRY_DELAY_MS)
  }

  /** Entries [from, to) from disk. */
  #readBack(from: number, to: number): AsyncGenerator<readonly Uint8Array[]> {
    const { ledger, tiles } = this.#options
    const wal = ledger.wal()
    const log = wal && {
      firstIndex: () => wal.firstIndex(),
      read: (at: number, end: number) => wal.readBack(at, end),
    }
    return readBack(tiles, log, from, to)
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
    this.#disappointWaiting()
    this.#options.ledger.stop(new NotSequencing(code, reasonOf(error)))
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
    const full = names.flatMap(({ level, n }) => (level === 0 ? [n] : []))
    await severalAtOnce(full, TILES_AT_ONCE, (n) => this.#rehash(n))
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

/** Why nothing was signed: stored bytes are not what they should be, or else the disk failed. */
export function codeOf(error: unknown): string {
  if (error instanceof SigningRefused || error instanceof SignerUnavailable) return error.code
  const isRefused = error instanceof FormatError || error instanceof TileMissing
  return isRefused ? 'signing_refused' : 'write_failed'
}
