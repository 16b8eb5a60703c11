/**
 * The vault segments whose digest the ledger records. An erasure rewrites a segment: then its new digest is recorded by a further
 * record, and the last one counts.
 */
import type { StateStore } from '../platform/state-store.ts'

/** A vault segment as the ledger records it: by its first index, with its digest in hex. */
export interface RecordedSegment {
  first: number
  digest: string
}

export class RecordedSegments {
  readonly #store: StateStore
  readonly #ledger: string
  readonly #unstored = new Map<number, string>()

  constructor(store: StateStore, ledger: string) {
    this.#store = store
    this.#ledger = ledger
    store.run(
      'CREATE TABLE IF NOT EXISTS segment_digests (ledger TEXT, first INTEGER, digest TEXT, PRIMARY KEY (ledger, first)) WITHOUT ROWID',
    )
  }

  /** Whether the digest that the ledger recorded last of this segment is this one. */
  has({ first, digest }: RecordedSegment): boolean {
    return this.#digestOf(first) === digest
  }

  /** Takes a record of the ledger; kept in memory until `store`. */
  apply({ first, digest }: RecordedSegment): void {
    this.#unstored.set(first, digest)
  }

  /** Writes what was applied; call inside a transaction of the state store, and `stored` once that is done. */
  store(): void {
    const sql = 'INSERT OR REPLACE INTO segment_digests (ledger, first, digest) VALUES (?, ?, ?)'
    for (const [first, digest] of this.#unstored) this.#store.run(sql, this.#ledger, first, digest)
  }

  stored(): void {
    this.#unstored.clear()
  }

  #digestOf(first: number): string | undefined {
    const unstored = this.#unstored.get(first)
    if (unstored !== undefined) return unstored
    const sql = 'SELECT digest FROM segment_digests WHERE ledger = ? AND first = ?'
    const row = this.#store.get(sql, this.#ledger, first)
    return row && String(row.digest)
  }
}
