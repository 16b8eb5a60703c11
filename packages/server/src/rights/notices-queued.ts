import type { StateStore } from '../platform/state-store.ts'

/** Remembers which notices were queued, so that a step that is taken again after a crash tells nobody twice. Losing it costs a second notice. */
export class NoticesQueued {
  readonly #store: StateStore
  readonly #ledger: string

  constructor(store: StateStore, ledger: string) {
    this.#store = store
    this.#ledger = ledger
    store.run(
      'CREATE TABLE IF NOT EXISTS notices_queued (ledger TEXT, name TEXT, PRIMARY KEY (ledger, name)) WITHOUT ROWID',
    )
  }

  async once(name: string, queue: () => Promise<void>): Promise<void> {
    const known = 'SELECT 1 FROM notices_queued WHERE ledger = ? AND name = ?'
    if (this.#store.get(known, this.#ledger, name)) return
    await queue()
    this.#store.run('INSERT OR IGNORE INTO notices_queued (ledger, name) VALUES (?, ?)', this.#ledger, name)
  }
}
