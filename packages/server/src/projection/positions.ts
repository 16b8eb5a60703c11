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
    store.run('CREATE TABLE IF NOT EXISTS index_identity (ledger TEXT PRIMARY KEY, id TEXT) WITHOUT ROWID')
    store.run(
      'CREATE TABLE IF NOT EXISTS sealed_fields (ledger TEXT, system TEXT, field TEXT, PRIMARY KEY (ledger, system, field)) WITHOUT ROWID',
    )
    store.run(
      'CREATE TABLE IF NOT EXISTS index_rules (ledger TEXT PRIMARY KEY, version INTEGER) WITHOUT ROWID',
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

  indexId(): string | undefined {
    const row = this.#store.get('SELECT id FROM index_identity WHERE ledger = ?', this.#ledger)
    return row && String(row['id'])
  }

  beginIndex(id: string): void {
    this.#store.transaction(() => {
      this.#store.run('INSERT OR REPLACE INTO index_identity (ledger, id) VALUES (?, ?)', this.#ledger, id)
      this.set(0)
    })
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

  rulesVersion(): number {
    const row = this.#store.get('SELECT version FROM index_rules WHERE ledger = ?', this.#ledger)
    return Number(row?.version ?? 0)
  }

  setRulesVersion(version: number): void {
    this.#store.run(
      'INSERT OR REPLACE INTO index_rules (ledger, version) VALUES (?, ?)',
      this.#ledger,
      version,
    )
  }
}
