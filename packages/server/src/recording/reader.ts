/** Reads whole records back: entry, payload and what it is about. The source the projection is built from. */
import { type CanonicalRecord, decodeEntry, type Entry, fromHex, readJson, toHex } from '@deponent/format'
import type { Ledger } from '../ledger/ledger.ts'
import { fieldsGone, type Opened } from '../vault/opened.ts'
import { isOwnWord } from '../vault/seal.ts'
import { decodeTombstone, isTombstone, type VaultTombstone } from '../vault/tombstone.ts'
import type { Vault } from '../vault/vault.ts'
import { linkedIds, linkFor, subjectsOf } from './links.ts'
import type { Recent } from './recent.ts'
import { DEFAULT_SYSTEM, type Target } from './submission.ts'
import type { Systems } from './systems.ts'

/** An entry with what could be opened of it. */
export interface ReadEntry {
  index: number
  entry: Entry
  /** Undefined when its payload cannot be opened any more. */
  record?: CanonicalRecord
  /** How many of its fields were erased, when not all of it was. */
  erasedFields?: number
  /** What stands in the place of its payload, when that was erased. */
  erased?: VaultTombstone
  /** Whether the record is the ledger's own, part of which anybody can read. */
  isOwn?: boolean
  /** 32-hex pseudonyms of the people affected, in the order of the record; none when it cannot be opened. */
  subjects: readonly string[]
  systemName: string
  target?: Target
}

export interface RecordReaderOptions {
  ledger: Ledger
  vault: Vault
  systems: Systems
  recent: Recent
  /** Handles of one person, the given one first; each is a person alone when absent. */
  sameAs?(handle: string): readonly string[]
}

function recordOf(opened: Opened | undefined): CanonicalRecord | undefined {
  return opened && (readJson(opened.text).value as CanonicalRecord)
}

function erasedIn(frame: Uint8Array): Pick<ReadEntry, 'erased'> {
  return isTombstone(frame) ? { erased: decodeTombstone(frame) } : {}
}

const HANDLE = /^[0-9a-f]{32}$/

export class RecordReader {
  readonly #options: RecordReaderOptions

  constructor(options: RecordReaderOptions) {
    this.#options = options
  }

  /** Number of durable entries. */
  size(): number {
    return this.#options.ledger.size
  }

  /** The 32-hex pseudonym under which a person is indexed. */
  subjectHandle(subject: string): string {
    return toHex(this.#options.vault.subjectId(subject).subarray(0, 16))
  }

  /** How the record of a look names a person; `nobody known` for one of whom nothing is recorded. See `Vault.tokenOf`. */
  tokenOf(subject: string): string {
    return this.#options.vault.tokenOf(fromHex(this.handlesOf(subject)[0]!)) ?? 'nobody known'
  }

  /** How the record of a look names what somebody typed. See `Vault.tokenOfWord`. */
  tokenOfWord(text: string): string {
    return this.#options.vault.tokenOfWord(text)
  }

  /** The handle of whom an address or a key names: 32 hex digits are a handle when anything is recorded under it, and an id otherwise. */
  handleOf(subject: string): string {
    return HANDLE.test(subject) && this.#isKnown(subject) ? subject : this.subjectHandle(subject)
  }

  /**
   * The handle of whom an address or a key names, and those of ids that are the same person. With what looks like a handle and has
   * nothing recorded under it (any more) comes itself, last: it names nobody else.
   */
  handlesOf(subject: string): string[] {
    const named = HANDLE.test(subject) ? [this.handleOf(subject), subject] : [this.subjectHandle(subject)]
    return [...new Set(named.flatMap((one) => this.#options.sameAs?.(one) ?? one))]
  }

  #isKnown(handle: string): boolean {
    return this.#options.vault.keysOf(fromHex(handle)).length > 0
  }

  async one(index: number): Promise<ReadEntry> {
    return (await this.read(index, index + 1))[0]!
  }

  /** Every entry in [from, to), in order. */
  async read(from: number, to: number): Promise<ReadEntry[]> {
    const entries = await this.#options.ledger.entryRange(from, to)
    const allRecent = entries.every((_, i) => this.#options.recent.get(from + i))
    const frames = allRecent ? [] : await this.#options.vault.segments.range(from, to)
    const found: ReadEntry[] = []
    for (const [i, bytes] of entries.entries())
      found.push(await this.#assemble(from + i, decodeEntry(bytes), frames[i]))
    return found
  }

  async #assemble(index: number, entry: Entry, frame: Uint8Array | undefined): Promise<ReadEntry> {
    const { recent, systems, vault } = this.#options
    const known = recent.get(index)
    const opened = known || !frame ? undefined : vault.open(entry, frame)
    const record = known ? (JSON.parse(known.text) as CanonicalRecord) : recordOf(opened)
    const gone = opened ? fieldsGone(opened) : 0
    const systemName = systems.nameOf(entry.system) ?? DEFAULT_SYSTEM
    if (!record) return { index, entry, systemName, subjects: [], ...(frame && erasedIn(frame)) }
    const target = known?.target ?? (await this.#targetOf(entry, record))
    return {
      index,
      entry,
      record,
      systemName,
      subjects: subjectsOf(record).map((subject) => this.subjectHandle(subject)),
      ...(!known && frame && isOwnWord(frame) && { isOwn: true }),
      ...(gone > 0 && { erasedFields: gone }),
      ...(target && { target }),
    }
  }

  async #targetOf(entry: Entry, record: CanonicalRecord): Promise<Target | undefined> {
    const relation = linkFor(entry.kind as Parameters<typeof linkFor>[0])
    if (!relation) return undefined
    for (const id of linkedIds(record, relation)) {
      const index = await this.#options.ledger.find(id)
      if (index !== undefined) return { index, id }
    }
    return undefined
  }
}
