/**
 * What fields the records of each system had, and what became of them, added up in the state store: numbers and names of fields, never a
 * value. Counts of a process that was killed since it last told them are lost; they describe, and nothing is decided by them.
 */
import type { StateStore } from '../platform/state-store.ts'
import type { MetClass, MetField, Why } from '../vault/classify/fields-met.ts'

/** Rows of one system; what would be a further one is not kept. */
const ROWS_MAX = 5_000

export class MetFields {
  readonly #store: StateStore
  readonly #ledger: string

  constructor(store: StateStore, ledger: string) {
    this.#store = store
    this.#ledger = ledger
    store.run(
      'CREATE TABLE IF NOT EXISTS fields_met (ledger TEXT, system TEXT, pointer TEXT, class TEXT, why TEXT, count INTEGER, PRIMARY KEY (ledger, system, pointer, class, why)) WITHOUT ROWID',
    )
  }

  /** A store that cannot be written keeps nobody from recording: what was met then is not counted. */
  add(met: readonly MetField[]): void {
    if (met.length === 0) return
    try {
      this.#store.transaction(() => {
        const rows = new Map<string, number>()
        for (const field of met) this.#addOne(field, rows)
      })
    } catch {
      // Whatever else the store is for fails by itself and is told of there.
    }
  }

  /** What was met in a system so far. */
  of(system: string): MetField[] {
    const rows = this.#store.all(
      'SELECT pointer, class, why, count FROM fields_met WHERE ledger = ? AND system = ? ORDER BY pointer, class, why',
      this.#ledger,
      system,
    )
    return rows.map(({ pointer, class: metAs, why, count }) => ({
      system,
      pointer: String(pointer),
      class: String(metAs) as MetClass,
      why: String(why) as Why,
      count: Number(count),
    }))
  }

  #addOne({ system, pointer, class: metAs, why, count }: MetField, rows: Map<string, number>): void {
    const where = [this.#ledger, system, pointer, metAs, why] as const
    const known = this.#store.get(
      'SELECT count FROM fields_met WHERE ledger = ? AND system = ? AND pointer = ? AND class = ? AND why = ?',
      ...where,
    )
    if (!known) {
      const size = rows.get(system) ?? this.#rowsOf(system)
      rows.set(system, size + 1)
      if (size >= ROWS_MAX) return
    }
    this.#store.run(
      'INSERT OR REPLACE INTO fields_met (ledger, system, pointer, class, why, count) VALUES (?, ?, ?, ?, ?, ?)',
      ...where,
      Number(known?.count ?? 0) + count,
    )
  }

  #rowsOf(system: string): number {
    const sql = 'SELECT count(*) AS rows FROM fields_met WHERE ledger = ? AND system = ?'
    return Number(this.#store.get(sql, this.#ledger, system)?.rows ?? 0)
  }
}
