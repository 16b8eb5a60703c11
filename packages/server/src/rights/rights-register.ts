/**
 * What the ledger says of rights and holds. The state store keeps the indices of the records alone; what they say is read from the vault
 * at the start and kept in memory, so that an erased person leaves nothing behind here.
 */
import type { StateStore } from '../platform/state-store.ts'
import type { ReadEntry } from '../recording/reader.ts'
import type { Register, Registered } from '../recording/register.ts'
import { type Fact, factIn } from './fact.ts'
import { holdsOf, type Hold } from './holds.ts'
import { Persons } from './persons.ts'
import { requestsOf, type PersonRequest } from './requests.ts'

/** What follows from all facts. */
export interface RightsView {
  readonly requests: ReadonlyMap<string, PersonRequest>
  readonly holds: ReadonlyMap<string, Hold>
  readonly persons: Persons
  /** Indices of records by which somebody outside got a copy. */
  readonly copies: readonly number[]
}

export class RightsRegister implements Register {
  readonly #store: StateStore
  readonly #ledger: string
  readonly #handleOf: (subject: string) => string
  readonly #facts = new Map<number, Fact>()
  #unstored: number[] = []
  #view: RightsView | undefined

  constructor(store: StateStore, ledger: string, handleOf: (subject: string) => string) {
    this.#store = store
    this.#ledger = ledger
    this.#handleOf = handleOf
    store.run(
      'CREATE TABLE IF NOT EXISTS rights_records (ledger TEXT, idx INTEGER, PRIMARY KEY (ledger, idx)) WITHOUT ROWID',
    )
  }

  /** Reads what the store knows of and memory does not: once, after the ledger is open. */
  async load(read: (index: number) => Promise<ReadEntry>): Promise<void> {
    const rows = this.#store.all('SELECT idx FROM rights_records WHERE ledger = ?', this.#ledger)
    for (const { idx } of rows) {
      const index = Number(idx)
      if (this.#facts.has(index)) continue
      const { entry, record } = await read(index)
      if (record) this.#take(index, { entry, record })
    }
  }

  apply(index: number, registered: Registered): void {
    if (this.#take(index, registered)) this.#unstored.push(index)
  }

  store(): void {
    const sql = 'INSERT OR IGNORE INTO rights_records (ledger, idx) VALUES (?, ?)'
    for (const index of this.#unstored) this.#store.run(sql, this.#ledger, index)
  }

  stored(): void {
    this.#unstored = []
  }

  /** Drops what these entries said: they were erased. */
  forget(indices: readonly number[]): void {
    this.#store.transaction(() => {
      for (const index of indices) {
        this.#store.run('DELETE FROM rights_records WHERE ledger = ? AND idx = ?', this.#ledger, index)
        this.#facts.delete(index)
      }
    })
    const gone = new Set(indices)
    this.#unstored = this.#unstored.filter((index) => !gone.has(index))
    this.#view = undefined
  }

  view(): RightsView {
    return (this.#view ??= viewOf([...this.#facts.values()].toSorted((a, b) => a.index - b.index)))
  }

  #take(index: number, registered: Registered): boolean {
    const fact = factIn(index, registered, this.#handleOf)
    if (!fact) return false
    this.#facts.set(index, fact)
    this.#view = undefined
    return true
  }
}

function viewOf(facts: readonly Fact[]): RightsView {
  const persons = new Persons(facts)
  return {
    requests: requestsOf(facts),
    holds: holdsOf(facts),
    persons,
    copies: facts.flatMap(({ what, index }) => (what === 'copy' ? [index] : [])),
  }
}
