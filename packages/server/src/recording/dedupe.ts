/**
 * Knows which records have been recorded, by a keyed hash of system, kind and the sender's id. Invariants:
 * - consulted synchronously, before sequencing, records in flight included: two resends of one record never both get in;
 * - what it holds on disk is behind the ledger by at most what the ledger's own log still keeps, and is filled up from there.
 */
import { equalBytes } from '@deponent/format'
import type { StateStore } from '../platform/state-store.ts'
import { Hmac } from '../vault/hmac.ts'
import type { DedupeMark } from './attachment.ts'

/** What is known of a record that was seen before. */
export type Seen =
  | { state: 'recorded'; index: number; sameContent: boolean }
  | { state: 'inFlight'; index: Promise<number>; sameContent: boolean }

interface InFlight {
  mac: Uint8Array
  index: Promise<number>
}

const mapKey = (key: Uint8Array): string =>
  Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')

export class Dedupe {
  readonly #store: StateStore
  readonly #nameKey: Hmac
  readonly #contentKey: Hmac
  readonly #ledger: string
  readonly #inFlight = new Map<string, InFlight>()
  #pending = new Map<string, { key: Uint8Array; mac: Uint8Array; index: number }>()

  constructor(store: StateStore, ledger: string, nameKey: Uint8Array, contentKey: Uint8Array) {
    this.#store = store
    this.#ledger = ledger
    this.#nameKey = new Hmac('sha256', nameKey)
    this.#contentKey = new Hmac('sha256', contentKey)
    store.run(
      'CREATE TABLE IF NOT EXISTS recorded (ledger TEXT, key BLOB, mac BLOB, entry INTEGER, PRIMARY KEY (ledger, key)) WITHOUT ROWID',
    )
  }

  /** The mark of a record: its name within system and kind, and a MAC of `content` (its canonical text as sent). */
  mark(system: string, kind: string, name: string, content: string): DedupeMark {
    return { key: this.nameOf(system, kind, name), mac: this.#contentKey.digest(content).subarray(0, 16) }
  }

  /** HMAC-SHA-256(key, system ‖ 0 ‖ kind ‖ 0 ‖ name), first 16 bytes. */
  nameOf(system: string, kind: string, name: string): Uint8Array {
    return this.#nameKey.digest(`${system}\0${kind}\0${name}`).subarray(0, 16)
  }

  /** What is known of the record with this mark, or undefined when it is new. */
  seen(mark: DedupeMark): Seen | undefined {
    const waiting = this.#inFlight.get(mapKey(mark.key))
    if (waiting)
      return { state: 'inFlight', index: waiting.index, sameContent: equalBytes(waiting.mac, mark.mac) }
    const known = this.#recorded(mark.key)
    return known && { state: 'recorded', index: known.index, sameContent: equalBytes(known.mac, mark.mac) }
  }

  /** Index of the record so named, in flight or recorded; undefined when there is none. */
  async find(key: Uint8Array): Promise<number | undefined> {
    const waiting = this.#inFlight.get(mapKey(key))
    if (waiting) return waiting.index.catch(() => undefined)
    return this.#recorded(key)?.index
  }

  /** Marks a record as on its way; `index` settles with its place, or rejects when it was not recorded. */
  begin(mark: DedupeMark, index: Promise<number>): void {
    const key = mapKey(mark.key)
    this.#inFlight.set(key, { mac: mark.mac, index })
    const done = (): boolean => this.#inFlight.delete(key)
    index.then(done, done)
  }

  /** Takes a durable record; kept in memory until `store`. */
  apply(index: number, mark: DedupeMark): void {
    this.#pending.set(mapKey(mark.key), { key: mark.key.slice(), mac: mark.mac.slice(), index })
  }

  get pendingCount(): number {
    return this.#pending.size
  }

  /** Writes what was applied; call inside a transaction of the state store. */
  store(): void {
    const sql = 'INSERT OR REPLACE INTO recorded (ledger, key, mac, entry) VALUES (?, ?, ?, ?)'
    for (const { key, mac, index } of this.#pending.values())
      this.#store.run(sql, this.#ledger, key, mac, index)
    this.#pending = new Map()
  }

  #recorded(key: Uint8Array): { index: number; mac: Uint8Array } | undefined {
    const pending = this.#pending.get(mapKey(key))
    if (pending) return pending
    const row = this.#store.get(
      'SELECT entry, mac FROM recorded WHERE ledger = ? AND key = ?',
      this.#ledger,
      key,
    )
    return row && { index: Number(row.entry), mac: row.mac as Uint8Array }
  }
}
