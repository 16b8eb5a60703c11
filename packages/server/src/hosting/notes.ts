import type { StateStore } from '../platform/state-store.ts'

/** Single values remembered about a ledger. They survive the process; losing them with the store costs a note, never a record. */
export class Notes {
  readonly #store: StateStore
  readonly #ledger: string

  constructor(store: StateStore, ledger: string) {
    this.#store = store
    this.#ledger = ledger
    store.run(
      'CREATE TABLE IF NOT EXISTS access_notes (ledger TEXT, name TEXT, value TEXT, PRIMARY KEY (ledger, name)) WITHOUT ROWID',
    )
  }

  get(name: string): string | undefined {
    const row = this.#store.get(
      'SELECT value FROM access_notes WHERE ledger = ? AND name = ?',
      this.#ledger,
      name,
    )
    return row && String(row.value)
  }

  set(name: string, value: string): void {
    const sql = 'INSERT OR REPLACE INTO access_notes (ledger, name, value) VALUES (?, ?, ?)'
    this.#store.run(sql, this.#ledger, name, value)
  }

  remove(name: string): void {
    this.#store.run('DELETE FROM access_notes WHERE ledger = ? AND name = ?', this.#ledger, name)
  }
}
