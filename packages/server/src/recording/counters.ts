/** Counts of the same traffic that somebody else keeps, as declared and read. Follows the ledger; rebuilt from ledger and vault. */
import { type CanonicalRecord, type Entry, parseTime } from '@deponent/format'
import type { StateStore } from '../platform/state-store.ts'

const HOUR_MS = 3_600_000
/** Readings of one counter an answer is about, the latest. */
const READINGS_MAX = 744

/** What a counter counts; all of it where a member is absent. */
export interface CounterFilter {
  readonly system?: string
  readonly modelId?: string
  readonly provider?: string
  readonly environment?: string
  readonly emitter?: string
}

export interface DeclaredCounter {
  readonly name: string
  /** Undefined while there are readings and no declaration. */
  readonly declared?: {
    readonly source: string
    readonly unit: 'calls' | 'tokens'
    readonly filter: CounterFilter
    /** Share of a reading, 0..1, by which the records may differ. */
    readonly tolerance: number
  }
}

/** A value for [from, to), Unix milliseconds. */
export interface CounterReading {
  readonly from: number
  readonly to: number
  readonly value: number
}

/** What a record tells of a counter. */
export type CounterFact = { name: string } & (
  | { declared: NonNullable<DeclaredCounter['declared']> }
  | { reading: CounterReading }
)

const FILTERS = ['system', 'modelId', 'provider', 'environment', 'emitter'] as const

/** What a record of the kinds `counter.…` says; undefined for any other, and for a span that ends before it begins. */
export function counterIn({ kind }: Entry, record: CanonicalRecord): CounterFact | undefined {
  const { name, value } = record
  if (typeof name !== 'string') return undefined
  if (kind === 'counter.declared') return { name, declared: declarationIn(record) }
  if (kind !== 'counter.reading' || typeof value !== 'number') return undefined
  const span = spanIn(record)
  return span && { name, reading: { ...span, value } }
}

export class Counters {
  readonly #store: StateStore
  readonly #ledger: string
  /** Taken and not written yet, in order. */
  #unstored: CounterFact[] = []

  constructor(store: StateStore, ledger: string) {
    this.#store = store
    this.#ledger = ledger
    store.run(
      'CREATE TABLE IF NOT EXISTS counters (ledger TEXT, name TEXT, declared TEXT, PRIMARY KEY (ledger, name)) WITHOUT ROWID',
    )
    store.run(
      'CREATE TABLE IF NOT EXISTS counter_readings (ledger TEXT, name TEXT, from_ms INTEGER, to_ms INTEGER, value INTEGER, PRIMARY KEY (ledger, name, from_ms, to_ms)) WITHOUT ROWID',
    )
  }

  /** Takes a fact found in the ledger; kept in memory until `store`. Taking it again, as a replay does, changes nothing. */
  apply(fact: CounterFact): void {
    this.#unstored.push(fact)
  }

  /** Writes what was applied; call inside a transaction of the state store, and `stored` once that is done. */
  store(): void {
    for (const fact of this.#unstored) {
      if ('declared' in fact) this.#storeDeclaration(fact.name, fact.declared)
      else this.#storeReading(fact.name, fact.reading)
    }
  }

  stored(): void {
    this.#unstored = []
  }

  all(): DeclaredCounter[] {
    const rows = this.#store.all(
      `SELECT names.name AS name, declared FROM (SELECT name FROM counters WHERE ledger = ?
        UNION SELECT name FROM counter_readings WHERE ledger = ?) AS names
        LEFT JOIN counters ON counters.ledger = ? AND counters.name = names.name`,
      this.#ledger,
      this.#ledger,
      this.#ledger,
    )
    const found = new Map<string, DeclaredCounter['declared']>()
    for (const { name, declared } of rows)
      found.set(
        String(name),
        declared === null
          ? undefined
          : (JSON.parse(String(declared)) as NonNullable<DeclaredCounter['declared']>),
      )
    for (const fact of this.#unstored)
      found.set(fact.name, 'declared' in fact ? fact.declared : found.get(fact.name))
    return [...found]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, declared]) => ({ name, ...(declared && { declared }) }))
  }

  /** The latest readings of a counter, in order of time. */
  readings(name: string): CounterReading[] {
    const rows = this.#store.all(
      'SELECT from_ms, to_ms, value FROM counter_readings WHERE ledger = ? AND name = ? ORDER BY from_ms DESC LIMIT ?',
      this.#ledger,
      name,
      READINGS_MAX,
    )
    const stored = rows.map(({ from_ms, to_ms, value }) => ({
      from: Number(from_ms),
      to: Number(to_ms),
      value: Number(value),
    }))
    const unstored = this.#unstored.flatMap((fact) =>
      'reading' in fact && fact.name === name ? fact.reading : [],
    )
    const bySpan = new Map(
      [...stored, ...unstored].map((reading) => [`${reading.from} ${reading.to}`, reading]),
    )
    return [...bySpan.values()].toSorted((a, b) => a.from - b.from).slice(-READINGS_MAX)
  }

  #storeDeclaration(name: string, declared: NonNullable<DeclaredCounter['declared']>): void {
    this.#store.run(
      'INSERT OR REPLACE INTO counters (ledger, name, declared) VALUES (?, ?, ?)',
      this.#ledger,
      name,
      JSON.stringify(declared),
    )
  }

  #storeReading(name: string, { from, to, value }: CounterReading): void {
    this.#store.run(
      'INSERT OR REPLACE INTO counter_readings (ledger, name, from_ms, to_ms, value) VALUES (?, ?, ?, ?, ?)',
      this.#ledger,
      name,
      from,
      to,
      value,
    )
  }
}

function declarationIn({
  source,
  unit,
  filter,
  tolerance,
}: CanonicalRecord): NonNullable<DeclaredCounter['declared']> {
  const given =
    typeof filter === 'object' && filter !== null && !Array.isArray(filter) ? filter : ({} as CanonicalRecord)
  const texts = FILTERS.flatMap((member) => {
    const wanted = given[member]
    return typeof wanted === 'string' ? [[member, wanted]] : []
  })
  return {
    source: typeof source === 'string' ? source : 'other',
    unit: unit === 'tokens' ? 'tokens' : 'calls',
    filter: Object.fromEntries(texts) as CounterFilter,
    tolerance: typeof tolerance === 'number' ? tolerance : 0,
  }
}

function spanIn({ hour, from, to }: CanonicalRecord): { from: number; to: number } | undefined {
  const beginning = hour === undefined ? undefined : parseTime(hour)?.ms
  if (beginning !== undefined) {
    const start = Math.floor(beginning / HOUR_MS) * HOUR_MS
    return { from: start, to: start + HOUR_MS }
  }
  const [start, end] = [from, to].map((time) => (time === undefined ? undefined : parseTime(time)?.ms))
  return start !== undefined && end !== undefined && start < end ? { from: start, to: end } : undefined
}
