/**
 * Knows which records have been recorded, by their marks. Invariants:
 * - consulted synchronously, before sequencing, records in flight included: two resends of one record never both get in;
 * - what it holds on disk is behind the ledger by at most what the ledger's own log still keeps, and is filled up from there.
 */
import type { StateStore } from '../platform/state-store.ts'
import type { Mark } from './marker.ts'

/** What is known of a record that was seen before. */
export type Seen =
  | { state: 'recorded'; index: number; sameContent: boolean }
  | { state: 'inFlight'; index: Promise<number>; sameContent: boolean }

interface Recorded {
  index: number
  mac: string
}

const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1')
const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')

export class Dedupe {
  readonly #store: StateStore
  readonly #ledger: string
  readonly #inFlight = new Map<string, { mac: string; index: Promise<number> }>()
  #pending = new Map<string, Recorded>()

  constructor(store: StateStore, ledger: string) {
    this.#store = store
    this.#ledger = ledger
    store.run(
      'CREATE TABLE IF NOT EXISTS recorded (ledger TEXT, key BLOB, mac BLOB, entry INTEGER, PRIMARY KEY (ledger, key)) WITHOUT ROWID',
    )
  }

  /** What is known of the record with this mark, or undefined when it is new. */
  seen({ key, mac }: Mark): Seen | undefined {
    const waiting = this.#inFlight.get(key)
    if (waiting) return { state: 'inFlight', index: waiting.index, sameContent: waiting.mac === mac }
    const known = this.#recorded(key)
    return known && { state: 'recorded', index: known.index, sameContent: known.mac === mac }
  }

  /** Index of the record so named, in flight or recorded; undefined when there is none. */
  async find(key: string): Promise<number | undefined> {
    const waiting = this.#inFlight.get(key)
    if (waiting) return waiting.index.catch(() => undefined)
    return this.#recorded(key)?.index
  }

  /** Marks a record as on its way; `index` settles with its place, or rejects when it was not recorded. */
  begin({ key, mac }: Mark, index: Promise<number>): void {
    this.#inFlight.set(key, { mac, index })
    const done = (): boolean => this.#inFlight.delete(key)
    index.then(done, done)
  }

  /** Takes a durable record; kept in memory until `store`. */
  apply(index: number, { key, mac }: Mark): void {
    this.#pending.set(key, { index, mac })
  }

  get pendingCount(): number {
    return this.#pending.size
  }

  /** Writes what was applied; call inside a transaction of the state store, and `stored` once that is done. */
  store(): void {
    const sql = 'INSERT OR REPLACE INTO recorded (ledger, key, mac, entry) VALUES (?, ?, ?, ?)'
    for (const [key, { mac, index }] of this.#pending)
      this.#store.run(sql, this.#ledger, bytesOf(key), bytesOf(mac), index)
  }

  /** Lets memory go of what was written. */
  stored(): void {
    this.#pending = new Map()
  }

  #recorded(key: string): Recorded | undefined {
    const pending = this.#pending.get(key)
    if (pending) return pending
    const row = this.#store.get(
      'SELECT entry, mac FROM recorded WHERE ledger = ? AND key = ?',
      this.#ledger,
      bytesOf(key),
    )
    return row && { index: Number(row.entry), mac: textOf(row.mac as Uint8Array) }
  }
}
