/** Runs of the retention, as far as they are remembered. What was deleted is on record whether they are or not. */
import type { StateStore } from '../platform/state-store.ts'

export interface RetentionRun {
  readonly runId: string
  /** Unix milliseconds. */
  readonly startedAt: number
  readonly endedAt?: number
  /** Id of the identity that asked for it; `server` for one by schedule. */
  readonly by: string
  /** Version of the settings. */
  readonly version: number
  readonly planDigest: string
  /** How many entries were deleted so far. */
  readonly expired: number
  /** How many were due and are kept: by a hold, or because processing of them is restricted. */
  readonly held: number
  readonly restricted: number
  /** How many could not be deleted yet; that is tried again. */
  readonly unfinished: number
  /** Why it ended early. */
  readonly failure?: string
}

/** So many are remembered. */
const RUNS_MAX = 100

export class RunRegister {
  readonly #store: StateStore
  readonly #ledger: string
  #runs: RetentionRun[]

  constructor(store: StateStore, ledger: string) {
    this.#store = store
    this.#ledger = ledger
    store.run(
      'CREATE TABLE IF NOT EXISTS retention_runs (ledger TEXT, run TEXT, body TEXT, PRIMARY KEY (ledger, run)) WITHOUT ROWID',
    )
    this.#runs = store
      .all('SELECT body FROM retention_runs WHERE ledger = ?', ledger)
      .map(({ body }) => JSON.parse(String(body)) as RetentionRun)
      .toSorted((a, b) => b.startedAt - a.startedAt)
  }

  /** The latest first. */
  all(): readonly RetentionRun[] {
    return this.#runs
  }

  put(run: RetentionRun): void {
    const others = this.#runs.filter(({ runId }) => runId !== run.runId)
    const all = [run, ...others].toSorted((a, b) => b.startedAt - a.startedAt)
    this.#runs = all.slice(0, RUNS_MAX)
    this.#store.transaction(() => {
      const sql = 'INSERT OR REPLACE INTO retention_runs (ledger, run, body) VALUES (?, ?, ?)'
      this.#store.run(sql, this.#ledger, run.runId, JSON.stringify(run))
      for (const { runId } of all.slice(RUNS_MAX))
        this.#store.run('DELETE FROM retention_runs WHERE ledger = ? AND run = ?', this.#ledger, runId)
    })
  }
}
