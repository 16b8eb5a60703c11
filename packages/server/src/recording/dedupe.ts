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
  /** Its content was erased, and it is not to be recorded again by a resend. */
  | { state: 'erased' }

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
/** The MAC of content that is not to be known again: no content has it. */
export const FORGOTTEN = '\0'.repeat(16)

/** The least blob that stands for no record whose time was over. */
const NOT_EXPIRED = "x'0000000001000000'"

const kept = (mac: string): string => mac.slice(0, KEPT_MAC_CHARACTERS)

/**
 * What stands in the place of the MAC of a record whose time was over: zeros, and the day it went, counted from the epoch. No content is
 * taken for that by chance but one in 2^40.
 */
const EXPIRED_ZEROS = '\0'.repeat(5)
const expiredOn = (day: number): string =>
  EXPIRED_ZEROS + String.fromCharCode((day >>> 16) & 0xff, (day >>> 8) & 0xff, day & 0xff)
const isExpired = (mac: string): boolean => mac.startsWith(EXPIRED_ZEROS) && mac !== kept(FORGOTTEN)

/** Rows of all ledgers stand in one table: their keys are made with keys of each ledger's own. */
export class Dedupe {
  readonly #store: StateStore
  readonly #inFlight = new Map<string, { mac: string; index: Promise<number> }>()
  #pending = new Map<string, Recorded>()
  /** Names of records that were erased, with their indices where they have one, for as long as a resend of them is refused. */
  readonly #erased = new Map<string, number | undefined>()

  constructor(store: StateStore) {
    this.#store = store
    store.run('CREATE TABLE IF NOT EXISTS seen (key BLOB PRIMARY KEY, entry INTEGER, mac BLOB) WITHOUT ROWID')
    // Of those whose time was over alone: few, found by their day.
    store.run(`CREATE INDEX IF NOT EXISTS seen_expired ON seen (mac) WHERE mac < ${NOT_EXPIRED}`)
  }

  /** What is known of the record with this mark, or undefined when it is new. */
  seen({ key, mac }: Mark): Seen | undefined {
    if (this.#erased.has(key)) return { state: 'erased' }
    const waiting = this.#inFlight.get(key)
    if (waiting) return { state: 'inFlight', index: waiting.index, sameContent: waiting.mac === mac }
    const known = this.#recorded(key)
    if (known && isExpired(known.mac)) return { state: 'erased' }
    return known && { state: 'recorded', index: known.index, sameContent: known.mac === kept(mac) }
  }

  /** Index of the record so named, in flight, recorded or erased; undefined when there is none. */
  async find(key: string): Promise<number | undefined> {
    if (this.#erased.has(key)) return this.#erased.get(key)
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

  /** Lets go of records by name: from here on they are answered for as erased, until `forgetErased`. Call `removeErased` for what is on disk. */
  erase(names: readonly { key: string; index?: number }[]): void {
    for (const { key, index } of names) {
      this.#erased.set(key, index)
      this.#pending.delete(key)
    }
  }

  /** Forgets what these records said: a resend of one is answered as another with its name is. */
  forgetContent(names: ReadonlySet<string>): void {
    this.#store.transaction(() => {
      for (const key of names) {
        const waiting = this.#pending.get(key)
        if (waiting) this.#pending.set(key, { ...waiting, mac: kept(FORGOTTEN) })
        this.#store.run('UPDATE seen SET mac = ? WHERE key = ?', bytesOf(kept(FORGOTTEN)), bytesOf(key))
      }
    })
  }

  /** Removes the rows of these names. */
  removeErased(names: readonly { key: string }[]): void {
    this.#store.transaction(() => {
      for (const { key } of names) this.#store.run('DELETE FROM seen WHERE key = ?', bytesOf(key))
    })
  }

  /** Lets go of what these records were, whose time was over on this day since the epoch: they are answered for as erased until `forgetExpired`. */
  expire(names: readonly { key: string; index: number }[], day: number): void {
    this.#store.transaction(() => {
      const sql = 'INSERT OR REPLACE INTO seen (key, entry, mac) VALUES (?, ?, ?)'
      for (const { key, index } of names) this.#store.run(sql, bytesOf(key), index, bytesOf(expiredOn(day)))
    })
    this.forgetErased(names)
  }

  /** From here on records whose time was over before this day are new again. */
  forgetExpired(day: number): void {
    const sql = `DELETE FROM seen WHERE mac < ${NOT_EXPIRED} AND mac > ? AND mac < ?`
    this.#store.run(sql, bytesOf(kept(FORGOTTEN)), bytesOf(expiredOn(day)))
  }

  /** From here on records with these names are new again. */
  forgetErased(names: readonly { key: string }[]): void {
    for (const { key } of names) this.#erased.delete(key)
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
