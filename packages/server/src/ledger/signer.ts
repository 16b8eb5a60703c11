/**
 * The only place that signs checkpoints. Invariants:
 * - it signs what it has itself re-read from storage and re-hashed, never what a writer tells it;
 * - a checkpoint it signs extends the last one it signed: no shrink, no fork;
 * - its last checkpoint is durable, outside the data directory and outside backups, before the signature leaves.
 * A copy of the data directory restored from a backup therefore meets a signer that knows better.
 */
import { createHash } from 'node:crypto'
import { dirname } from 'node:path'
import {
  CompactRange,
  EMPTY_ROOT,
  equalBytes,
  formatCheckpoint,
  FormatError,
  fromUtf8,
  leafHashes,
  parseCheckpoint,
  parseNote,
  parseVkey,
  utf8,
  verifyNote,
} from '@deponent/format'
import type { Disk } from '../platform/disk.ts'
import { nativeVerify, type SigningKey } from './signing-key.ts'

/** The head the signer last signed. */
export interface SignedHead {
  size: number
  root: Uint8Array
  note: string
}

/** What the signer may ask of storage. */
export interface StoredEntries {
  /** Entries [from, to) read back from disk, in order, in pieces. */
  readBack(from: number, to: number): AsyncIterable<readonly Uint8Array[]>
}

/** Thrown when signing would contradict what was signed before, or storage does not hold what it should. */
export class SigningRefused extends Error {}

export class Signer {
  readonly #disk: Disk
  readonly #path: string
  readonly #key: SigningKey
  readonly #origin: string
  #range = CompactRange.empty()
  #head: SignedHead | undefined

  private constructor(disk: Disk, path: string, key: SigningKey, origin: string) {
    this.#disk = disk
    this.#path = path
    this.#key = key
    this.#origin = origin
  }

  /** Reads the state kept in `directory` for this key; `head()` is undefined when there is none. */
  static async open(disk: Disk, directory: string, key: SigningKey, origin: string): Promise<Signer> {
    const path = `${directory}/${createHash('sha256').update(key.vkey).digest('hex')}`
    const signer = new Signer(disk, path, key, origin)
    const bytes = await disk.read(path)
    if (bytes) signer.#head = signer.#readState(bytes)
    return signer
  }

  /** The last head signed, or undefined when no state exists. */
  head(): SignedHead | undefined {
    return this.#head
  }

  /** Creates the state at size 0; done once, before the ledger's first frame is written. */
  async begin(directory: string): Promise<void> {
    await this.#disk.makeDirectory(directory, 0o700)
    await this.#persist(0, EMPTY_ROOT)
  }

  /** Takes a head as the last one signed, on the operator's word (`--accept-head`). `range` is the tree at that size. */
  async accept(directory: string, range: CompactRange): Promise<void> {
    await this.#disk.makeDirectory(directory, 0o700)
    await this.#persist(range.size, range.root())
    this.#range = range.clone()
  }

  /** Continues from the ledger's own tree at the last signed size; refuses when its root is another. */
  async resume(range: CompactRange): Promise<void> {
    if (!this.#head || range.size !== this.#head.size || !equalBytes(range.root(), this.#head.root)) {
      throw new SigningRefused(
        `stored entries disagree with the checkpoint of size ${this.#head?.size} signed before`,
      )
    }
    // A read is not durable: the life that wrote the state may have ended before its name was.
    await this.#disk.syncDirectory(dirname(this.#path))
    this.#range = range.clone()
  }

  /** Re-reads entries up to `size`, checks them against `expectedRoot`, persists the new head and returns its signed note. */
  async advance(size: number, expectedRoot: Uint8Array, stored: StoredEntries): Promise<string> {
    if (size < this.#range.size)
      throw new SigningRefused(`asked for size ${size} after signing ${this.#range.size}`)
    const range = this.#range.clone()
    for await (const entries of stored.readBack(range.size, size)) {
      for (const hash of leafHashes(entries)) range.append(hash)
    }
    if (range.size !== size) throw new SigningRefused(`storage holds ${range.size} of ${size} entries`)
    if (!equalBytes(range.root(), expectedRoot))
      throw new SigningRefused(`stored bytes do not hash to the root at size ${size}`)
    const note = await this.#persist(size, range.root())
    this.#range = range
    return note
  }

  async #persist(size: number, root: Uint8Array): Promise<string> {
    const note = this.#key.note(formatCheckpoint({ origin: this.#origin, size, root }))
    await this.#disk.writeDurably(this.#path, utf8(note), 0o600)
    this.#head = { size, root, note }
    return note
  }

  #readState(bytes: Uint8Array): SignedHead {
    const text = fromUtf8(bytes)
    const note = parseNote(text)
    if (verifyNote(note, [parseVkey(this.#key.vkey)], nativeVerify).length === 0) {
      throw new FormatError('signer_state_damaged', 'the signer state is not signed by its own key')
    }
    const { size, root } = parseCheckpoint(note.text)
    return { size, root, note: text }
  }
}
