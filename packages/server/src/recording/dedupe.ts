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

/**
 * Of a MAC the store keeps so much: two contents under one id that agree in it cannot be looked for without the ledger's key.
 * A row is most of what the state needs for a record, so it holds nothing else that is not needed.
 */
const KEPT_MAC_CHARACTERS = 8
const kept = (mac: string): string => mac.slice(0, KEPT_MAC_CHARACTERS)

/** Rows of all ledgers stand in one table: their keys are made with keys of each ledger's own. */
export class Dedupe {
  readonly #store: StateStore
  readonly #inFlight = new Map<string, { mac: string; index: Promise<number> }>()
  #pending = new Map<string, Recorded>()

  constructor(store: StateStore) {
    this.#store = store
    store.run('CREATE TABLE IF NOT EXISTS seen (key BLOB PRIMARY KEY, entry INTEGER, mac BLOB) WITHOUT ROWID')
  }

  /** What is known of the record with this mark, or undefined when it is new. */
  seen({ key, mac }: Mark): Seen | undefined {
    const waiting = this.#inFlight.get(key)
    if (waiting) return { state: 'inFlight', index: waiting.index, sameContent: waiting.mac === mac }
    const known = this.#recorded(key)
    return known && { state: 'recorded', index: known.index, sameContent: known.mac === kept(mac) }
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
    this.#pending.set(key, { index, mac: kept(mac) })
  }

  get pendingCount(): number {
    return this.#pending.size
  }

  /** Writes what was applied; call inside a transaction of the state store, and `stored` once that is done. */
  store(): void {
    const sql = 'INSERT OR REPLACE INTO seen (key, entry, mac) VALUES (?, ?, ?)'
    for (const [key, { mac, index }] of this.#pending) this.#store.run(sql, bytesOf(key), index, bytesOf(mac))
  }

  /** Lets memory go of what was written. */
  stored(): void {
    this.#pending = new Map()
  }

  #recorded(key: string): Recorded | undefined {
    const pending = this.#pending.get(key)
    if (pending) return pending
    const row = this.#store.get('SELECT entry, mac FROM seen WHERE key = ?', bytesOf(key))
    return row && { index: Number(row.entry), mac: textOf(row.mac as Uint8Array) }
  }
}
