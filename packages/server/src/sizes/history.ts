/** How large a ledger was, day by day. It lies in the state store and begins with it: what was is not told by ledger or vault. */
import type { StateStore } from '../platform/state-store.ts'

export interface DaySizes {
  /** `YYYY-MM-DD`, of UTC. */
  readonly day: string
  readonly entries: number
  /** Bytes by name of the layer. */
  readonly layers: Readonly<Record<string, number>>
}

/** Ten years. */
export const HISTORY_DAYS_MAX = 3_660

export class SizeHistory {
  readonly #store: StateStore

  constructor(store: StateStore) {
    this.#store = store
    store.run(
      'CREATE TABLE IF NOT EXISTS sizes (ledger TEXT, day TEXT, entries INTEGER, layers TEXT, PRIMARY KEY (ledger, day)) WITHOUT ROWID',
    )
  }

  /** Puts the sizes of a day in the place of those it had, and forgets what is older than {@link HISTORY_DAYS_MAX} days of it. */
  put(ledger: string, { day, entries, layers }: DaySizes): void {
    this.#store.transaction(() => {
      this.#store.run(
        'INSERT OR REPLACE INTO sizes (ledger, day, entries, layers) VALUES (?, ?, ?, ?)',
        ledger,
        day,
        entries,
        JSON.stringify(layers),
      )
      this.#store.run(
        'DELETE FROM sizes WHERE ledger = ? AND day NOT IN (SELECT day FROM sizes WHERE ledger = ? ORDER BY day DESC LIMIT ?)',
        ledger,
        ledger,
        HISTORY_DAYS_MAX,
      )
    })
  }

  /** The last days that were measured, the earliest first. */
  days(ledger: string, limit: number): DaySizes[] {
    return this.#store
      .all('SELECT day, entries, layers FROM sizes WHERE ledger = ? ORDER BY day DESC LIMIT ?', ledger, limit)
      .map(({ day, entries, layers }) => ({
        day: String(day),
        entries: Number(entries),
        layers: JSON.parse(String(layers)) as Record<string, number>,
      }))
      .toReversed()
  }
}
