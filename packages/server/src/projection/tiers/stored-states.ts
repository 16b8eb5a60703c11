import type { StateStore } from '../../platform/state-store.ts'
import { numberPast } from './keys.ts'
import type { TierMonth, TierStates } from './tier-month.ts'

/** The months of one ledger in the state store of the data directory, which nobody else changes. */
export class StoredTierStates implements TierStates {
  readonly #store: StateStore
  readonly #ledger: string
  readonly #months = new Map<string, TierMonth>()
  #nextNumber: number

  constructor(store: StateStore, ledger: string) {
    this.#store = store
    this.#ledger = ledger
    createTables(store)
    for (const { told } of store.all('SELECT told FROM index_months WHERE ledger = ?', ledger)) {
      const month = JSON.parse(String(told)) as TierMonth
      this.#months.set(month.month, month)
    }
    const row = store.get('SELECT next FROM index_numbers WHERE ledger = ?', ledger)
    this.#nextNumber = Math.max(Number(row?.['next'] ?? 0), numberPast(this.all()))
  }

  all(): TierMonth[] {
    return [...this.#months.values()].toSorted((a, b) => (a.month < b.month ? -1 : 1))
  }

  put(month: TierMonth): void {
    this.#store.run(
      'INSERT OR REPLACE INTO index_months (ledger, month, told) VALUES (?, ?, ?)',
      this.#ledger,
      month.month,
      JSON.stringify(month),
    )
    this.#months.set(month.month, month)
  }

  remove(month: string): void {
    this.#store.run('DELETE FROM index_months WHERE ledger = ? AND month = ?', this.#ledger, month)
    this.#months.delete(month)
  }

  takeNumber(): number {
    const number = this.#nextNumber
    this.#nextNumber += 1
    this.#store.run(
      'INSERT OR REPLACE INTO index_numbers (ledger, next) VALUES (?, ?)',
      this.#ledger,
      this.#nextNumber,
    )
    return number
  }

  isSwept(): boolean {
    return this.#store.get('SELECT ledger FROM index_leftovers WHERE ledger = ?', this.#ledger) === undefined
  }

  setSwept(isSwept: boolean): void {
    const sql = isSwept
      ? 'DELETE FROM index_leftovers WHERE ledger = ?'
      : 'INSERT OR IGNORE INTO index_leftovers (ledger) VALUES (?)'
    this.#store.run(sql, this.#ledger)
  }

  flush(): Promise<void> {
    return this.#store.flush()
  }
}

/** Ledgers of whose index something lies in a store of objects: rows, or what should have been removed there. */
export function ledgersInFiles(store: StateStore): Set<string> {
  createTables(store)
  const rows = store.all('SELECT ledger FROM index_months UNION SELECT ledger FROM index_leftovers')
  return new Set(rows.map(({ ledger }) => String(ledger)))
}

/** The address of the store that the months of this directory went to last. */
export function rememberedStore(store: StateStore): string | undefined {
  createTables(store)
  const row = store.get('SELECT address FROM index_store')
  return row && String(row['address'])
}

export function rememberStore(store: StateStore, address: string): void {
  createTables(store)
  store.run('INSERT OR REPLACE INTO index_store (one, address) VALUES (1, ?)', address)
}

function createTables(store: StateStore): void {
  store.run(
    'CREATE TABLE IF NOT EXISTS index_months (ledger TEXT, month TEXT, told TEXT, PRIMARY KEY (ledger, month)) WITHOUT ROWID',
  )
  store.run('CREATE TABLE IF NOT EXISTS index_leftovers (ledger TEXT PRIMARY KEY) WITHOUT ROWID')
  store.run('CREATE TABLE IF NOT EXISTS index_numbers (ledger TEXT PRIMARY KEY, next INTEGER) WITHOUT ROWID')
  store.run('CREATE TABLE IF NOT EXISTS index_store (one INTEGER PRIMARY KEY, address TEXT)')
}
