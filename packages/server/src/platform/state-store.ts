import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { reasonOf } from './failure.ts'

export type StateValue = SQLInputValue
export type StateRow = Record<string, null | number | bigint | string | Uint8Array>

/** A small relational store for derived state. Everything in it can be rebuilt from ledger, vault and keyring. */
export interface StateStore {
  run(sql: string, ...values: StateValue[]): void
  get(sql: string, ...values: StateValue[]): StateRow | undefined
  all(sql: string, ...values: StateValue[]): StateRow[]
  /** Runs `work` in one transaction: all of it happens or none. */
  transaction<T>(work: () => T): T
  /** Makes every finished transaction durable. */
  flush(): void
  close(): void
}

/** Opens the store kept at `path`; where that cannot be written, an empty one in memory, and why. */
export function openStateStore(path: string): { store: StateStore; unwritable?: string } {
  try {
    const store = new SqliteStateStore(path)
    store.transaction(() => undefined)
    return { store }
  } catch (error) {
    const reason = reasonOf(error)
    return { store: new SqliteStateStore(':memory:'), unwritable: `the state cannot be written: ${reason}` }
  }
}

/** SQLite in WAL mode; a finished transaction survives the process, and survives the machine after `flush`. */
export class SqliteStateStore implements StateStore {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(path: string) {
    this.#database = new DatabaseSync(path)
    this.#database.exec(
      'PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536; PRAGMA busy_timeout=5000',
    )
  }

  run(sql: string, ...values: StateValue[]): void {
    this.#statement(sql).run(...values)
  }

  get(sql: string, ...values: StateValue[]): StateRow | undefined {
    return this.#statement(sql).get(...values)
  }

  all(sql: string, ...values: StateValue[]): StateRow[] {
    return this.#statement(sql).all(...values)
  }

  transaction<T>(work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      this.#database.exec('COMMIT')
      return result
    } catch (error) {
      // Some failures, a full disk among them, have rolled it back already.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  flush(): void {
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  }

  close(): void {
    this.#database.close()
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known) return known
    const statement = this.#database.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }
}

/** SQLite's name for what somebody else has locked. */
const BUSY = 5

function resultCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : undefined
}

/** Thrown when another process holds the directory. */
export class DirectoryLocked extends Error {
  constructor(path: string) {
    super(`another process is writing this directory (lock ${path})`)
  }
}

/**
 * Holds `path` for the life of this process: an exclusive SQLite transaction that is never committed. The kernel frees it
 * when the process dies, so there is no stale lock file to doubt.
 */
export function holdLock(path: string): { release(): void } {
  const database = new DatabaseSync(path)
  try {
    // Without a journal file: a lock needs no room on the disk.
    database.exec(
      'PRAGMA busy_timeout=0; PRAGMA journal_mode=MEMORY; PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE',
    )
  } catch (error) {
    database.close()
    throw resultCode(error) === BUSY ? new DirectoryLocked(path) : error
  }
  return { release: () => database.close() }
}

/** Whether some process holds the lock at `path`. */
export function isHeld(path: string): boolean {
  try {
    holdLock(path).release()
    return false
  } catch (error) {
    if (error instanceof DirectoryLocked) return true
    throw error
  }
}
