/**
 * Everything sealed for a person, found in the vault by the keys that seal it: what is exported is exactly what would be erased, whether or
 * not it was indexed.
 */
import { fromHex } from '@deponent/format'
import { subjectsOf } from '../recording/links.ts'
import type { ReadEntry, RecordReader } from '../recording/reader.ts'
import type { Vault } from '../vault/vault.ts'

export interface PersonEntriesOptions {
  vault: Pick<Vault, 'keysOf' | 'sealedWith'>
  reader: Pick<RecordReader, 'handleOf' | 'one' | 'subjectHandle'>
}

export class PersonEntries {
  readonly #options: PersonEntriesOptions

  constructor(options: PersonEntriesOptions) {
    this.#options = options
  }

  /** Whether anything is sealed for a handle. */
  knows(handle: string): boolean {
    return this.#options.vault.keysOf(fromHex(handle)).length > 0
  }

  /** The handle of a subject id, or of a handle that is known. See `RecordReader.handleOf`. */
  handleOf(subject: string): string {
    return this.#options.reader.handleOf(subject)
  }

  /** Indices of all that is sealed for any of these handles, in ledger order. */
  async *indices(handles: readonly string[]): AsyncGenerator<number> {
    const { vault } = this.#options
    const numbers = new Set(handles.flatMap((handle) => vault.keysOf(fromHex(handle))))
    if (numbers.size === 0) return
    for await (const { index } of vault.sealedWith(numbers)) yield index
  }

  /** The entries themselves. */
  async *entries(handles: readonly string[]): AsyncGenerator<ReadEntry> {
    for await (const index of this.indices(handles)) yield await this.#options.reader.one(index)
  }

  /** The sender's id of a person, who may be named by handle; undefined when nothing that can be opened names them. */
  async idOf(subject: string): Promise<string | undefined> {
    if (this.handleOf(subject) !== subject) return subject
    const { reader } = this.#options
    for await (const { record } of this.entries([subject])) {
      const id = record && subjectsOf(record).find((one) => reader.subjectHandle(one) === subject)
      if (id !== undefined) return id
    }
    return undefined
  }
}
