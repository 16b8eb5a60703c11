/**
 * The append-only ledger of one tenant. The life of an entry here:
 *
 *   append ─▶ queue ─▶ one frame, one fdatasync ─▶ integrate (tree, tail, followers) ─▶ promise and receipts
 *                                                      └▶ tiles on disk ─▶ re-read, checkpoint ─▶ old log files retired
 *
 * Invariants:
 * - nothing is acknowledged before its frame is durable; nothing is readable before that either;
 * - `receivedAt` never decreases with the index;
 * - one request is never split over two frames;
 * - after a failed write the ledger sequences nothing more in this process, and goes on answering reads.
 */
import {
  consistencyProof,
  type Entry,
  encodeEntry,
  equalBytes,
  formatPromise,
  inclusionPaths,
  inclusionProof,
  leafHashes,
  rootOf,
  TILE_WIDTH,
} from '@deponent/format'
import type { Clock } from '../platform/clock.ts'
import type { Deflate } from '../platform/deflate.ts'
import type { Disk } from '../platform/disk.ts'
import { removeLeftovers } from '../platform/leftovers.ts'
import { severalAtOnce } from '../platform/several-at-once.ts'
import { reasonOf } from '../platform/failure.ts'
import { Anchoring, type Outside, type OutsideStatus } from './anchoring.ts'
import { Anchors } from './anchors.ts'
import type { EntryReader } from './entry-reader.ts'
import { NotSequencing, OutcomeUnknown, Overloaded } from './errors.ts'
import { findEntry } from './find.ts'
import type { Follower } from './follower.ts'
import { codeOf, Publisher } from './publisher.ts'
import { recover, type Recovered } from './recover.ts'
import type { CheckpointSigner } from './signer-contract.ts'
import type { SigningKey } from './signing-key.ts'
import { entryTile, type Tile, TILES_AT_ONCE, TileStore } from './tile-store.ts'
import type { LedgerTree } from './tree.ts'
import { Wal } from './wal.ts'
import { parseWalFileName } from './wal-file.ts'
import { type FrameContent, ledgerIdOf } from './wal-frame.ts'

const QUEUED_BYTES_MAX = 96 * 1_048_576
const GROUP_ENTRIES_MAX = 4_096
const GROUP_BYTES_MAX = 12 * 1_048_576
const UNWRITTEN_TILES_MAX = 1_024
const CLOCK_STEP_MS = 1_000
const NOTHING = new Uint8Array(0)

/** What the recorder asks to have sequenced: an entry without the parts the ledger gives, and opaque bytes kept beside it. */
export interface Draft {
  id: string
  kind: string
  system: string
  retention: string
  emitter?: Entry['emitter']
  payload: Entry['payload']
  attachment: Uint8Array
}

/** A request's place in the ledger, durable. */
export interface Appended {
  first: number
  receivedAt: number
  leafHashes: Uint8Array[]
  /** The signed promise note of the group commit it was part of. */
  promise: string
  /** Path of the request's i-th entry to the root in the promise, nearest sibling first. */
  path(i: number): Uint8Array[]
}

export interface LedgerOptions {
  disk: Disk
  clock: Clock
  /** The ledger's own directory. */
  directory: string
  origin: string
  promiseKey: SigningKey
  signer: CheckpointSigner
  /** The operator accepts the head on disk although no signer state exists. */
  acceptHead?: boolean
  followers: readonly Follower[]
  /**
   * Makes ready what lies beside the ledger, before the ledger's own first write. Gets what the log holds; gives the reason when
   * the ledger must not be written. A rejection is such a reason too.
   */
  prepare?(contents: readonly FrameContent[]): Promise<NotSequencing | undefined>
  /** Witnesses and timestamp authorities, when any are configured. */
  outside?: Outside
  /** Compresses entry tiles; in this thread when absent. */
  deflate?: Deflate | undefined
  /** Size of a file of the write-ahead log, see `WalOptions`. */
  walFileBytes?: number
  /**
   * The leaves are somebody else's bytes, taken as they are by `appendLeaves`; they say nothing of when they were received. A ledger of
   * the product never is: this is how its speed is compared with that of other logs.
   */
  opaque?: boolean
  /** Called when the wall clock stepped back by more than a second. */
  onClockStep?: (from: number, to: number) => void
  /** Called once when sequencing stops, with the reason. */
  onStop?: (reason: NotSequencing) => void
  /** Called when the signer stops answering, and with undefined when it answers again. */
  onSignerTrouble?: (trouble: string | undefined) => void
}

/** Whoever does something with every checkpoint, later and by themselves. */
export interface CheckpointReader {
  /** There is another checkpoint, or more signatures under it. */
  published(): void
  /** The last checkpoint is published; the log is closed when this resolves. */
  close(): Promise<void>
}

/** Bytes that are not an entry of ours, see `LedgerOptions.opaque`. */
interface OpaqueLeaf {
  leaf: Uint8Array
  attachment: Uint8Array
}

interface Waiting {
  drafts: readonly (Draft | OpaqueLeaf)[]
  bytes: number
  resolve(appended: Appended): void
  reject(error: Error): void
}

export class Ledger {
  readonly origin: string
  /** What others said about the time of checkpoints. */
  readonly anchors: Anchors
  readonly #options: LedgerOptions
  readonly #tiles: TileStore
  readonly #tree: LedgerTree
  readonly #reader: EntryReader
  readonly #publisher: Publisher
  #wal: Wal | undefined
  #refusal: NotSequencing | undefined
  #size: number
  /** Latest time given to an id or an entry. */
  #latest = 0
  /** What the wall clock said last. */
  #clockRead = 0
  readonly #queue: Waiting[] = []
  /** What is to run between two group commits. */
  readonly #between: (() => Promise<void>)[] = []
  #queuedBytes = 0
  #pumping: Promise<void> | undefined
  readonly #unwritten: Tile[] = []
  #writing: Promise<void> | undefined
  #anchoring: Anchoring | undefined
  #checkpointReader: CheckpointReader | undefined

  private constructor(options: LedgerOptions, tiles: TileStore, recovered: Recovered, anchors: Anchors) {
    this.origin = options.origin
    this.anchors = anchors
    this.#options = options
    this.#tiles = tiles
    this.#tree = recovered.tree
    this.#reader = recovered.reader
    this.#size = recovered.reader.end
    this.#refusal = recovered.refusal
    this.#publisher = new Publisher({
      disk: options.disk,
      clock: options.clock,
      directory: options.directory,
      signer: options.signer,
      tiles,
      followers: options.followers,
      settledTiles: recovered.settledTiles,
      onSignerTrouble: options.onSignerTrouble,
      onPublished: (checkpoint) => {
        this.#anchoring?.published(checkpoint)
        this.#checkpointReader?.published()
      },
      ledger: {
        size: () => this.#size,
        root: () => this.#tree.root(),
        writtenThrough: () => this.#reader.tailStart,
        wal: () => this.#wal,
        stop: (reason) => this.refuse(reason),
      },
    })
  }

  /**
   * Opens or creates the ledger in `options.directory`. A ledger that must not or cannot be written opens for reading, see
   * `refusal`; rejects when it cannot be read.
   */
  static async open(options: LedgerOptions): Promise<Ledger> {
    const { disk, directory } = options
    const ledgerId = ledgerIdOf(options.origin)
    const tiles = new TileStore(disk, directory, options.deflate)
    const recovered = await recover(disk, directory, ledgerId, tiles, options.signer)
    const accepted = options.acceptHead && recovered.refusal?.code === 'signer_state_missing'
    if (accepted) delete recovered.refusal
    const anchors = await Anchors.open(disk, options.clock, `${directory}/anchors`)
    const ledger = new Ledger(options, tiles, recovered, anchors)
    if (recovered.refusal) options.onStop?.(recovered.refusal)
    await ledger.#unlessFailed(() => ledger.#begin(recovered, ledgerId))
    if (options.outside) await ledger.#startAnchoring(options.outside)
    for (const content of recovered.contents) ledger.#integrate(content, leafHashes(content.entries))
    if (ledger.#size > 0 && !options.opaque)
      ledger.#latest = (await ledger.entry(ledger.#size - 1)).receivedAt
    ledger.#clockRead = ledger.#latest
    await ledger.#unlessFailed(() => ledger.#resumeSigner(accepted === true))
    if (ledger.#refusal) await ledger.#showLastCheckpoint().catch(() => undefined)
    return ledger
  }

  /** Number of durable entries. */
  get size(): number {
    return this.#size
  }

  /** Why the ledger takes no entries, or undefined when it does. */
  get refusal(): NotSequencing | undefined {
    return this.#refusal
  }

  /** The time that never goes back: ids are minted at it, and no entry sequenced from here on is received before it. */
  now(): number {
    this.#latest = Math.max(this.#options.clock.now(), this.#latest)
    return this.#latest
  }

  /**
   * Sequences the drafts together, in order, and resolves when they are durable. Throws Overloaded or NotSequencing when
   * nothing was sequenced, OutcomeUnknown when the write was begun and failed.
   */
  append(drafts: readonly Draft[]): Promise<Appended> {
    return this.#enqueue(drafts)
  }

  /** Sequences bytes as they are, each at most 65,535 long; only in a ledger that was opened as `opaque`. As `append` otherwise. */
  appendLeaves(leaves: readonly Uint8Array[]): Promise<Appended> {
    if (!this.#options.opaque) return Promise.reject(new Error('this ledger holds entries'))
    return this.#enqueue(leaves.map((leaf) => ({ leaf, attachment: NOTHING })))
  }

  #enqueue(drafts: Waiting['drafts']): Promise<Appended> {
    if (this.#refusal) return Promise.reject(this.#refusal)
    const bytes = drafts.reduce(
      (sum, draft) => sum + draft.attachment.length + ('leaf' in draft ? draft.leaf.length : 512),
      0,
    )
    const lagging = this.#options.followers.find((follower) => follower.overloaded?.())
    if (lagging) return Promise.reject(new Overloaded(`${lagging.name} is behind`))
    if (this.#queuedBytes + bytes > QUEUED_BYTES_MAX && this.#queuedBytes > 0) {
      return Promise.reject(new Overloaded('too much is waiting to be written'))
    }
    if (this.#unwritten.length > UNWRITTEN_TILES_MAX)
      return Promise.reject(new Overloaded('tiles are behind'))
    return new Promise((resolve, reject) => {
      this.#queue.push({ drafts, bytes, resolve, reject })
      this.#queuedBytes += bytes
      this.#pumping ??= this.#pump()
    })
  }

  /**
   * Replaces attachments of entries that the write-ahead log still holds, on disk too, by writing the log again as a new generation;
   * `replace` gives undefined for those that stay. Resolves when no file holds the old ones; nothing is sequenced meanwhile. When the
   * new log cannot be made durable the ledger takes no more entries: which of the two is believed at the next start is not known.
   */
  replaceAttachments(
    replace: (index: number, attachment: Uint8Array) => Uint8Array | undefined,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#between.push(() => this.#publisher.alone(() => this.#rewriteLog(replace)).then(resolve, reject))
      this.#pumping ??= this.#pump()
    })
  }

  /** Attachments of entries from `from` up to `to`, as far as the log holds the first of them still; none when it does not. */
  async attachments(from: number, to: number): Promise<Uint8Array[]> {
    const found: Uint8Array[] = []
    for await (const { first, attachments } of this.#wal?.readBack(from, to) ?? []) {
      if (first > from + found.length) return []
      found.push(...attachments.slice(from + found.length - first, to - first))
    }
    return found
  }

  /** From here on somebody is told of checkpoints, and waited for at the end. One at a time. */
  follow(reader: CheckpointReader): void {
    this.#checkpointReader = reader
  }

  entryBytes(index: number): Promise<Uint8Array> {
    return this.#reader.bytes(index)
  }

  entry(index: number): Promise<Entry> {
    return this.#reader.entry(index)
  }

  entryRange(from: number, to: number): Promise<Uint8Array[]> {
    return this.#reader.range(from, to)
  }

  leafHash(index: number): Promise<Uint8Array> {
    return this.#tree.leafHash(index)
  }

  /** Leaf hashes of [start, end), which must lie within `size`. */
  async leafHashes(start: number, end: number): Promise<Uint8Array[]> {
    return leafHashes(await this.#reader.range(start, end))
  }

  /** The root of the first `size` entries. */
  async rootAt(size: number): Promise<Uint8Array> {
    return (await this.#tree.rangeAt(size)).root()
  }

  /** Index of the entry with this id, or undefined. */
  find(id: string): Promise<number | undefined> {
    return findEntry(this.#reader, this.#size, id)
  }

  /** Inclusion proof of entry `index` in the tree of `size` entries, sibling of the leaf first. */
  inclusionProof(index: number, size: number): Promise<Uint8Array[]> {
    return inclusionProof(index, size, (level, at) => this.node(level, at))
  }

  /** Root of the perfect subtree of 2^level leaves that starts at leaf index·2^level. */
  node(level: number, index: number): Promise<Uint8Array> {
    return this.#tree.node(level, index)
  }

  /** What witnesses and timestamp authorities are up to; undefined when none is configured. */
  outside(): OutsideStatus | undefined {
    return this.#anchoring?.status()
  }

  /** The latest checkpoint: its size and signed note, or undefined before the first. */
  get checkpoint(): { size: number; note: string; publishedAt: number } | undefined {
    return this.#publisher.latest
  }

  /** Why checkpoints wait for the signer and since when (Unix ms); undefined while it answers. */
  get signerTrouble(): { since: number; message: string } | undefined {
    return this.#publisher.signerTrouble
  }

  /** Resolves true when a checkpoint covers `size` entries, false after `timeoutMs`. */
  published(size: number, timeoutMs: number): Promise<boolean> {
    return this.#publisher.covers(size, timeoutMs)
  }

  /** Bytes of a hash tile of `width` hashes within the latest checkpoint, or undefined. */
  hashTile(level: number, n: number, width: number): Promise<Uint8Array | undefined> {
    const visible = Math.floor((this.checkpoint?.size ?? 0) / TILE_WIDTH ** level)
    return n * TILE_WIDTH + width > visible
      ? Promise.resolve(undefined)
      : this.#tree.hashTile(level, n, width)
  }

  /** Entries of an entry tile of `width` entries within the latest checkpoint, or undefined. */
  async entryTile(n: number, width: number): Promise<Uint8Array | undefined> {
    const to = n * TILE_WIDTH + width
    if (to > (this.checkpoint?.size ?? 0)) return undefined
    return entryTile(n, await this.#reader.range(n * TILE_WIDTH, to)).bytes
  }

  /** Finishes what is queued, publishes it, and closes the files. */
  async close(): Promise<void> {
    await this.#pumping
    if (!this.#refusal) await this.#publisher.publish()
    this.#refusal ??= new NotSequencing('closing', 'the ledger is closing')
    await this.#writing
    await this.#anchoring?.close()
    await this.#checkpointReader?.close()
    await this.#publisher.close()
    await this.#wal?.close()
  }

  /** Sequences nothing more in this process, for this reason; reading goes on. The first reason stays. */
  refuse(reason: NotSequencing): void {
    if (this.#refusal) return
    this.#refusal = reason
    this.#options.onStop?.(reason)
  }

  /** Takes a step of the start, unless the ledger is refused; what fails becomes the reason to refuse it. */
  async #unlessFailed(step: () => Promise<void>): Promise<void> {
    if (this.#refusal) return
    try {
      await step()
    } catch (error) {
      this.refuse(new NotSequencing('write_failed', `the ledger cannot be written: ${reasonOf(error)}`))
    }
  }

  async #startAnchoring(outside: Outside): Promise<void> {
    const ledger = {
      proof: (from: number, to: number) =>
        consistencyProof(from, to, (level, at) => this.#tree.node(level, at)),
      countersign: async (size: number, note: string) => {
        await this.#publisher.countersign(size, note)
        this.#checkpointReader?.published()
      },
    }
    const { clock } = this.#options
    this.#anchoring = await Anchoring.start({ clock, outside, anchors: this.anchors, ledger })
  }

  /** Copies the accepted tail to a new generation, then removes what it replaces. */
  async #begin(recovered: Recovered, ledgerId: Uint8Array): Promise<void> {
    const { disk, directory, signer, walFileBytes: fileBytes } = this.#options
    const reason = await this.#options.prepare?.(recovered.contents)
    if (reason) {
      this.refuse(reason)
      return
    }
    await disk.makeDirectory(`${directory}/wal`)
    await disk.makeDirectory(`${directory}/tile/entries`)
    await removeLeftovers(disk, directory)
    await this.#tiles.removeLeftovers(recovered.settledTiles)
    await signer.removeLeftovers()
    if (!signer.head() && recovered.size === 0) await signer.begin()
    const walDirectory = `${directory}/wal`
    for (const name of recovered.scan.leftovers) await disk.remove(`${walDirectory}/${name}`)
    const replaced = await disk.list(walDirectory)
    const generation = recovered.scan.generation + 1
    // Crash before this line: the old generation is whole and is read again.
    const place = { disk, directory: walDirectory, ledgerId, generation, fileBytes }
    this.#wal = await Wal.begin(place, recovered.contents)
    // Crash after it: the new generation holds the same frames and wins by its number.
    for (const name of replaced) await disk.remove(`${walDirectory}/${name}`)
  }

  async #resumeSigner(accepted: boolean): Promise<void> {
    const { signer } = this.#options
    await this.#writeTiles()
    if (accepted) await signer.accept(await this.#tree.rangeAt(this.#size))
    try {
      await signer.resume(await this.#tree.rangeAt(signer.head()!.size))
    } catch (error) {
      this.refuse(new NotSequencing(codeOf(error), reasonOf(error)))
      return
    }
    await this.#publisher.publish()
  }

  /** A ledger that is not written goes on showing its last checkpoint, when what can be read of it leads there. */
  async #showLastCheckpoint(): Promise<void> {
    const { signer } = this.#options
    const head = signer.head()
    if (!head || head.size > this.#size) return
    const range = await this.#tree.rangeAt(head.size)
    if (equalBytes(range.root(), head.root)) await this.#publisher.show(head)
  }

  async #pump(): Promise<void> {
    try {
      while (this.#queue.length > 0 || this.#between.length > 0) {
        await this.#between.shift()?.()
        if (this.#queue.length > 0) await this.#commit(this.#takeGroup())
      }
    } finally {
      // In the same breath as the last look at the queue: who appends from here on starts a new one.
      this.#pumping = undefined
    }
  }

  async #rewriteLog(
    replace: (index: number, attachment: Uint8Array) => Uint8Array | undefined,
  ): Promise<void> {
    const wal = this.#wal
    if (this.#refusal || !wal) throw this.#refusal ?? new NotSequencing('closing', 'the ledger is closed')
    const contents: FrameContent[] = []
    let isChanged = false
    for await (const { first, entries, attachments } of wal.readBack(0, this.#size)) {
      const replaced = attachments.map((attachment, i) => {
        const other = replace(first + i, attachment)
        isChanged ||= other !== undefined
        return other ?? attachment
      })
      contents.push({ first, entries, attachments: replaced })
    }
    if (!isChanged) return
    const { disk, directory, origin, walFileBytes: fileBytes } = this.#options
    const place = { disk, directory: `${directory}/wal`, ledgerId: ledgerIdOf(origin), fileBytes }
    const generation = wal.generation + 1
    try {
      // Crash before this line: the old generation is whole and is read again, and whoever asked for this asks again.
      this.#wal = await Wal.begin({ ...place, generation }, contents)
    } catch (error) {
      const reason = new NotSequencing(
        'write_failed',
        `the log could not be written again: ${reasonOf(error)}`,
      )
      this.refuse(reason)
      throw reason
    }
    await wal.close()
    await this.#removeLogsBefore(generation)
  }

  async #removeLogsBefore(generation: number): Promise<void> {
    const { disk, directory } = this.#options
    for (const name of await disk.list(`${directory}/wal`)) {
      if ((parseWalFileName(name)?.generation ?? generation) < generation)
        await disk.remove(`${directory}/wal/${name}`)
    }
    await disk.syncDirectory(`${directory}/wal`)
  }

  /** Whole requests from the queue, as many as one frame may hold and at least one. */
  #takeGroup(): Waiting[] {
    const group: Waiting[] = []
    let entries = 0
    let bytes = 0
    while (this.#queue.length > 0) {
      const next = this.#queue[0]!
      const fits = entries + next.drafts.length <= GROUP_ENTRIES_MAX && bytes + next.bytes <= GROUP_BYTES_MAX
      if (group.length > 0 && !fits) break
      group.push(next)
      this.#queue.shift()
      this.#queuedBytes -= next.bytes
      entries += next.drafts.length
      bytes += next.bytes
    }
    return group
  }

  async #commit(group: Waiting[]): Promise<void> {
    if (this.#refusal || !this.#wal) {
      for (const waiting of group)
        waiting.reject(this.#refusal ?? new NotSequencing('closing', 'the ledger is closed'))
      return
    }
    const receivedAt = this.#stamp()
    const drafts = group.flatMap((waiting) => waiting.drafts)
    const entries = drafts.map((draft) =>
      'leaf' in draft ? draft.leaf : encodeEntry(entryOf(draft, receivedAt)),
    )
    const content: FrameContent = {
      first: this.#size,
      entries,
      attachments: drafts.map((draft) => draft.attachment),
    }
    const hashes = leafHashes(entries)
    try {
      // Crash before this line: nothing was promised, senders retry.
      await this.#wal.append(content)
      // Crash after it: the entries exist; recovery integrates them exactly as below.
    } catch (error) {
      const reason = reasonOf(error)
      for (const waiting of group)
        waiting.reject(new OutcomeUnknown(`the write was begun and failed: ${reason}`))
      this.refuse(new NotSequencing('write_failed', `a write to the ledger failed: ${reason}`))
      return
    }
    const promise = this.#promise(content.first, drafts.length, rootOf(hashes), receivedAt)
    this.#integrate(content, hashes)
    this.#publisher.schedule()
    const committed: Committed = { content, hashes, paths: pathsWhenAsked(hashes), promise, receivedAt }
    let at = 0
    for (const waiting of group) {
      waiting.resolve(appendedOf(waiting, at, committed))
      at += waiting.drafts.length
    }
  }

  #promise(start: number, count: number, root: Uint8Array, at: number): string {
    const text = formatPromise({ origin: this.origin, start, end: start + count, root, at })
    return this.#options.promiseKey.note(text)
  }

  #stamp(): number {
    const clock = this.#options.clock.now()
    const before = this.#clockRead
    this.#clockRead = clock
    if (clock < before - CLOCK_STEP_MS) this.#options.onClockStep?.(before, clock)
    return this.now()
  }

  /** Takes a durable frame into memory; the same for a fresh commit and for recovery. */
  #integrate(content: FrameContent, hashes: readonly Uint8Array[]): void {
    const hashTiles = this.#tree.append(hashes)
    this.#reader.push(content.entries)
    this.#size = this.#reader.end
    for (const follower of this.#options.followers) follower.apply(content)
    if (hashTiles.length === 0 || this.#refusal) return
    const full = hashTiles.filter((tile) => tile.level === 0)
    this.#unwritten.push(
      ...full.map((tile) => entryTile(tile.n, this.#reader.fullTail(tile.n)!)),
      ...hashTiles,
    )
    void this.#writeTiles()
  }

  /** Writes full tiles in the background and lets memory go of what they hold. */
  #writeTiles(): Promise<void> {
    // With nothing to write a drain would end before it is remembered here, and be taken for one that never ends.
    if (this.#unwritten.length > 0) this.#writing ??= this.#drainTiles()
    return this.#writing ?? Promise.resolve()
  }

  async #drainTiles(): Promise<void> {
    try {
      while (this.#unwritten.length > 0) await this.#writeBatch(this.#unwritten.splice(0))
    } catch (error) {
      const reason = reasonOf(error)
      this.refuse(new NotSequencing('write_failed', `a tile could not be written: ${reason}`))
    } finally {
      this.#writing = undefined
    }
  }

  async #writeBatch(batch: readonly Tile[]): Promise<void> {
    await severalAtOnce(batch, TILES_AT_ONCE, async (tile) => {
      if (!this.#publisher.isSettled(tile)) await this.#tiles.write(tile)
      this.#tree.written(tile)
    })
    const lastLeafTile = batch.findLast((tile) => tile.level === 0)
    if (lastLeafTile) this.#reader.forgetBelow((lastLeafTile.n + 1) * TILE_WIDTH)
  }
}

function entryOf(draft: Draft, receivedAt: number): Entry {
  const { id, kind, system, retention, emitter, payload } = draft
  return { v: 1, id, kind, receivedAt, system, retention, payload, ...(emitter && { emitter }) }
}

interface Committed {
  content: FrameContent
  hashes: readonly Uint8Array[]
  paths: () => Uint8Array[][]
  promise: string
  receivedAt: number
}

/** The path of each leaf to the root of the group, worked out when somebody first asks for one. */
function pathsWhenAsked(hashes: readonly Uint8Array[]): () => Uint8Array[][] {
  let paths: Uint8Array[][] | undefined
  return () => (paths ??= inclusionPaths(hashes).paths)
}

/** One request's part of a group commit, `at` entries into it. */
function appendedOf(waiting: Waiting, at: number, committed: Committed): Appended {
  return {
    first: committed.content.first + at,
    receivedAt: committed.receivedAt,
    leafHashes: committed.hashes.slice(at, at + waiting.drafts.length),
    promise: committed.promise,
    path: (i) => committed.paths()[at + i]!,
  }
}
