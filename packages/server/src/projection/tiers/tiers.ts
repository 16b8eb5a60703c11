// The months of an index whose rows lie in files: moved there when they are over, read with the rest, changed where something goes,
// archived later, and brought back when somebody asks for them.
//
// Invariants.
// 1. What is remembered of a month (tier-month.ts) decides what questions read; the tables and the objects follow.
// 2. Months change only while nobody else changes rows: moving waits for its turn in the projector, and changes are made by the projector.
// 3. Nothing that an index before this one put into the store outlives the start of this one; an erasure is not done before that.

import type { Clock } from '../../platform/clock.ts'
import type { IndexClient } from '../engine/client.ts'
import type { FieldSlot } from '../fields.ts'
import { DECISIONS, type Names, slotColumn, TIERED_TABLES } from '../schema.ts'
import { Archiver } from './archiving.ts'
import { changedMonth, type Changing, tell } from './changing.ts'
import { isForArchive, monthsDue } from './due.ts'
import { objectsOf } from './keys.ts'
import { Mover, type MoveStep, type Surroundings } from './moving.ts'
import { Readers } from './readers.ts'
import { Relations } from './relations.ts'
import { Remains } from './remains.ts'
import { type Restoration, Restoring } from './restoring.ts'
import type { RowChange } from './row-change.ts'
import { rowsIn, spanOf, type TierMonth, type TierStates } from './tier-month.ts'
import { type TierPlace, TierStore } from './tier-store.ts'
import { UnreadableFiles } from './unreadable-files.ts'

export interface TierSettings extends TierPlace {
  readonly states: TierStates
  /** Whether objects may be written and removed; a copy of a ledger that takes no entries only reads those of the original. */
  readonly isOwner: boolean
  /** A month moves to files when all of it is further back than this; Infinity for never. */
  readonly hotDays: number
  /** Its files are archived when all of it is further back than this; Infinity for never. */
  readonly warmDays: number
  /** Called on the way of a move, for tests of what is left when it ends there. */
  atStep?(step: MoveStep, month: string): void | Promise<void>
}

/** What the projector does for moving. */
export interface Turns {
  position(): number
  features(): readonly FieldSlot[]
  /** Runs a task between two batches. */
  exclusively(task: () => Promise<void>): Promise<void>
}

/** Objects of another server would be changed. */
class NotOwner extends Error {
  constructor() {
    super('months in a store are changed by a server whose ledger takes entries')
  }
}

export class Tiers {
  readonly #readers = new Readers()
  readonly #settings: TierSettings
  readonly #client: IndexClient
  readonly #names: Names
  readonly #clock: Clock
  readonly #store: TierStore
  readonly #relations: Relations
  readonly #unreadable: UnreadableFiles
  readonly #remains: Remains
  readonly #archiver: Archiver
  readonly #mover: Mover
  readonly #restoring: Restoring
  #turns: Turns | undefined
  #index = ''
  #changes = 0
  /** One thing at a time is done with months; those that wait do so here. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(settings: TierSettings, client: IndexClient, names: Names, clock: Clock) {
    this.#settings = settings
    this.#client = client
    this.#names = names
    this.#clock = clock
    this.#store = new TierStore(settings)
    this.#relations = new Relations(client, names, this.#store, this.#readers)
    this.#unreadable = new UnreadableFiles(this.#store, () => this.months())
    this.#remains = new Remains(client, names)
    const surroundings = this.#surroundings()
    this.#archiver = new Archiver({ ...surroundings, remains: this.#remains })
    this.#mover = new Mover(surroundings)
    this.#restoring = new Restoring(settings.states, this.#archiver, (task) => this.#inTurn(task))
  }

  /** Whom it asks for turns; before anything is moved. */
  take(turns: Turns): void {
    this.#turns = turns
  }

  /** Days after which months move to files; Infinity for never. */
  get hotDays(): number {
    return this.#settings.hotDays
  }

  /** Days after which they are archived; Infinity for never. */
  get warmDays(): number {
    return this.#settings.warmDays
  }

  months(): TierMonth[] {
    return this.#settings.states.all()
  }

  /** Months whose files are read, and their decisions. */
  spans(): { from: number; to: number; rows: number }[] {
    return this.months()
      .filter(({ state }) => state !== 'archived')
      .map((month) => ({ ...spanOf(month.month), rows: rowsIn(month, DECISIONS.name) }))
  }

  /** Months that nobody reads, and their decisions. */
  archived(): { from: number; to: number; decisions: number }[] {
    return this.months()
      .filter(({ state }) => state === 'archived')
      .map((month) => ({ ...spanOf(month.month), decisions: rowsIn(month, DECISIONS.name) }))
  }

  restoration(): Restoration | undefined {
    return this.#restoring.status
  }

  /** Asks a question, of which nothing it may read is taken away. @throws MonthsUnreadable when files are missing or cannot be read */
  async read<T>(question: () => Promise<T>): Promise<T> {
    this.#unreadable.refuseMissing()
    try {
      return await this.#readers.run(question)
    } catch (error) {
      throw await this.#unreadable.reasonOf(error)
    }
  }

  /** Goes on with the files of this index; `isNew`: it has none, and those of others go. */
  async open(index: string, isNew = false): Promise<void> {
    this.#index = index
    this.#relations.forget()
    await this.#store.emptyScratch()
    const { states } = this.#settings
    states.setSwept(false)
    if (isNew) {
      for (const { month } of states.all()) states.remove(month)
      await states.flush()
    }
    await this.#remains.open(this.#archivedNames())
    await this.define()
    // First: no row leaves a table for a file that is not there.
    if (this.#store.isDirectory) await this.damaged()
    for (const month of this.months()) if (this.#isLeft(month)) await this.#mover.finish(month)
    // A store that is away keeps nobody from opening the index; what is to be erased waits for it.
    await this.#sweep().catch(() => {})
  }

  /** Makes questions read every column that the tables have now. */
  async define(): Promise<void> {
    await this.#relations.define(this.months())
    this.#relations.settle().catch(() => {
      // The next definition finds what is left.
      this.#relations.forget()
    })
  }

  /** Moves and archives every month whose time has come; gives those that moved. */
  moveDue(): Promise<string[]> {
    return this.#inTurn(async () => {
      const { hotDays, isOwner, states } = this.#settings
      const moved = await this.#resume()
      const now = this.#clock.now()
      const due = isOwner ? await monthsDue(this.#client, this.#names, this.months(), hotDays, now) : []
      if (due.length > 0 || this.months().some((month) => this.#isForArchive(month))) {
        // Whoever is interrupted leaves objects that no month names.
        states.setSwept(false)
        await states.flush()
      }
      for (const month of due) if (await this.#mover.move(month)) moved.push(month)
      for (const month of this.months()) if (this.#isForArchive(month)) await this.#archiver.archive(month)
      // Not while rows are changed: what is put then is remembered a moment later.
      if (isOwner && !states.isSwept()) await this.#exclusively(() => this.#sweep())
      return moved
    })
  }

  /** Moves months to their end that were left on the way, and gives them. */
  async #resume(): Promise<string[]> {
    if (!this.months().some((month) => this.#isLeft(month))) return []
    return this.#exclusively(async () => {
      const left = this.months().filter((month) => this.#isLeft(month))
      for (const month of left) await this.#mover.finish(month)
      return left.map(({ month }) => month)
    })
  }

  #isLeft({ month, state }: TierMonth): boolean {
    return state === 'switching' && !this.#unreadable.isMissing(month)
  }

  /** Begins to bring months of [from, to] back until a time, Unix milliseconds; those that are not archived stay until then. */
  restore(from: string, to: string, untilMs: number): Restoration {
    if (!this.#settings.isOwner) throw new NotOwner()
    return this.#restoring.begin(from, to, untilMs)
  }

  /** Lets months of [from, to] that were brought back be archived again. */
  release(from: string, to: string): void {
    this.#restoring.release(from, to)
  }

  /** Rows below the position are being changed, so that what is being moved is worth nothing. */
  noteChange(): void {
    this.#changes += 1
  }

  /**
   * Changes rows in files, `all` in archives too, where nobody has looked for them; call it while nothing else changes rows. Resolves
   * when the store holds nothing of what went.
   */
  async change(changes: readonly RowChange[], all: readonly RowChange[]): Promise<void> {
    this.noteChange()
    // Also of one that fails: what a move has put meanwhile may have been swept.
    await this.#change(changes, all).finally(() => this.noteChange())
  }

  async #change(changes: readonly RowChange[], all: readonly RowChange[]): Promise<void> {
    const { isOwner, states } = this.#settings
    await this.#remains.removeOthers(this.#archivedNames())
    if (isOwner && !states.isSwept()) {
      await this.#settle()
      await this.#sweep()
    }
    const isOurs = ({ table }: RowChange): boolean => TIERED_TABLES.includes(table)
    let isChanged = false
    for (const month of states.all()) {
      const wanted = (isOwner && month.state === 'archived' ? all : changes).filter(isOurs)
      if (wanted.length === 0) continue
      if (!isOwner) throw new NotOwner()
      // Until old objects are gone, those in between among them: whoever is interrupted before sweeps first.
      states.setSwept(false)
      const changed = await changedMonth(this.#changing(), month, wanted)
      isChanged ||= changed !== month
    }
    if (!isChanged) return states.setSwept(isOwner)
    await this.#settle()
    await this.#sweep()
  }

  /** Resolves when questions read what is remembered, and nobody reads anything else. */
  async #settle(): Promise<void> {
    await this.#relations.define(this.months())
    await this.#relations.settle()
  }

  /** Has nothing name these feature columns any more, which hold no value. */
  async leaveColumns(slots: readonly number[]): Promise<void> {
    const { states } = this.#settings
    for (const month of states.all()) {
      const features = month.features.filter(({ slot }) => !slots.includes(slot))
      if (features.length === month.features.length) continue
      await tell(this.#changing(), { ...month, features })
      states.put({ ...month, features })
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

  /** Months of which an object is not there as it was put. */
  damaged(): Promise<string[]> {
    return this.#unreadable.look()
  }

  #archivedNames(): string[] {
    return this.months().flatMap(({ month, state }) => (state === 'archived' ? [month] : []))
  }

  #isForArchive(month: TierMonth): boolean {
    const { isOwner, warmDays } = this.#settings
    return isOwner && isForArchive(month, warmDays, this.#clock.now())
  }

  async #sweep(): Promise<void> {
    if (!this.#settings.isOwner) throw new NotOwner()
    await this.#store.sweep(new Set(this.months().flatMap((month) => this.#objectsOf(month))))
    this.#settings.states.setSwept(true)
  }

  #objectsOf(month: TierMonth): string[] {
    return objectsOf((tier) => this.#prefix(tier), month)
  }

  #prefix(tier: 'warm' | 'cold'): string {
    return this.#store.prefix(tier, this.#index)
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(task)
    this.#last = turn.catch(() => {
      // What it put may be nobody's.
      this.#settings.states.setSwept(false)
    })
    return turn
  }

  #changing(): Changing {
    return {
      client: this.#client,
      store: this.#store,
      archiver: this.#archiver,
      remains: this.#remains,
      features: () => this.#asked().features(),
      takeNumber: () => this.#settings.states.takeNumber(),
      remember: (month) => this.#remember(month),
      prefix: (tier) => this.#prefix(tier),
    }
  }

  async #remember(month: TierMonth): Promise<void> {
    const { states } = this.#settings
    if (month.files.length === 0) states.remove(month.month)
    else states.put(month)
    await states.flush()
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
