// The months of an index whose rows lie in files: moved there when they are over, read with the rest, changed where something goes.
//
// Invariants.
// 1. What is remembered of a month (tier-month.ts) decides what questions read; the tables and the objects follow.
// 2. Months change only while nobody else changes rows: moving waits for its turn in the projector, and changes are made by the projector.
// 3. Nothing that an index before this one put into the store outlives the start of this one; an erasure is not done before that.

import type { Clock } from '../../platform/clock.ts'
import type { IndexClient } from '../engine/client.ts'
import type { FieldSlot } from '../fields.ts'
import { type Names, slotColumn, TIERED_TABLES } from '../schema.ts'
import { changeMonth } from './file-changes.ts'
import { manifestKey } from './keys.ts'
import { manifestOf } from './manifest.ts'
import { Mover, type MoveStep, type Surroundings } from './moving.ts'
import { Readers } from './readers.ts'
import { Relations } from './relations.ts'
import type { RowChange } from './row-change.ts'
import { isOlder, monthOfPartition, type TierMonth, type TierStates } from './tier-month.ts'
import { type TierPlace, TierStore } from './tier-store.ts'

export interface TierSettings extends TierPlace {
  readonly states: TierStates
  /** A month moves to files when all of it is further back than this. */
  readonly hotDays: number
  /** Its files are archived when all of it is further back than this. */
  readonly warmDays: number
  atStep?(step: MoveStep, month: string): void | Promise<void>
}

/** What the projector does for moving. */
export interface Turns {
  position(): number
  features(): readonly FieldSlot[]
  /** Runs a task between two batches. */
  exclusively(task: () => Promise<void>): Promise<void>
}

/** Rows that came to a month after it was moved follow this long after the last move, so that they do not make a file each. */
const FOLLOW_MS = 30 * 86_400_000

export class Tiers {
  readonly readers = new Readers()
  readonly #settings: TierSettings
  readonly #client: IndexClient
  readonly #names: Names
  readonly #clock: Clock
  readonly #store: TierStore
  readonly #relations: Relations
  readonly #mover: Mover
  #turns: Turns | undefined
  #index = ''
  #changes = 0
  /** Objects that nobody needs any more may still be in the store. */
  #isSwept = false

  constructor(settings: TierSettings, client: IndexClient, names: Names, clock: Clock) {
    this.#settings = settings
    this.#client = client
    this.#names = names
    this.#clock = clock
    this.#store = new TierStore(settings)
    this.#relations = new Relations(client, names, this.#store, this.readers)
    this.#mover = new Mover(this.#surroundings())
  }

  /** Whom it asks for turns; before anything is moved. */
  take(turns: Turns): void {
    this.#turns = turns
  }

  months(): TierMonth[] {
    return this.#settings.states.all()
  }

  /** Goes on with the files of this index; `isNew`: it has none, and those of others go. */
  async open(index: string, isNew = false): Promise<void> {
    this.#index = index
    this.#relations.forget()
    await this.#store.emptyScratch()
    const { states } = this.#settings
    if (isNew) {
      for (const { month } of states.all()) states.remove(month)
      await states.flush()
    }
    await this.define()
    for (const month of states.all()) if (month.state === 'switching') await this.#mover.finish(month)
    this.#isSwept = false
    // A store that is away keeps nobody from opening the index; what is to be erased waits for it.
    await this.#sweep().catch(() => {})
  }

  /** Makes questions read every column that the tables have now. */
  async define(): Promise<void> {
    await this.#relations.define(this.months())
    this.#settleSoon()
  }

  /** Moves every month whose time has come; gives those that moved. */
  async moveDue(): Promise<string[]> {
    const moved: string[] = []
    for (const month of await this.#due()) if (await this.#mover.move(month)) moved.push(month)
    if (!this.#isSwept) await this.#sweep()
    return moved
  }

  /** Rows below the position are being changed, so that what is being moved is worth nothing. */
  noteChange(): void {
    this.#changes += 1
  }

  /** Changes rows in files; call it while nothing else changes rows. Resolves when the store holds nothing of what went. */
  async change(changes: readonly RowChange[]): Promise<void> {
    this.noteChange()
    if (!this.#isSwept) await this.#sweep()
    const { states } = this.#settings
    const ours = changes.filter(({ table }) => TIERED_TABLES.includes(table))
    const gone: string[] = []
    for (const month of states.all()) {
      const changed = await this.#changed(month, ours)
      if (changed === month) continue
      const kept = new Set(changed.files.map(({ key }) => key))
      gone.push(...month.files.map(({ key }) => key).filter((key) => !kept.has(key)))
      if (changed.files.length === 0) gone.push(manifestKey(this.#prefix('warm'), month.month))
      await this.#remember(changed)
    }
    if (gone.length === 0) return
    await states.flush()
    await this.#relations.define(states.all())
    await this.#relations.settle()
    await this.#store.remove(gone)
  }

  /** Has nothing name these feature columns any more, which hold no value. */
  async leaveColumns(slots: readonly number[]): Promise<void> {
    const { states } = this.#settings
    for (const month of states.all()) {
      const features = month.features.filter(({ slot }) => !slots.includes(slot))
      if (features.length !== month.features.length) await this.#remember({ ...month, features })
    }
    await states.flush()
    const leaving = slots.map((slot) => slotColumn(slot).name)
    await this.#relations.define(states.all(), leaving)
    await this.#relations.settle()
  }

  /** Rows of each block that lie in files. */
  blockCounts(): ReadonlyMap<number, number> {
    const counts = new Map<number, number>()
    for (const { files } of this.months()) {
      for (const [block, rows] of files.flatMap((file) => file.blocks))
        counts.set(block, (counts.get(block) ?? 0) + rows)
    }
    return counts
  }

  #changed(month: TierMonth, changes: readonly RowChange[]): Promise<TierMonth> {
    // What is changed may be in a column that no file had yet when the month was moved.
    const features = [
      ...month.features,
      ...this.#asked()
        .features()
        .filter(({ slot }) => !month.features.some((known) => known.slot === slot)),
    ]
    const at = { client: this.#client, store: this.#store, prefix: this.#prefix('warm') }
    return changeMonth(at, month, features, changes, ({ key }, structure) =>
      this.#store.reading(key, structure),
    )
  }

  async #remember(month: TierMonth): Promise<void> {
    const { states } = this.#settings
    if (month.files.length === 0) return states.remove(month.month)
    await this.#store.replace(manifestKey(this.#prefix('warm'), month.month), manifestOf(month))
    states.put(month)
  }

  /** Months in the tables that are over for long enough. */
  async #due(): Promise<string[]> {
    const rows = await this.#client.select<{ partition: string }>(
      `SELECT DISTINCT partition FROM system.parts WHERE database = {p0:String} AND active AND rows > 0
        AND table IN (${TIERED_TABLES.map(({ name }) => `'${name}'`).join()})`,
      { params: { p0: this.#names.tables } },
    )
    const known = new Map(this.months().map((month) => [month.month, month]))
    const now = this.#clock.now()
    return rows
      .flatMap(({ partition }) => monthOfPartition(partition) ?? [])
      .filter((month) => isOlder(month, this.#settings.hotDays, now))
      .filter((month) => {
        const { state, movedAt = -Infinity } = known.get(month) ?? {}
        return state !== 'archived' && movedAt <= now - FOLLOW_MS
      })
      .toSorted()
  }

  async #sweep(): Promise<void> {
    const prefix = this.#prefix('warm')
    const kept = this.months().flatMap(({ archives, files, month, state }) =>
      state === 'archived'
        ? archives.map(({ key }) => key)
        : [manifestKey(prefix, month), ...files.map(({ key }) => key)],
    )
    await this.#store.sweep(new Set(kept))
    this.#isSwept = true
  }

  #settleSoon(): void {
    this.#relations.settle().catch(() => {
      // The next definition finds what is left.
      this.#relations.forget()
    })
  }

  #prefix(tier: 'warm' | 'cold'): string {
    return this.#store.prefix(tier, this.#index)
  }

  #surroundings(): Surroundings {
    const { states, atStep = () => {} } = this.#settings
    return {
      client: this.#client,
      names: this.#names,
      store: this.#store,
      states,
      relations: this.#relations,
      position: () => this.#asked().position(),
      features: () => this.#asked().features(),
      exclusively: (task) => this.#exclusively(task),
      changes: () => this.#changes,
      prefix: (tier) => this.#prefix(tier),
      now: () => this.#clock.now(),
      atStep,
    }
  }

  #asked(): Turns {
    if (!this.#turns) throw new Error('nobody gives turns yet')
    return this.#turns
  }

  async #exclusively<T>(task: () => Promise<T>): Promise<T> {
    let done: { result: T } | undefined
    await this.#asked().exclusively(async () => {
      done = { result: await task() }
    })
    return done!.result
  }
}
