/**
 * The only place that signs checkpoints, in the server's process or in one of its own. Invariants:
 * - it signs what it has itself re-read from storage and re-hashed, never what a writer tells it;
 * - a checkpoint it signs extends the last one it signed: no shrink, no fork;
 * - its last checkpoint is durable, outside the data directory and outside backups, before the signature leaves.
 * A copy of the data directory restored from a backup therefore meets a signer that knows better.
 */
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
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
import { removeLeftovers } from '../platform/leftovers.ts'
import {
  type CheckpointSigner,
  type SignedHead,
  SigningRefused,
  type StoredEntries,
} from './signer-contract.ts'
import { nativeVerify, noteBy, type SigningKey } from './signing-key.ts'

export class Signer implements CheckpointSigner {
  readonly #disk: Disk
  readonly #directory: string
  readonly #origin: string
  #key: SigningKey
  #range = CompactRange.empty()
  #head: SignedHead | undefined

  private constructor(disk: Disk, directory: string, key: SigningKey, origin: string) {
    this.#disk = disk
    this.#directory = directory
    this.#key = key
    this.#origin = origin
  }

  /** Reads the state kept in `directory` for this key; `head()` is undefined when there is none. */
  static async open(disk: Disk, directory: string, key: SigningKey, origin: string): Promise<Signer> {
    const signer = new Signer(disk, directory, key, origin)
    const bytes = await disk.read(signer.#path(key))
    if (bytes) signer.#head = readState(bytes, key)
    return signer
  }

  head(): SignedHead | undefined {
    return this.#head
  }

  removeLeftovers(): Promise<void> {
    return removeLeftovers(this.#disk, this.#directory, basename(this.#path(this.#key)))
  }

  async begin(): Promise<void> {
    await this.#disk.makeDirectory(this.#directory, 0o700)
    await this.#persist(0, EMPTY_ROOT)
  }

  async accept(range: CompactRange): Promise<void> {
    await this.#disk.makeDirectory(this.#directory, 0o700)
    await this.#persist(range.size, range.root())
    this.#range = range.clone()
  }

  async resume(range: CompactRange): Promise<void> {
    if (!this.#head || range.size !== this.#head.size || !equalBytes(range.root(), this.#head.root)) {
      throw new SigningRefused(
        `stored entries disagree with the checkpoint of size ${this.#head?.size} signed before`,
      )
    }
    await this.makeDurable()
    this.#range = range.clone()
  }

  async makeDurable(): Promise<void> {
    await this.#disk.syncDirectory(this.#directory)
  }

  async advance(size: number, expectedRoot: Uint8Array, stored: StoredEntries): Promise<string> {
    if (size < this.#range.size)
      throw new SigningRefused(`asked for size ${size} after signing ${this.#range.size}`)
    const range = this.#range.clone()
    for await (const entries of stored.readBack(range.size, size)) {
      range.appendAll(leafHashes(entries))
    }
    if (range.size !== size) throw new SigningRefused(`storage holds ${range.size} of ${size} entries`)
    if (!equalBytes(range.root(), expectedRoot))
      throw new SigningRefused(`stored bytes do not hash to the root at size ${size}`)
    const note = await this.#persist(size, range.root())
    this.#range = range
    return note
  }

  /**
   * Signs the last head, which must be of `size`, with the present key and with `next`, and goes on under `next`. The state under
   * the present key stays: a copy of the directory from before the change meets it.
   */
  async countersign(next: SigningKey, size: number): Promise<string> {
    if (this.#head?.size !== size) {
      throw new SigningRefused(`asked to sign size ${size} twice; the last one signed is ${this.#head?.size}`)
    }
    const { root } = this.#head
    const note = noteBy(formatCheckpoint({ origin: this.#origin, size, root }), [this.#key, next])
    await this.#disk.writeDurably(this.#path(next), utf8(note), 0o600)
    this.#key = next
    this.#head = { size, root, note }
    return note
  }

  /** Whether the state kept for a key reaches the last head; before anything was signed there is nothing to reach. */
  async isKnownUnder(key: SigningKey): Promise<boolean> {
    const head = this.#head
    if (!head) return true
    const bytes = await this.#disk.read(this.#path(key))
    const known = bytes && readState(bytes, key)
    return known !== undefined && (known.size > head.size || isSameHead(known, head))
  }

  async #persist(size: number, root: Uint8Array): Promise<string> {
    const note = this.#key.note(formatCheckpoint({ origin: this.#origin, size, root }))
    await this.#disk.writeDurably(this.#path(this.#key), utf8(note), 0o600)
    this.#head = { size, root, note }
    return note
  }

  #path({ vkey }: SigningKey): string {
    return `${this.#directory}/${createHash('sha256').update(vkey).digest('hex')}`
  }
}

function isSameHead(one: SignedHead, other: SignedHead): boolean {
  return one.size === other.size && equalBytes(one.root, other.root)
}

function readState(bytes: Uint8Array, { vkey }: SigningKey): SignedHead {
  const text = fromUtf8(bytes)
  const note = parseNote(text)
  if (verifyNote(note, [parseVkey(vkey)], nativeVerify).length === 0) {
    throw new FormatError('signer_state_damaged', 'the signer state is not signed by its own key')
  }
  const { size, root } = parseCheckpoint(note.text)
  return { size, root, note: text }
}
