/**
 * Brings one ledger back from a copy and the keyring it was made with. Nothing in the store is believed: who the ledger is and how far it goes
 * say the keys, what its entries are says the checkpoint, and content must open for its entry.
 *
 * What it writes is what a server leaves behind that stopped with everything published: full tiles, whole segments, and a log that holds the
 * rest. Nothing is durable before `restoreLedger` resolves.
 */
import { decodeEntry, type Entry, leafHashes, TILE_WIDTH, utf8 } from '@deponent/format'
import { encodeAnchors } from '../ledger/anchor-files.ts'
import { ledgerIdOf, type FrameContent } from '../ledger/wal-frame.ts'
import { entriesOfTile, entryTile, type Tile, TileStore } from '../ledger/tile-store.ts'
import { LedgerTree } from '../ledger/tree.ts'
import { Wal } from '../ledger/wal.ts'
import type { Disk } from '../platform/disk.ts'
import { encodeAttachment } from '../recording/attachment.ts'
import { checkDictionaryFile, readDictionaries } from '../vault/dictionaries.ts'
import { segmentName } from '../vault/segment.ts'
import { readKeys } from '../vault/stored-keyring.ts'
import { anchorsIn } from './copied-anchors.ts'
import { type CopiedHead, type CopiedIdentity, largestCheckpoint } from './copied-head.ts'
import { CopiedTree } from './copied-tree.ts'
import { contentsOf, type VaultKeys } from './copied-vault.ts'
import type { Run } from './object-keys.ts'
import { CopyIncomplete, type StoredCopy } from './stored-copy.ts'

/** Entries in one frame of the log that is written. */
const FRAME_ENTRIES = 1_024
/** Tiles made durable together. */
const TILES_SYNCED = 512
const DICTIONARY = /^vault\/(dictionary-(\d{6})\.dict)$/

export interface RestoreOptions {
  readonly disk: Disk
  readonly copy: StoredCopy
  readonly identity: CopiedIdentity
  /** The data directory that is being made; its keyring is there already. */
  readonly data: string
  /** What everything sealed opens with; without it content is not judged. */
  readonly master: Uint8Array | undefined
  onProgress?(done: number, total: number): void
}

export interface RestoredLedger {
  readonly size: number
  readonly note: string
}

/** Writes the ledger and its vault. @throws CopyIncomplete */
export async function restoreLedger(options: RestoreOptions): Promise<RestoredLedger> {
  const { copy, identity } = options
  const head = await largestCheckpoint(copy, identity)
  if (!head)
    throw new CopyIncomplete(
      `the copy of ledger ${copy.ledger} holds no checkpoint that a key of this keyring signed`,
    )
  return new Restoring(options, head).run()
}

class Restoring {
  readonly #options: RestoreOptions
  readonly #head: CopiedHead
  readonly #ledgerId: Uint8Array
  readonly #directory: string
  readonly #vault: string
  readonly #tiles: TileStore
  /** Entries behind the last full tile. */
  #rest: readonly Uint8Array[] = []

  constructor(options: RestoreOptions, head: CopiedHead) {
    const { copy, data, disk, identity } = options
    this.#options = options
    this.#head = head
    this.#ledgerId = ledgerIdOf(identity.identity.origin)
    this.#directory = `${data}/ledgers/${copy.ledger}`
    this.#vault = `${data}/vault/${copy.ledger}`
    this.#tiles = new TileStore(disk, this.#directory)
  }

  async run(): Promise<RestoredLedger> {
    const { disk } = this.#options
    for (const directory of [`${this.#directory}/wal`, `${this.#directory}/tile/entries`])
      await disk.makeDirectory(directory)
    await disk.makeDirectory(this.#vault, 0o700)
    await this.#writeTiles()
    await this.#writeDictionaries()
    await this.#writeContent()
    await this.#writeAnchors()
    const note = Buffer.from(this.#head.note).toString('utf8')
    await disk.writeDurably(`${this.#directory}/checkpoint`, utf8(note))
    return { size: this.#head.size, note }
  }

  async #writeTiles(): Promise<void> {
    const { copy, onProgress } = this.#options
    const tree = new LedgerTree(this.#tiles)
    const copied = await CopiedTree.open(copy, this.#head)
    let n = 0
    let written: Tile[] = []
    for await (const entries of copied.entries()) {
      if (entries.length < TILE_WIDTH) this.#rest = entries
      else {
        const tiles: Tile[] = [entryTile(n, entries), ...tree.append(leafHashes([...entries]))]
        for (const tile of tiles) await this.#tiles.write(tile)
        for (const tile of tiles) tree.written(tile)
        written.push(...tiles)
        n += 1
      }
      if (written.length > TILES_SYNCED) {
        await this.#tiles.makeDurable(written)
        written = []
      }
      onProgress?.(Math.min(n * TILE_WIDTH, this.#head.size), this.#head.size)
    }
    await this.#tiles.makeDurable(written)
  }

  async #writeDictionaries(): Promise<void> {
    const { copy, disk } = this.#options
    for (const key of copy.keys('vault/dictionary-')) {
      const [, name, number] = DICTIONARY.exec(key) ?? []
      if (name === undefined) continue
      const bytes = await copy.findOldest(key, (found) => {
        checkDictionaryFile(Number(number), found)
        return found
      })
      if (!bytes)
        throw new CopyIncomplete(`the copy of ledger ${copy.ledger} holds no whole version of ${key}`)
      await disk.writeDurably(`${this.#vault}/${name}`, bytes, 0o600)
    }
  }

  /** Segments as files, and all behind them in the log; the log holds at least what no full tile holds, and the last entry. */
  async #writeContent(): Promise<void> {
    const { copy, disk } = this.#options
    const { size } = this.#head
    const log = Math.min(Math.floor(size / TILE_WIDTH) * TILE_WIDTH, size - 1)
    const attachments = new Map<number, Uint8Array>()
    let segmentsEnd = 0
    const keys = await this.#keys()
    const entriesOf = async (run: Run): Promise<readonly Entry[]> =>
      (await this.#entries(run)).map((bytes) => decodeEntry(bytes))
    for await (const content of contentsOf({ copy, ledgerId: this.#ledgerId, size, keys, entriesOf })) {
      const { bytes, end, first, part, parts } = content
      if (part === 'seg') {
        await disk.writeDurably(`${this.#vault}/${segmentName(first)}`, bytes, 0o600)
        segmentsEnd = end
      }
      for (
        let index = Math.max(first, part === 'seg' ? log : first);
        index < Math.min(end, size);
        index += 1
      ) {
        const found = parts[index - first]!
        attachments.set(index, part === 'seg' ? encodeAttachment({ frame: found }) : found)
      }
    }
    await this.#writeLog({ first: Math.min(log, segmentsEnd), end: size }, attachments)
  }

  async #writeLog({ first, end }: Run, attachments: ReadonlyMap<number, Uint8Array>): Promise<void> {
    const { disk } = this.#options
    const contents: FrameContent[] = []
    for (let from = first; from < end; from += FRAME_ENTRIES) {
      const run = { first: from, end: Math.min(from + FRAME_ENTRIES, end) }
      const entries = await this.#entries(run)
      contents.push({ first: from, entries, attachments: entries.map((_, i) => attachments.get(from + i)!) })
    }
    const place = { disk, directory: `${this.#directory}/wal`, ledgerId: this.#ledgerId, generation: 1 }
    await (await Wal.begin(place, contents)).close()
  }

  async #writeAnchors(): Promise<void> {
    const { copy, disk, identity } = this.#options
    const files = await anchorsIn(copy, identity.trust, this.#head.size)
    if (files.length > 0) await disk.makeDirectory(`${this.#directory}/anchors`)
    for (const { name, anchors } of files)
      await disk.writeDurably(`${this.#directory}/anchors/${name}`, encodeAnchors(anchors))
  }

  /** The keys of the keyring; undefined without what they are wrapped under. */
  async #keys(): Promise<VaultKeys | undefined> {
    const { copy, data, disk, master } = this.#options
    if (!master) return undefined
    const { ledger } = copy
    const ledgerId = this.#ledgerId
    const keys = await readKeys({ disk, directory: `${data}/keyring`, ledger, ledgerId }, master)
    const dictionaries = await readDictionaries({ disk, directory: this.#vault, ledgerId, ledger, master })
    return { keyOf: (number) => keys[number], dictionaryOf: (number) => dictionaries[number]?.bytes }
  }

  /** Entries that are written already, or behind the last full tile. */
  async #entries({ first, end }: Run): Promise<Uint8Array[]> {
    const entries: Uint8Array[] = []
    while (first + entries.length < end) {
      const index = first + entries.length
      const n = Math.floor(index / TILE_WIDTH)
      const from = n * TILE_WIDTH
      const stored = await this.#tiles.read('entries', n)
      const tile = stored ? entriesOfTile(stored) : this.#rest
      const found = tile.slice(index - from, end - from)
      if (found.length === 0) throw new CopyIncomplete(`entry ${index} was not brought back`)
      entries.push(...found)
    }
    return entries
  }
}
