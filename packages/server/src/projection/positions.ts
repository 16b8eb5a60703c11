import type { StateStore } from '../platform/state-store.ts'
import type { PositionStore, SealedField } from './source.ts'

/** The projection's memory in the state store of the data directory, one row for each ledger. */
export class StoredPositions implements PositionStore {
  readonly #store: StateStore
  readonly #ledger: string

  constructor(store: StateStore, ledger: string) {
    this.#store = store
    this.#ledger = ledger
    store.run(
      'CREATE TABLE IF NOT EXISTS index_position (ledger TEXT PRIMARY KEY, position INTEGER) WITHOUT ROWID',
    )
    store.run(
      'CREATE TABLE IF NOT EXISTS sealed_fields (ledger TEXT, system TEXT, field TEXT, PRIMARY KEY (ledger, system, field)) WITHOUT ROWID',
    )
  }

  get(): number {
    return Number(
      this.#store.get('SELECT position FROM index_position WHERE ledger = ?', this.#ledger)?.position ?? 0,
    )
  }

  set(position: number): void {
    this.#store.run(
      'INSERT OR REPLACE INTO index_position (ledger, position) VALUES (?, ?)',
      this.#ledger,
      position,
    )
  }

  sealedFields(): SealedField[] {
    const rows = this.#store.all('SELECT system, field FROM sealed_fields WHERE ledger = ?', this.#ledger)
    return rows.map(({ system, field }) => ({ system: String(system), field: String(field) }))
  }

  sealField(system: string, field: string): void {
    this.#store.run(
      'INSERT OR IGNORE INTO sealed_fields (ledger, system, field) VALUES (?, ?, ?)',
      this.#ledger,
      system,
      field,
    )
  }
}
