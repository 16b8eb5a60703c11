/** Which entry says that a set was erased, by the root of the set. Follows the ledger; rebuilt from ledger and vault. */
import type { StateStore } from '../platform/state-store.ts'

export class ErasureEntries {
  readonly #store: StateStore
  readonly #ledger: string
  /** Taken and not written yet. */
  #unstored = new Map<string, number>()

  constructor(store: StateStore, ledger: string) {
    this.#store = store
    this.#ledger = ledger
    store.run(
      'CREATE TABLE IF NOT EXISTS erasure_entries (ledger TEXT, root TEXT, entry INTEGER, PRIMARY KEY (ledger, root)) WITHOUT ROWID',
    )
  }

  /** Takes an erasure entry found in the ledger; the first that names a set counts. */
  apply(root: string, entry: number): void {
    if (this.entryOf(root) === undefined) this.#unstored.set(root, entry)
  }

  /** Index of the entry that erased the set with this root (hex); undefined when there is none. */
  entryOf(root: string): number | undefined {
    const sql = 'SELECT entry FROM erasure_entries WHERE ledger = ? AND root = ?'
    const row = this.#store.get(sql, this.#ledger, root)
    return row ? Number(row.entry) : this.#unstored.get(root)
  }

  /** Writes what was applied; call inside a transaction of the state store, and `stored` once that is done. */
  store(): void {
    const sql = 'INSERT OR IGNORE INTO erasure_entries (ledger, root, entry) VALUES (?, ?, ?)'
    for (const [root, entry] of this.#unstored) this.#store.run(sql, this.#ledger, root, entry)
  }

  /** Lets memory go of what was written. */
  stored(): void {
    this.#unstored = new Map()
  }
}
