import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { reasonOf } from './failure.ts'
import type { CheckpointQuestion } from './state-checkpoint-worker.ts'
import { moduleBeside, WorkerThread } from './worker.ts'
import { ExplainedError } from './explained-error.ts'

export type StateValue = SQLInputValue
export type StateRow = Record<string, null | number | bigint | string | Uint8Array>

/** A small relational store for derived state. Everything in it can be rebuilt from ledger, vault and keyring, but for counts and sizes of days gone by. */
export interface StateStore {
  run(sql: string, ...values: StateValue[]): void
  get(sql: string, ...values: StateValue[]): StateRow | undefined
  all(sql: string, ...values: StateValue[]): StateRow[]
  /** Runs `work` in one transaction: all of it happens or none. */
  transaction<T>(work: () => T): T
  /** Makes every finished transaction durable. */
  flush(): Promise<void>
  /** Makes rows that were deleted leave the disk: when this resolves, no file of the store holds them. Rejects when somebody reads on. */
  scrub(): Promise<void>
  close(): Promise<void>
}

const IN_MEMORY = ':memory:'

/** Opens the store kept at `path`; where that cannot be written, an empty one in memory, and why. */
export function openStateStore(path: string): { store: StateStore; unwritable?: string } {
  try {
    const store = new SqliteStateStore(path)
    store.transaction(() => undefined)
    return { store }
  } catch (error) {
    const reason = reasonOf(error)
    return { store: new SqliteStateStore(IN_MEMORY), unwritable: `the state cannot be written: ${reason}` }
  }
}

/** Rows written before the log is moved into the file: some megabytes of pages. */
const CHECKPOINT_ROWS = 2_000

/**
 * What is deleted is written over with zeros, in rows and in freed pages, so that only the log can still hold it. It costs next to
 * nothing here, where rows are added and seldom deleted. Temporary tables stay in memory.
 */
const FORGETTING = 'PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY'

/**
 * SQLite in WAL mode; a finished transaction survives the process, and survives the machine after `flush`. The log is moved into the
 * file by another thread, which waits for the disk; what is left of it when the store is closed is moved then.
 */
export class SqliteStateStore implements StateStore {
  readonly #path: string
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  #checkpointer: WorkerThread<CheckpointQuestion, boolean> | undefined
  #isCheckpointing = false
  #rows = 0

  constructor(path: string) {
    this.#path = path
    this.#database = new DatabaseSync(path)
    this.#database.exec(
      'PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536; PRAGMA busy_timeout=5000; PRAGMA wal_autocheckpoint=0',
    )
    this.#database.exec(FORGETTING)
  }

  run(sql: string, ...values: StateValue[]): void {
    this.#statement(sql).run(...values)
    this.#rows += 1
    if (this.#rows >= CHECKPOINT_ROWS && !this.#isCheckpointing && !this.#database.isTransaction)
      this.#checkpointSoon()
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
      if (this.#rows >= CHECKPOINT_ROWS && !this.#isCheckpointing) this.#checkpointSoon()
      return result
    } catch (error) {
      // Some failures, a full disk among them, have rolled it back already.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  async flush(): Promise<void> {
    // A store that few rows were written to has no thread for this, and little to wait for.
    if (this.#checkpointer) await this.#checkpointer.ask('all')
    else this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  }

  async scrub(): Promise<void> {
    if (this.#path === IN_MEMORY) return
    this.#rows = 0
    await this.#checkpoints().ask('scrub')
  }

  async close(): Promise<void> {
    // First: whoever closes last removes the log, by its name.
    await this.#checkpointer?.close()
    this.#database.close()
  }

  #checkpointSoon(): void {
    this.#rows = 0
    if (this.#path === IN_MEMORY) return
    this.#isCheckpointing = true
    // What fails now is tried again with the next rows, and by `flush`, which says so.
    void this.#checkpoints()
      .ask('soon')
      .catch(() => undefined)
      .finally(() => {
        this.#isCheckpointing = false
      })
  }

  #checkpoints(): WorkerThread<CheckpointQuestion, boolean> {
    const module = moduleBeside(import.meta.url, 'state-checkpoint-worker')
    return (this.#checkpointer ??= new WorkerThread(module, this.#path))
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
export class DirectoryLocked extends ExplainedError {
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
