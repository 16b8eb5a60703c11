/** Reads every tile a checkpoint calls for, and says what is wrong with each, kind by kind. */
import {
  CompactRange,
  decodeEntry,
  decodeEntryTile,
  equalBytes,
  FormatError,
  hashLeaf,
  rootOf,
  TILE_WIDTH,
  tilePath,
  tileWidth,
} from '@deponent/format'
import type { PublishedLedger } from './published.ts'

/** Indices of the entries that are looked at one by one: the ends, and the edges of tiles. */
const SAMPLED: ReadonlySet<number> = new Set([0, 1, 255, 256, 257, 511, 65_535, 65_536])

/** The first thing found wrong with each of these; undefined when nothing was. */
export interface TileFaults {
  entryTiles?: string
  entries?: string
  order?: string
  widths?: string
  hashes?: string
}

export interface ReadTiles {
  readonly faults: TileFaults
  /** Root over the entries as read; undefined when some could not be. */
  readonly root?: Uint8Array
  /** Bytes of sampled entries, by index. */
  readonly sample: ReadonlyMap<number, Uint8Array>
  readonly ids: ReadonlyMap<number, string>
}

type MutableTiles = {
  faults: TileFaults
  sample: Map<number, Uint8Array>
  ids: Map<number, string>
}

export async function readTiles(
  ledger: PublishedLedger,
  size: number,
  onProgress?: (done: number, total: number) => void,
): Promise<ReadTiles> {
  const read: MutableTiles = { faults: {}, sample: new Map(), ids: new Map() }
  const order = new EntryOrder()
  const range = CompactRange.empty()
  const hashes = new HashTiles(ledger, size, read.faults)
  for (let n = 0; n * TILE_WIDTH < size; n += 1) {
    const entries = await entriesOf(ledger, n, size, read.faults)
    if (entries === undefined) return read
    const leaves = entries.map(hashLeaf)
    for (const [i, bytes] of entries.entries()) look(n * TILE_WIDTH + i, bytes, size, order, read)
    for (const leaf of leaves) range.append(leaf)
    await hashes.take(0, n, leaves)
    onProgress?.(n * TILE_WIDTH + entries.length, size)
  }
  await hashes.finish()
  return { ...read, root: range.root() }
}

async function entriesOf(
  ledger: PublishedLedger,
  n: number,
  size: number,
  faults: TileFaults,
): Promise<Uint8Array[] | undefined> {
  const width = tileWidth('entries', n, size)
  const path = tilePath('entries', n, width)
  const { status, bytes } = await ledger.get(path)
  if (status !== 200) {
    faults.entryTiles ??= `${path} is not there (status ${status})`
    return undefined
  }
  try {
    const entries = decodeEntryTile(bytes)
    if (entries.length === width) return entries
    faults.entryTiles ??= `${path} holds ${entries.length} entries`
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    faults.entryTiles ??= `${path}: ${error.message}`
  }
  return undefined
}

/** `receivedAt` never decreases and no id comes twice. */
class EntryOrder {
  readonly #ids = new Set<string>()
  #latest = 0

  fault(index: number, id: string, receivedAt: number): string | undefined {
    const isBefore = receivedAt < this.#latest
    const isRepeated = this.#ids.has(id)
    this.#latest = Math.max(this.#latest, receivedAt)
    this.#ids.add(id)
    if (isBefore) return `entry ${index} was received before the one in front of it`
    return isRepeated ? `entry ${index} has the id of another` : undefined
  }
}

function look(index: number, bytes: Uint8Array, size: number, order: EntryOrder, read: MutableTiles): void {
  const isSampled = SAMPLED.has(index) || index >= size - 2
  if (isSampled) read.sample.set(index, bytes)
  try {
    const { id, receivedAt } = decodeEntry(bytes)
    read.faults.order ??= order.fault(index, id, receivedAt)
    if (isSampled) read.ids.set(index, id)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    read.faults.entries ??= `entry ${index}: ${error.message}`
  }
}

/** Compares hash tiles of every level with what lies below them. */
class HashTiles {
  readonly #ledger: PublishedLedger
  readonly #size: number
  readonly #faults: TileFaults
  /** Hashes of the tile that is being filled, by level. */
  readonly #filling: Uint8Array[][] = []

  constructor(ledger: PublishedLedger, size: number, faults: TileFaults) {
    this.#ledger = ledger
    this.#size = size
    this.#faults = faults
  }

  /** Takes the hashes that tile (level, n) must hold; the root of a full one goes up. */
  async take(level: number, n: number, found: readonly Uint8Array[]): Promise<void> {
    await this.#compare(level, n, found)
    if (found.length < TILE_WIDTH) return
    const above = (this.#filling[level + 1] ??= [])
    above.push(rootOf(found))
    if (above.length < TILE_WIDTH) return
    this.#filling[level + 1] = []
    await this.take(level + 1, Math.floor(n / TILE_WIDTH), above)
  }

  /** Compares the partial tiles above the entries. */
  async finish(): Promise<void> {
    for (const [level, found] of this.#filling.entries()) {
      if (found === undefined || found.length === 0) continue
      await this.#compare(level, Math.floor(this.#size / TILE_WIDTH ** (level + 1)), found)
    }
  }

  async #compare(level: number, n: number, found: readonly Uint8Array[]): Promise<void> {
    const path = tilePath(level, n, found.length)
    const { status, bytes } = await this.#ledger.get(path)
    if (status !== 200) this.#faults.widths ??= `${path} is not there (status ${status})`
    else if (bytes.length !== found.length * 32) this.#faults.widths ??= `${path} has ${bytes.length} bytes`
    else if (found.some((hash, i) => !equalBytes(hash, bytes.subarray(i * 32, i * 32 + 32))))
      this.#faults.hashes ??= `${path} differs from what lies below it`
  }
}
