/**
 * Everything sealed for a person, found in the vault by the keys that seal it: what is exported is exactly what would be erased, whether or
 * not it was indexed. One pass over the vault; nothing is remembered of it.
 */
import { fromHex } from '@deponent/format'
import type { Ledger } from '../ledger/ledger.ts'
import { subjectsOf } from '../recording/links.ts'
import type { ReadEntry, RecordReader } from '../recording/reader.ts'
import { frameHead } from '../vault/seal.ts'
import type { Vault } from '../vault/vault.ts'

/** Frames looked at between two breaths. */
const BLOCK = 1_024

const HANDLE = /^[0-9a-f]{32}$/

export interface PersonEntriesOptions {
  ledger: Pick<Ledger, 'size'>
  vault: Pick<Vault, 'existingKey' | 'segments'>
  reader: Pick<RecordReader, 'one' | 'subjectHandle'>
}

export class PersonEntries {
  readonly #options: PersonEntriesOptions

  constructor(options: PersonEntriesOptions) {
    this.#options = options
  }

  /** Whether anything was ever sealed for a handle that is not erased. */
  knows(handle: string): boolean {
    return this.#options.vault.existingKey(fromHex(handle)) !== undefined
  }

  /** The handle of a subject id, or of a handle that is known. */
  handleOf(subject: string): string {
    return this.#isHandle(subject) ? subject : this.#options.reader.subjectHandle(subject)
  }

  /** Indices of all that is sealed for any of these handles, in ledger order. */
  async *indices(handles: readonly string[]): AsyncGenerator<number> {
    const { ledger, vault } = this.#options
    const numbers = new Set(handles.flatMap((handle) => vault.existingKey(fromHex(handle)) ?? []))
    if (numbers.size === 0) return
    const { size } = ledger
    for (let from = 0; from < size; from += BLOCK) {
      const frames = await vault.segments.range(from, Math.min(from + BLOCK, size))
      for (const [i, frame] of frames.entries())
        if (frameHead(frame).keyNumbers.some((number) => numbers.has(number))) yield from + i
    }
  }

  /** The entries themselves. */
  async *entries(handles: readonly string[]): AsyncGenerator<ReadEntry> {
    for await (const index of this.indices(handles)) yield await this.#options.reader.one(index)
  }

  /** The sender's id of a person, who may be named by handle; undefined when nothing that can be opened names them. */
  async idOf(subject: string): Promise<string | undefined> {
    if (!this.#isHandle(subject)) return subject
    const { reader } = this.#options
    for await (const { record } of this.entries([subject])) {
      const id = record && subjectsOf(record).find((one) => reader.subjectHandle(one) === subject)
      if (id !== undefined) return id
    }
    return undefined
  }

  #isHandle(subject: string): boolean {
    return HANDLE.test(subject) && this.knows(subject)
  }
}
