/**
 * What is remembered of the objects of a copy, in the state store. It may be lost with the store: the copy then finds out again what is
 * there, and puts what it cannot tell.
 */
import type { LockMode } from '../platform/object-store.ts'
import type { StateRow, StateStore } from '../platform/state-store.ts'

export interface CopiedObject {
  /** Below the prefix of the copy. */
  readonly key: string
  /** The version that was put last; `null` where the store keeps none. */
  readonly version: string | null
  /** Of what was put: hex SHA-256. */
  readonly digest: string
  /** Under which lock it is to be; `null` where the store takes none. */
  readonly mode: LockMode | null
  /** Until when the store said that it is locked, when that was asked last; 0 when it said nothing. Unix ms. */
  readonly until: number
  /** When that was. Unix ms. */
  readonly checkedAt: number
  /** Whether bringing the ledger back needs it; what is not live goes when its lock is over. */
  readonly isLive: boolean
  /** Whether the lock was found weaker than it is to be. */
  readonly isWeak: boolean
}

export interface LockCounts {
  readonly compliance: number
  readonly governance: number
  readonly weak: number
  /** When the lock that was looked at longest ago was looked at. Unix ms; `null` without any. */
  readonly oldestCheckAt: number | null
}

const TABLES = [
  `CREATE TABLE IF NOT EXISTS offsite_objects (
    ledger TEXT, key TEXT, version TEXT, digest TEXT, mode TEXT, until INTEGER, checked_at INTEGER, is_live INTEGER, is_weak INTEGER,
    PRIMARY KEY (ledger, key)
  ) WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS offsite_objects_by_check ON offsite_objects (ledger, is_live, checked_at)',
  'CREATE TABLE IF NOT EXISTS offsite_notes (ledger TEXT, name TEXT, value TEXT, PRIMARY KEY (ledger, name)) WITHOUT ROWID',
]

export class CopiedObjects {
  readonly #store: StateStore
  readonly #ledger: string

  constructor(store: StateStore, ledger: string) {
    this.#store = store
    this.#ledger = ledger
    for (const table of TABLES) store.run(table)
  }

  get(key: string): CopiedObject | undefined {
    const row = this.#store.get(
      'SELECT * FROM offsite_objects WHERE ledger = ? AND key = ?',
      this.#ledger,
      key,
    )
    return row && objectOf(row)
  }

  set({ key, version, digest, mode, until, checkedAt, isLive, isWeak }: CopiedObject): void {
    this.#store.run(
      'INSERT OR REPLACE INTO offsite_objects (ledger, key, version, digest, mode, until, checked_at, is_live, is_weak) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      this.#ledger,
      key,
      version,
      digest,
      mode,
      until,
      checkedAt,
      Number(isLive),
      Number(isWeak),
    )
  }

  remove(key: string): void {
    this.#store.run('DELETE FROM offsite_objects WHERE ledger = ? AND key = ?', this.#ledger, key)
  }

  /** Live objects whose keys begin with `prefix`, by key. */
  live(prefix: string): CopiedObject[] {
    const rows = this.#store.all(
      'SELECT * FROM offsite_objects WHERE ledger = ? AND key >= ? AND key < ? AND is_live = 1 ORDER BY key',
      this.#ledger,
      prefix,
      `${prefix}\u{7f}`,
    )
    return rows.map(objectOf)
  }

  /** Bringing the ledger back does not need these any more. */
  supersede(objects: readonly CopiedObject[]): void {
    for (const object of objects) this.set({ ...object, isLive: false })
  }

  /** Locked live objects whose locks were last looked at before `before`, the longest ago first. */
  uncheckedSince(before: number, limit: number): CopiedObject[] {
    const rows = this.#store.all(
      'SELECT * FROM offsite_objects WHERE ledger = ? AND is_live = 1 AND mode IS NOT NULL AND checked_at < ? ORDER BY checked_at LIMIT ?',
      this.#ledger,
      before,
      limit,
    )
    return rows.map(objectOf)
  }

  /** Objects nobody needs whose locks are over. */
  over(now: number, limit: number): CopiedObject[] {
    const rows = this.#store.all(
      'SELECT * FROM offsite_objects WHERE ledger = ? AND is_live = 0 AND until < ? LIMIT ?',
      this.#ledger,
      now,
      limit,
    )
    return rows.map(objectOf)
  }

  counts(): LockCounts {
    const row = this.#store.get(
      `SELECT SUM(mode = 'compliance') AS compliance, SUM(mode = 'governance') AS governance, SUM(is_weak) AS weak, MIN(checked_at) AS oldest
       FROM offsite_objects WHERE ledger = ? AND is_live = 1 AND mode IS NOT NULL`,
      this.#ledger,
    )
    return {
      compliance: Number(row?.compliance ?? 0),
      governance: Number(row?.governance ?? 0),
      weak: Number(row?.weak ?? 0),
      oldestCheckAt: row?.oldest == null ? null : Number(row.oldest),
    }
  }

  note(name: string): string | undefined {
    const sql = 'SELECT value FROM offsite_notes WHERE ledger = ? AND name = ?'
    const row = this.#store.get(sql, this.#ledger, name)
    return row && String(row.value)
  }

  setNote(name: string, value: string): void {
    const sql = 'INSERT OR REPLACE INTO offsite_notes (ledger, name, value) VALUES (?, ?, ?)'
    this.#store.run(sql, this.#ledger, name, value)
  }

  /** Forgets all of it: the copy is another from here on, or none. */
  clear(): void {
    for (const table of ['offsite_objects', 'offsite_notes'])
      this.#store.run(`DELETE FROM ${table} WHERE ledger = ?`, this.#ledger)
  }
}

function objectOf(row: StateRow): CopiedObject {
  return {
    key: String(row.key),
    version: row.version === null ? null : String(row.version),
    digest: String(row.digest),
    mode: row.mode === null ? null : (String(row.mode) as LockMode),
    until: Number(row.until),
    checkedAt: Number(row.checked_at),
    isLive: Number(row.is_live) === 1,
    isWeak: Number(row.is_weak) === 1,
  }
}
