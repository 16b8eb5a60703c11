/**
 * Keeps the state store in step with the ledger: what records were seen, which systems are declared. A follower of the ledger;
 * everything here can be rebuilt from ledger and vault.
 */
import type { EmitterStatement } from '@deponent/format'
import type { Clock } from '../platform/clock.ts'
import type { StateStore } from '../platform/state-store.ts'
import type { CounterFact, Counters } from './counters.ts'
import type { Dedupe } from './dedupe.ts'
import type { Emitters, KnownEmitter } from './emitters.ts'
import type { ErasureEntries } from './erasure-entries.ts'
import type { Mark } from './marker.ts'
import type { RecordedSegment, RecordedSegments } from './recorded-segments.ts'
import type { Register, Registered } from './register.ts'
import type { DeclaredRetention, Retentions } from './retentions.ts'
import type { Systems } from './systems.ts'

const STORE_DELAY_MS = 100
const PENDING_MAX = 50_000

/** What one entry tells the state: its mark, and the system it declares if it does. */
export interface StateFact {
  mark?: Mark
  declares?: { slug: string; name: string }
  declaresEmitter?: KnownEmitter
  declaresRetention?: DeclaredRetention
  /** Its number: of which emitter, by slug, in which epoch. */
  numbered?: { slug: string; epoch: number; seq: number; receivedAt: number; link?: Uint8Array }
  /** What it says of an emitter, by name. */
  states?: { name: string; epoch?: number; statement: EmitterStatement; count: number }
  counter?: CounterFact
  /** A vault segment whose digest it records. */
  sealedSegment?: RecordedSegment
  /** Hex root of the set whose erasure it states. */
  erases?: string
  /** A record that registers keep track of. */
  registered?: Registered
}

/** What keeps facts in memory until they are stored. */
interface Storing {
  store(): void
  stored(): void
}

export interface StateOptions {
  store: StateStore
  clock: Clock
  ledger: string
  dedupe: Dedupe
  systems: Systems
  retentions: Retentions
  emitters: Emitters
  counters: Counters
  erasureEntries: ErasureEntries
  registers: readonly Register[]
  segments: RecordedSegments
  /** Reads the facts out of an entry and its attachment. */
  factOf(entry: Uint8Array, attachment: Uint8Array): StateFact
  /** What was applied could not be stored. Called again each time that trying again fails too. */
  onFailed(error: unknown): void
}

export class RecordingState {
  readonly name = 'recording state'
  readonly #options: StateOptions
  #applied: number
  #stored: number
  #scheduled = false
  #hasFailed = false

  constructor(options: StateOptions) {
    this.#options = options
    const { store, ledger } = options
    store.run(
      'CREATE TABLE IF NOT EXISTS recording_position (ledger TEXT PRIMARY KEY, applied INTEGER) WITHOUT ROWID',
    )
    const row = store.get('SELECT applied FROM recording_position WHERE ledger = ?', ledger)
    this.#applied = Number(row?.applied ?? 0)
    this.#stored = this.#applied
  }

  durable(): number {
    return this.#stored
  }

  /** Index of the next entry this state has not taken. */
  get applied(): number {
    return this.#applied
  }

  /** True when it holds too much in memory, or could not store what it holds; storing is then tried again. */
  overloaded(): boolean {
    return this.#hasFailed || this.#options.dedupe.pendingCount > PENDING_MAX * 4
  }

  apply(frame: { first: number; entries: readonly Uint8Array[]; attachments: readonly Uint8Array[] }): void {
    // Behind what the log still holds: whoever opened the ledger fills the gap from ledger and vault before anything is appended.
    if (frame.first > this.#applied) return
    for (let i = Math.max(0, this.#applied - frame.first); i < frame.entries.length; i += 1) {
      this.take(frame.first + i, this.#options.factOf(frame.entries[i]!, frame.attachments[i]!))
    }
    if (this.#options.dedupe.pendingCount > PENDING_MAX) this.#storeOrRetry()
    else this.#schedule()
  }

  /** Takes the facts of one entry; entries must come in order. */
  take(index: number, fact: StateFact): void {
    if (index !== this.#applied) throw new Error(`recording state is at ${this.#applied}, not at ${index}`)
    if (fact.mark) this.#options.dedupe.apply(index, fact.mark)
    if (fact.declares) this.#options.systems.apply(fact.declares.slug, fact.declares.name)
    if (fact.declaresRetention) this.#options.retentions.apply(fact.declaresRetention)
    this.#takeOfEmitter(index, fact)
    if (fact.counter) this.#options.counters.apply(fact.counter)
    if (fact.sealedSegment) this.#options.segments.apply(fact.sealedSegment)
    if (fact.erases !== undefined) this.#options.erasureEntries.apply(fact.erases, index)
    if (fact.registered)
      for (const register of this.#options.registers) register.apply(index, fact.registered)
    this.#applied = index + 1
  }

  #takeOfEmitter(index: number, { declaresEmitter, numbered, states }: StateFact): void {
    const { emitters } = this.#options
    if (declaresEmitter) emitters.apply(declaresEmitter)
    if (numbered) {
      const { slug, epoch, ...entry } = numbered
      emitters.record(slug, epoch, { ...entry, index })
    }
    if (states) emitters.state(states.name, states.epoch, states.statement, states.count)
  }

  async flush(): Promise<void> {
    this.#store()
    await this.#options.store.flush()
  }

  get #parts(): readonly Storing[] {
    const { counters, dedupe, emitters, erasureEntries, registers, retentions, segments, systems } =
      this.#options
    return [dedupe, emitters, systems, retentions, counters, segments, erasureEntries, ...registers]
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#options.clock.after(STORE_DELAY_MS, () => {
      this.#scheduled = false
      this.#storeOrRetry()
    })
  }

  /** Stores what was applied. The store is rebuilt from the ledger should it be lost, so that trying again risks nothing. */
  #storeOrRetry(): void {
    try {
      this.#store()
      this.#hasFailed = false
    } catch (error) {
      this.#hasFailed = true
      this.#options.onFailed(error)
      this.#schedule()
    }
  }

  #store(): void {
    if (this.#stored === this.#applied) return
    const { store, ledger } = this.#options
    const parts = this.#parts
    store.transaction(() => {
      for (const part of parts) part.store()
      store.run(
        'INSERT OR REPLACE INTO recording_position (ledger, applied) VALUES (?, ?)',
        ledger,
        this.#applied,
      )
    })
    for (const part of parts) part.stored()
    this.#stored = this.#applied
  }
}
