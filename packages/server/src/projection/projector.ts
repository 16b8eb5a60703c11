// From the ledger into the index, for ever.
//
// Invariants.
// 1. Every entry below the position has all its rows in the index, exactly once. At or past it anything may be there,
//    and is removed before the next insert (`recover`), after a start as after any failure.
// 2. The position moves only after the engine acknowledged the inserts, and never backwards but in `reindex`.
// 3. One batch is written at a time; the next one is only read ahead. Whatever fails, the batch is prepared anew from the
//    source: nothing half done is carried over.
// 4. A failure of engine or source never loses entries: the projector falls behind, says so, and tries again. Only rows
//    the engine refuses for what they are become findings.

import type { Clock } from '../platform/clock.ts'
import { reasonOf } from '../platform/failure.ts'
import {
  type Batch,
  BATCH_ENTRIES_MAX,
  batchEnd,
  BLOCK_ENTRIES,
  type Preparation,
  prepareBatch,
  STRIDE,
} from './batch.ts'
import { AnswerLost } from './engine/client.ts'
import { type Engine, EngineStopped } from './engine/engine.ts'
import { FieldCatalogue } from './fields.ts'
import { FindingList } from './findings.ts'
import type { FieldRules, PositionStore, ProjectionSource, SealedField, SourceEntry } from './source.ts'
import type { BlockCount } from './block-counts.ts'
import { type IndexStore, RowsRefused } from './store.ts'

/** How long entries gather before they are written. */
const FLUSH_MS = 400
/** How long rows are made without letting others have the thread: nobody's answer waits much longer for it. */
const SLICE_MS = 3
const RETRY_MS_MIN = 100
const RETRY_MS_MAX = 5_000
const CHECK_MS = 60 * 60 * 1000
/** Merges go on for a while after the last write; what they replace is removed meanwhile, this often. */
const TIDY_MS = 3_000
const TIDY_FOR_MS = 60_000
const REJECTIONS_SHOWN = 1_000

export interface ProjectorOptions {
  readonly source: ProjectionSource
  readonly positions: PositionStore
  readonly store: IndexStore
  readonly engine: Engine
  readonly clock: Clock
  /** Asked anew for each batch, so that a change of them is followed from the next one on. */
  readonly rules: () => FieldRules
  /**
   * A field became sealed-only. Called at least once for each, before its values go; must not wait for the projection.
   * When it fails it is called again.
   */
  readonly onFieldSealed: (system: string, field: string) => void | Promise<void>
}

/** Thrown to those who wait when the projector stops. */
export class ProjectorStopped extends Error {
  constructor() {
    super('the projection is stopped')
  }
}

interface Waiter {
  readonly index: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export class Projector {
  readonly #options: ProjectorOptions
  readonly findings = new FindingList()
  #catalogue = new FieldCatalogue([], [], [])
  #running: Promise<void> | undefined
  #stopping = false
  #isOpen = false
  #whenOpen = { resolve: () => {}, reject: (_: Error) => {} }
  /** Rows past the position may be there, or the catalogue ahead of the tables. */
  #dirty = true
  #ahead: { from: number; batch: Promise<Batch> } | undefined
  #refused = new Map<number, string>()
  #waiters: Waiter[] = []
  #tasks: { readonly run: () => Promise<void>; readonly reject: (error: Error) => void }[] = []
  /** Takes values of sealed fields out of the index while batches go on; never rejects. */
  #removing: Promise<void> = Promise.resolve()
  /** Why that failed, until it is made good. */
  #removalFailure: { error: unknown } | undefined
  #wake = () => {}
  #trouble = ''
  #failures = 0
  #nextCheckMs = 0
  #nextTidyMs = 0
  #tidyUntilMs = 0

  constructor(options: ProjectorOptions) {
    this.#options = options
  }

  /**
   * Starts following the source. Resolves when the index is open and at its position; what fails before that is tried
   * again like everything else. @throws ProjectorStopped
   */
  start(): Promise<void> {
    const opened = new Promise<void>((resolve, reject) => {
      this.#whenOpen = { resolve, reject }
    })
    this.#running ??= this.#run()
    return opened
  }

  async stop(): Promise<void> {
    this.#stopping = true
    this.#wake()
    await this.#running
    this.#whenOpen.reject(new ProjectorStopped())
    for (const { reject } of this.#waiters.splice(0)) reject(new ProjectorStopped())
    for (const { reject } of this.#tasks.splice(0)) reject(new ProjectorStopped())
  }

  /** Number of entries in the index. */
  position(): number {
    return this.#options.positions.get()
  }

  /** Entries that are durable and not yet in the index. */
  lag(): number {
    return Math.max(0, this.#options.source.size() - this.position())
  }

  /** What keeps it from going on; '' while it goes on. For operators. */
  trouble(): string {
    return this.#trouble
  }

  catalogue(): FieldCatalogue {
    return this.#catalogue
  }

  /** Resolves when the entry is in the index. @throws ProjectorStopped */
  visible(index: number): Promise<void> {
    if (index < this.position()) return Promise.resolve()
    if (this.#stopping) return Promise.reject(new ProjectorStopped())
    return new Promise((resolve, reject) => this.#waiters.push({ index, resolve, reject }))
  }

  /** Drops the whole index and resolves when every entry known now is in it again. */
  async reindex(): Promise<void> {
    await this.exclusively(async () => {
      await this.#startOver()
      await this.#recover()
    })
    const size = this.#options.source.size()
    if (size > 0) await this.visible(size - 1)
  }

  /** Compares block counts now, writes damaged blocks again and gives their numbers. */
  async check(): Promise<number[]> {
    let damaged: number[] = []
    await this.exclusively(async () => {
      damaged = await this.#repair()
    })
    return damaged
  }

  /**
   * Removes all that the index knows of these entries but that there are such; their payloads are gone already, so that nothing of them
   * is read again. `left` are those among them of which a part is left: it is read and written again. Resolves when the disk holds
   * none of what went. @throws PartsRemain, and what the engine says: then it is to be called again, which does no harm at any time.
   */
  async erase(indices: readonly number[], left: readonly number[] = []): Promise<void> {
    await this.exclusively(async () => {
      // What a failed write left past the position goes first: nothing else would look for it there.
      if (this.#dirty) await this.#recover()
      await this.#forgetAhead()
      this.#dirty = true
      const position = this.position()
      try {
        const { store } = this.#options
        await store.erase(
          indices.filter((index) => index < position),
          this.#catalogue,
        )
      } catch (error) {
        await this.#abandonIfLost(error)
        throw error
      }
      this.findings.forgetRejected(new Set(indices))
      // Reads the catalogue again, and has the views name the features that are left.
      await this.#recover()
      await this.#writeAgain(left.filter((index) => index < position))
    })
  }

  /** Writes entries again of which nothing but that there are such is in the index. */
  async #writeAgain(indices: readonly number[]): Promise<void> {
    if (indices.length === 0) return
    const { store } = this.#options
    this.#dirty = true
    for (let at = 0; at < indices.length; at += BATCH_ENTRIES_MAX) {
      const some = indices.slice(at, at + BATCH_ENTRIES_MAX)
      await store.forgetEntries(some)
      const batch = await prepareBatch(some[0]!, this.#each(some), this.#preparation())
      await store.write(batch)
      await this.#settle(batch)
    }
    await this.#recover()
  }

  async *#each(indices: readonly number[]): AsyncGenerator<readonly SourceEntry[]> {
    for (const index of indices) yield await this.#options.source.read(index, index + 1)
  }

  /** Runs a task between two batches. @throws ProjectorStopped */
  exclusively(task: () => Promise<void>): Promise<void> {
    if (this.#stopping) return Promise.reject(new ProjectorStopped())
    return new Promise((resolve, reject) => {
      this.#tasks.push({ run: () => task().then(resolve, reject), reject })
      this.#wake()
    })
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      try {
        await this.#turn()
        this.#failures = 0
        this.#trouble = ''
      } catch (error) {
        await this.#afterFailure(error)
      }
    }
  }

  async #turn(): Promise<void> {
    const { source, clock } = this.#options
    if (!this.#isOpen) return this.#open()
    this.#meetRemovalFailure()
    const task = this.#tasks.shift()
    if (task) return this.#removing.then(task.run)
    if (this.#dirty) await this.#recover()
    if (!this.followsRules()) return this.#followRules()
    if (clock.monotonicMs() >= this.#nextCheckMs) {
      this.#nextCheckMs = clock.monotonicMs() + CHECK_MS
      await this.#repair()
    }
    await this.#tidy()
    if (this.position() < source.size()) return this.#project()
    await this.#pause(FLUSH_MS)
  }

  /** Whether the index holds nothing that the rules of now keep out of it. */
  followsRules(): boolean {
    return this.#options.positions.rulesVersion() === this.#options.rules().version
  }

  /** Has it look at the rules again. */
  rulesChanged(): void {
    this.#wake()
  }

  /**
   * Takes out what the rules seal now. Crash on the way: the version does not move, and the next turn begins again. What was prepared
   * by older rules is prepared anew.
   */
  async #followRules(): Promise<void> {
    const { positions, rules, store } = this.#options
    const current = rules()
    await this.#recover()
    await store.removeSealed(current, this.#catalogue)
    this.#catalogue = await store.catalogue(positions.sealedFields())
    positions.setRulesVersion(current.version)
    this.#tidyUntilMs = this.#options.clock.monotonicMs() + TIDY_FOR_MS
  }

  async #tidy(): Promise<void> {
    const now = this.#options.clock.monotonicMs()
    if (now < this.#nextTidyMs || this.#nextTidyMs > this.#tidyUntilMs) return
    this.#nextTidyMs = now + TIDY_MS
    await this.#options.store.removeReplacedParts()
  }

  /** Finds out what the index is worth and brings it to the position. */
  async #open(): Promise<void> {
    const { store, positions, source, clock } = this.#options
    // Another index than the position is about: one that was left behind, and missed what was erased since.
    const id = await store.open()
    const isKnown = id !== undefined && id === positions.indexId()
    // Past the end: the ledger is an older copy than the index, which then speaks of entries nobody has.
    if (!isKnown || positions.get() > source.size()) await this.#startOver()
    await this.#recover()
    await this.#repair()
    for (const { index, code } of await store.rejections(REJECTIONS_SHOWN)) this.#noteRejection(index, code)
    this.#nextCheckMs = clock.monotonicMs() + CHECK_MS
    this.#isOpen = true
    this.#whenOpen.resolve()
  }

  /** One batch, from the ledger to a moved position. */
  async #project(): Promise<void> {
    const from = this.position()
    const startedMs = this.#options.clock.monotonicMs()
    // Crash before the position moves: rows may be in the index, and the next start removes them.
    this.#dirty = true
    const batch = await this.#take(from)
    // Only when another whole batch waits already: one cut now would leave out what comes while this one is written.
    if (this.#options.source.size() - batch.to >= BATCH_ENTRIES_MAX) this.#readAhead(batch.to)
    await this.#options.store.write(batch)
    await this.#settle(batch)
    this.#dirty = false
    this.#tidyUntilMs = startedMs + TIDY_FOR_MS
    this.#nextTidyMs = Math.max(this.#nextTidyMs, startedMs)
    this.#advance(batch.to)
    await this.#gather(this.#options.clock.monotonicMs() - startedMs)
  }

  /** Entries are written a few times a second: a part costs the engine the same with ten rows or a thousand. */
  async #gather(spentMs: number): Promise<void> {
    if (this.lag() < BLOCK_ENTRIES / 4 && spentMs < FLUSH_MS) await this.#pause(FLUSH_MS - spentMs)
  }

  #take(from: number): Promise<Batch> {
    const ahead = this.#ahead
    this.#ahead = undefined
    return ahead?.from === from ? ahead.batch : this.#prepare(from)
  }

  /** Reads the next batch while the engine writes this one. */
  #readAhead(from: number): void {
    const batch = this.#prepare(from)
    // A failure is met when the batch is taken; until then nobody listens.
    batch.catch(() => {})
    this.#ahead = { from, batch }
  }

  async #prepare(from: number): Promise<Batch> {
    const to = batchEnd(from, this.#options.source.size())
    return prepareBatch(from, this.#pieces(from, to), this.#preparation())
  }

  /** Every entry of [from, to), a few at a time. */
  async *#pieces(from: number, to: number): AsyncGenerator<readonly SourceEntry[]> {
    for (let at = from; at < to; at += STRIDE) {
      const end = Math.min(at + STRIDE, to)
      const sources = await this.#options.source.read(at, end)
      const whole = sources.length === end - at && sources.every(({ index }, i) => index === at + i)
      if (!whole) throw new Error(`the source gave other entries than [${at}, ${end})`)
      yield sources
    }
  }

  #preparation(): Preparation {
    const { clock } = this.#options
    let heldSinceMs = clock.monotonicMs()
    const breathe = async (): Promise<void> => {
      if (clock.monotonicMs() - heldSinceMs < SLICE_MS) return
      await clock.sleep(0)
      heldSinceMs = clock.monotonicMs()
    }
    return { catalogue: this.#catalogue, refused: this.#refused, rules: this.#options.rules(), breathe }
  }

  /** What follows from a written batch before its entries count as indexed. */
  async #settle({ additions, rejections }: Batch): Promise<void> {
    const { store, positions, onFieldSealed } = this.#options
    for (const sealed of additions.sealed) {
      // Crash after the call and before the field is remembered: it is called again. Never the other way round.
      await onFieldSealed(sealed.system, sealed.field)
      positions.sealField(sealed.system, sealed.field)
      this.#removeSoon(sealed)
    }
    if (additions.slots.length > 0) await store.describe(this.#catalogue)
    for (const system of additions.full) this.#noteFull(system)
    for (const { index, code } of rejections) this.#noteRejection(index, code)
  }

  /**
   * Rewriting what was indexed takes as long as there is much of it, so that nobody waits for it: questions leave the field out from
   * the moment it is sealed. Crash or failure on the way: whatever recovers begins with taking the values out.
   */
  #removeSoon(sealed: SealedField): void {
    const place = this.#catalogue.placeOf(sealed.field)
    this.#removing = this.#removing
      .then(() => this.#options.store.removeField(sealed, place))
      .catch((error: unknown) => {
        this.#removalFailure = { error }
        this.#wake()
      })
  }

  #meetRemovalFailure(): void {
    const failure = this.#removalFailure
    this.#removalFailure = undefined
    if (failure) throw failure.error
  }

  #advance(position: number): void {
    this.#options.positions.set(position)
    for (const index of this.#refused.keys()) if (index < position) this.#refused.delete(index)
    const reached = this.#waiters.filter(({ index }) => index < position)
    this.#waiters = this.#waiters.filter(({ index }) => index >= position)
    for (const { resolve } of reached) resolve()
  }

  async #forgetAhead(): Promise<void> {
    await this.#ahead?.batch.catch(() => {})
    this.#ahead = undefined
  }

  /** Brings index and catalogue back to what the position says. */
  async #recover(): Promise<void> {
    const { store, positions } = this.#options
    this.#dirty = true
    await this.#forgetAhead()
    await this.#removing
    this.#removalFailure = undefined
    await store.rewindTo(positions.get())
    this.#catalogue = await store.catalogue(positions.sealedFields())
    for (const sealed of positions.sealedFields()) {
      await store.removeField(sealed, this.#catalogue.placeOf(sealed.field))
    }
    await store.describe(this.#catalogue)
    this.#dirty = false
  }

  /** Drops the index and begins another. Crash before it is known by its identity: it is begun again. */
  async #startOver(): Promise<void> {
    const { store, positions } = this.#options
    const wasFilled = positions.get() > 0
    positions.beginIndex(await store.clear())
    this.#refused.clear()
    if (!wasFilled) return
    this.findings.add({
      severity: 'info',
      code: 'projection_rebuilt',
      message: 'the index is filled again from the ledger',
    })
  }

  /** Compares every block below the position with what the ledger holds and writes those again that differ. */
  async #repair(): Promise<number[]> {
    await this.#removing
    const position = this.position()
    const counts = new Map(
      (await this.#options.store.blockCounts(position)).map((count) => [count.block, count]),
    )
    const damaged: number[] = []
    for (let block = 0; block * BLOCK_ENTRIES < position; block++) {
      const size = Math.min(BLOCK_ENTRIES, position - block * BLOCK_ENTRIES)
      if (!isWhole(counts.get(block), size)) damaged.push(block)
    }
    for (const block of damaged) await this.#rebuild(block, position)
    // What was read ahead was counted in a catalogue that is gone.
    if (damaged.length > 0) this.#dirty = true
    return damaged
  }

  /** Writes one block again. Crash on the way: the block's count is wrong and it is found again. */
  async #rebuild(block: number, position: number): Promise<void> {
    const { store } = this.#options
    const start = block * BLOCK_ENTRIES
    const end = Math.min(start + BLOCK_ENTRIES, position)
    await store.removeEntries(start, end)
    this.#catalogue = await store.catalogue(this.#options.positions.sealedFields())
    for (let from = start; from < end;) {
      const to = batchEnd(from, end)
      const batch = await prepareBatch(from, this.#pieces(from, to), this.#preparation())
      await store.write(batch)
      await this.#settle(batch)
      from = to
    }
    store.noteChange()
    const message = `entries ${start} to ${end - 1} were written again`
    this.findings.add({ severity: 'gap', code: 'projection_block_rebuilt', index: start, message })
  }

  async #afterFailure(error: unknown): Promise<void> {
    this.#dirty = true
    if (error instanceof EngineStopped) {
      // Without an engine there is nothing to retry with; `stop` ends the loop, a new engine means a new projector.
      this.#trouble = 'the index engine is stopped'
      return this.#pause(RETRY_MS_MAX)
    }
    if (error instanceof RowsRefused) {
      for (const [index, code] of error.refused) this.#refused.set(index, code)
      return
    }
    this.#trouble = reasonOf(error)
    await this.#abandonIfLost(error)
    this.#failures += 1
    await this.#pause(Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** this.#failures))
  }

  /** What was sent and not answered must not go on beside what is tried next. */
  async #abandonIfLost(error: unknown): Promise<void> {
    if (error instanceof AnswerLost) await this.#options.engine.abandon(error.statement).catch(() => {})
  }

  async #pause(ms: number): Promise<void> {
    if (this.#stopping) return
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(ms, resolve)
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
    this.#wake = () => {}
  }

  #noteRejection(index: number, code: string): void {
    this.findings.add({
      severity: 'gap',
      code: 'projection_rejected',
      index,
      message: `entry ${index} could not be indexed: ${code}`,
    })
  }

  #noteFull(system: string): void {
    const message = `system ${JSON.stringify(system)} has more feature names than are indexed`
    this.findings.add({ severity: 'info', code: 'projection_fields_full', message })
  }
}

function isWhole(count: BlockCount | undefined, size: number): boolean {
  return count !== undefined && count.entries === size && count.expected === count.found
}
