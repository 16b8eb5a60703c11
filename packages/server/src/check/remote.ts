/**
 * Checks a ledger as a stranger does, by what it serves: the checkpoint, every tile of entries, every tile of hashes. Nothing is
 * believed but the signature of a key the reader supplied. Payloads are not served this way and stay outside.
 */
import {
  type Checkpoint,
  CompactRange,
  compareLedgerWithHead,
  decodeEntry,
  decodeEntryTile,
  decodeHashTile,
  equalBytes,
  type Finding,
  finding,
  FormatError,
  type KnownHead,
  leafHashes,
  readHead,
  reportOf,
  rootOf,
  TILE_WIDTH,
  type TileLevel,
  tilePath,
  tileWidth,
  type Trust,
  verifyCheckpointNote,
  type VerifyReport,
} from '@deponent/format'
import { nativeVerify } from '../ledger/signing-key.ts'

/** What serves a ledger: the bytes at a path below its prefix, or undefined when there are none. */
export type LedgerSource = (path: string, bytesMax: number) => Promise<Uint8Array | undefined>

export interface RemoteCheck {
  trust?: Trust
  /** Texts of checkpoints or saved receipts known from elsewhere. */
  against?: readonly string[]
  onProgress?(done: number, total: number): void
}

const CHECKPOINT_BYTES_MAX = 1_048_576
const ENTRY_TILE_BYTES_MAX = TILE_WIDTH * 65_537
const HASH_TILE_BYTES = TILE_WIDTH * 32
/** Tiles asked for at once: answers overlap, and the server is not flooded. */
const AHEAD = 6

/** Walks a served ledger from its checkpoint down and compares it with every known head. */
export async function checkRemote(source: LedgerSource, check: RemoteCheck = {}): Promise<VerifyReport> {
  const note = await source('checkpoint', CHECKPOINT_BYTES_MAX)
  if (!note) return reportOf([finding('gap', 'checkpoint_missing')])
  const { stated, signed, findings } = verifyCheckpointNote(note, check.trust, nativeVerify)
  if (!stated) return reportOf(findings)
  const heads = (check.against ?? []).map((text) => readHead(text, check.trust, nativeVerify))
  const walk = new RemoteWalk(source, stated, heads)
  await walk.run(check.onProgress)
  const compared = await Promise.all(heads.map((head) => walk.compare(head)))
  const all = [
    ...findings,
    ...walk.findings,
    ...compared.flat().map(demanded),
    finding('info', 'not_checked', OUTSIDE),
  ]
  return reportOf(all, { entries: walk.size, checkpoints: signed ? 1 : 0 })
}

/** Whoever compares a served ledger with a head asks for that ledger: another one served in its place is no answer. */
function demanded(found: Finding): Finding {
  return found.code === 'head_unrelated' ? { ...found, severity: 'gap' } : found
}

const OUTSIDE = 'outside this check: payloads, which a ledger does not serve'

/** One tile of entries and the tile of their hashes, as served. */
interface Block {
  entries: Uint8Array[] | undefined
  hashes: Uint8Array[] | undefined
}

class RemoteWalk {
  readonly findings: Finding[] = []
  /** Entries read, hashed and in order, without a hole. */
  size = 0
  readonly #source: LedgerSource
  readonly #checkpoint: Checkpoint
  readonly #heads: readonly KnownHead[]
  readonly #range = CompactRange.empty()
  readonly #roots = new Map<number, Uint8Array>()
  readonly #leaves = new Map<number, Uint8Array>()
  /** Hashes of each level not yet compared with a full tile. */
  readonly #levels: Uint8Array[][] = []
  #latest = 0
  #hasAllEntries = true

  constructor(source: LedgerSource, checkpoint: Checkpoint, heads: readonly KnownHead[]) {
    this.#source = source
    this.#checkpoint = checkpoint
    this.#heads = heads
  }

  async run(onProgress?: (done: number, total: number) => void): Promise<void> {
    const { size, root } = this.#checkpoint
    const count = Math.ceil(size / TILE_WIDTH)
    const ahead: Promise<Block>[] = []
    for (let n = 0; n < count; n += 1) {
      while (ahead.length < AHEAD && n + ahead.length < count)
        ahead.push(quietly(this.#block(n + ahead.length)))
      const first = n * TILE_WIDTH
      const hashes = this.#take(first, await ahead.shift()!)
      // With neither entries nor hashes there is no root to come to, and a size alone may be a lie without end.
      if (!hashes) return
      await this.#climb(0, n, hashes, first)
      onProgress?.(Math.min(first + TILE_WIDTH, size), size)
    }
    for (let level = 1; level < this.#levels.length; level += 1) await this.#compareLast(level)
    if (!equalBytes(this.#range.root(), root)) this.findings.push(finding('error', 'root_mismatch'))
  }

  compare(head: KnownHead): Promise<Finding[]> {
    const { origin } = this.#checkpoint
    return compareLedgerWithHead(
      {
        origin,
        size: this.#range.size,
        rootAt: (size) => this.#roots.get(size) ?? rootOf([]),
        leafHashes: (start, end) => this.#promised(start, end),
      },
      head,
    )
  }

  #promised(start: number, end: number): Uint8Array[] {
    return Array.from({ length: end - start }, (_, i) => this.#leaves.get(start + i)!)
  }

  async #block(n: number): Promise<Block> {
    const width = tileWidth('entries', n, this.#checkpoint.size)
    const [entries, hashes] = await Promise.all([this.#tile('entries', n, width), this.#tile(0, n, width)])
    return { entries, hashes }
  }

  /** A tile cut to its width; undefined when it is missing or malformed, which is then said. */
  async #tile(level: TileLevel, n: number, width: number): Promise<Uint8Array[] | undefined> {
    const isEntries = level === 'entries'
    const bytesMax = isEntries ? ENTRY_TILE_BYTES_MAX : HASH_TILE_BYTES
    const first = n * TILE_WIDTH ** (isEntries ? 1 : level + 1)
    // A partial tile may be gone once the full one exists.
    const bytes =
      (await this.#source(tilePath(level, n, width), bytesMax)) ??
      (width < TILE_WIDTH ? await this.#source(tilePath(level, n), bytesMax) : undefined)
    const name = tilePath(level, n, width)
    if (!bytes) {
      this.findings.push(
        finding('error', isEntries ? 'entry_missing' : 'tile_missing', `${name} is not served`, first),
      )
      return undefined
    }
    try {
      const items = isEntries ? decodeEntryTile(bytes) : decodeHashTile(bytes)
      if (items.length >= width) return items.slice(0, width)
      throw new FormatError('short_tile', `holds ${items.length} of ${width}`)
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      const code = isEntries ? 'entry_tile_malformed' : 'tile_malformed'
      this.findings.push(finding('error', code, `${name}: ${error.message}`, first))
      return undefined
    }
  }

  /** Hashes a block, compares it with what is claimed of it, and gives the hashes to go on with. */
  #take(first: number, { entries, hashes }: Block): readonly Uint8Array[] | undefined {
    const computed = entries && leafHashes(entries)
    if (!entries) this.#hasAllEntries = false
    entries?.forEach((bytes, i) => this.#decode(first + i, bytes))
    if (computed && hashes) {
      computed.forEach((hash, i) => {
        if (!equalBytes(hash, hashes[i]!))
          this.findings.push(finding('error', 'leaf_mismatch', undefined, first + i))
      })
    }
    const leaves = computed ?? hashes
    leaves?.forEach((hash, i) => this.#append(first + i, hash))
    if (entries && this.#hasAllEntries) this.size = first + entries.length
    return leaves
  }

  #append(index: number, hash: Uint8Array): void {
    this.#range.append(hash)
    for (const head of this.#heads) {
      if (head.kind === 'checkpoint' && head.checkpoint.size === index + 1)
        this.#roots.set(index + 1, this.#range.root())
      if (head.kind === 'receipt' && head.promise.start <= index && index < head.promise.end)
        this.#leaves.set(index, hash)
    }
  }

  #decode(index: number, bytes: Uint8Array): void {
    try {
      const { receivedAt } = decodeEntry(bytes)
      if (receivedAt < this.#latest)
        this.findings.push(finding('error', 'received_at_decreases', undefined, index))
      this.#latest = Math.max(this.#latest, receivedAt)
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      this.findings.push(finding('error', 'entry_malformed', error.message, index))
    }
  }

  /** Carries the root of a full tile up, comparing each tile above as it fills. */
  async #climb(level: number, n: number, hashes: readonly Uint8Array[], first: number): Promise<void> {
    if (hashes.length < TILE_WIDTH) return
    const above = (this.#levels[level + 1] ??= [])
    above.push(rootOf(hashes))
    if (above.length < TILE_WIDTH) return
    const upper = Math.floor(n / TILE_WIDTH)
    await this.#compareTile(level + 1, upper, above, first)
    this.#levels[level + 1] = []
    await this.#climb(level + 1, upper, above, first)
  }

  /** The last tile of a level above the leaves, which is partial. */
  async #compareLast(level: number): Promise<void> {
    const hashes = this.#levels[level] ?? []
    if (hashes.length === 0) return
    const n = Math.floor(this.#checkpoint.size / TILE_WIDTH ** (level + 1))
    await this.#compareTile(level, n, hashes, n * TILE_WIDTH ** (level + 1))
  }

  async #compareTile(
    level: number,
    n: number,
    expected: readonly Uint8Array[],
    index: number,
  ): Promise<void> {
    const claimed = await this.#tile(level, n, expected.length)
    if (!claimed || claimed.every((hash, i) => equalBytes(hash, expected[i]!))) return
    const message = `tile ${level}/${n} differs from the tiles below it`
    this.findings.push(finding('error', 'tile_mismatch', message, index))
  }
}

/** A promise whose failure is met where it is awaited, also when something else fails before that. */
function quietly<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}
