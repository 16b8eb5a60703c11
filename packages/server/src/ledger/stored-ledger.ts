/**
 * A ledger's entries as a process sees them that did not write them: from entry tiles for what the log let go, from frames of the
 * write-ahead log for the rest, read from disk each time.
 */
import { type CompactRange, leafHashes, TILE_WIDTH } from '@deponent/format'
import type { Disk } from '../platform/disk.ts'
import { TileMissing } from './errors.ts'
import { type StoredEntries, SigningRefused } from './signer-contract.ts'
import { entriesOfTile, TileStore } from './tile-store.ts'
import { LedgerTree } from './tree.ts'
import type { FrameContent } from './wal-frame.ts'
import { WalTail } from './wal-tail.ts'

/** What of the log is there, and how to read it. */
export interface StoredLog {
  /** First index the log holds, or undefined when it holds no frame. */
  firstIndex(): number | undefined | Promise<number | undefined>
  read(from: number, to: number): AsyncIterable<FrameContent>
}

/** Entries [from, to) from disk: tiles for what the log no longer holds, log frames for the rest. */
export async function* readBack(
  tiles: TileStore,
  log: StoredLog | undefined,
  from: number,
  to: number,
): AsyncGenerator<readonly Uint8Array[]> {
  const logged = Math.min((await log?.firstIndex()) ?? to, to)
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
  for await (const frame of log?.read(at, to) ?? []) {
    const piece = frame.entries.slice(Math.max(0, at - frame.first), to - frame.first)
    yield piece
    at += piece.length
  }
}

export class StoredLedger implements StoredEntries {
  readonly #disk: Disk
  readonly #directory: string
  readonly #log: WalTail
  /** Where the log began when it was last looked at; it lets go only of entries that were signed, which are not read again. */
  #firstLogged: number | undefined

  /** `directory` is the ledger's own; `ledgerId` as of `ledgerIdOf(origin)`. */
  constructor(disk: Disk, directory: string, ledgerId: Uint8Array) {
    this.#disk = disk
    this.#directory = directory
    this.#log = new WalTail(disk, `${directory}/wal`, ledgerId)
  }

  readBack(from: number, to: number): AsyncGenerator<readonly Uint8Array[]> {
    const log = {
      // A log holds its newest frame always, so an empty one holds nothing that tiles could have instead.
      firstIndex: async () => (this.#firstLogged ??= await this.#log.firstIndex()) ?? from,
      read: (at: number, end: number) => this.#log.read(at, end),
    }
    return readBack(new TileStore(this.#disk, this.#directory), log, from, to)
  }

  /** The tree of the first `size` entries, from hash tiles as far as those stand, then from the entries themselves. */
  async rangeAt(size: number): Promise<CompactRange> {
    this.#firstLogged = await this.#log.firstIndex()
    const settled = Math.min(this.#firstLogged ?? 0, size)
    const base = settled - (settled % TILE_WIDTH)
    const tree = await LedgerTree.load(new TileStore(this.#disk, this.#directory), base)
    const range = await tree.rangeAt(base)
    for await (const entries of this.readBack(base, size)) {
      range.appendAll(leafHashes(entries))
    }
    if (range.size !== size) throw new SigningRefused(`storage holds ${range.size} of ${size} entries`)
    return range
  }
}
