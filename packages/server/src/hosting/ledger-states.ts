/**
 * Which ledgers are archived: they take nothing from outside any more and are read, proven and verified as before. It is kept as the
 * member `state` of DIR/keyring/access/NAME.json, whose other members belong to whoever decides about access.
 */
import { fromUtf8, utf8 } from '@deponent/format'
import type { Disk } from '../platform/disk.ts'

export interface LedgerStates {
  /** What is known of a ledger that is opened. */
  load(ledger: string): Promise<void>
  isArchived(ledger: string): boolean
  /** Durable when this resolves. */
  archive(ledger: string): Promise<void>
}

export class StoredLedgerStates implements LedgerStates {
  readonly #disk: Disk
  readonly #directory: string
  readonly #archived = new Set<string>()

  /** `data`: the data directory. */
  constructor(disk: Disk, data: string) {
    this.#disk = disk
    this.#directory = `${data}/keyring/access`
  }

  async load(ledger: string): Promise<void> {
    const { state } = await this.#read(ledger)
    if (state === 'archived') this.#archived.add(ledger)
  }

  isArchived(ledger: string): boolean {
    return this.#archived.has(ledger)
  }

  async archive(ledger: string): Promise<void> {
    const text = JSON.stringify({ ...(await this.#read(ledger)), state: 'archived' })
    await this.#disk.makeDirectory(this.#directory, 0o700)
    await this.#disk.writeDurably(this.#pathOf(ledger), utf8(`${text}\n`), 0o600)
    this.#archived.add(ledger)
  }

  async #read(ledger: string): Promise<Record<string, unknown>> {
    const bytes = await this.#disk.read(this.#pathOf(ledger))
    return bytes ? (JSON.parse(fromUtf8(bytes)) as Record<string, unknown>) : {}
  }

  #pathOf(ledger: string): string {
    return `${this.#directory}/${ledger}.json`
  }
}
