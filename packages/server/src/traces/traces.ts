/**
 * Traces of one ledger on their way to becoming decisions.
 *
 *   take ─▶ wait, durably ─▶ roll up once it seems whole ─▶ decisions, then their spans, in the ledger ─▶ forget
 *
 * Invariants: what `take` answered for is on disk, sealed, until all of its trace is in the ledger, whenever the process dies; rolling a
 * trace up a second time changes nothing, since decisions and spans are known by name; nothing waits longer than its patience but
 * for a ledger that takes nothing.
 *
 * Spans wait outside the ledger because an entry is sealed for good: one that was sealed before it was known whom the decision is about
 * could not be erased with that person.
 */
import { FormatError } from '@deponent/format'
import { systemOf } from '../ingest/otlp/map-span.ts'
import { rollUp } from '../ingest/otlp/roll-up.ts'
import { NotSequencing, Overloaded } from '../ledger/errors.ts'
import type { Clock } from '../platform/clock.ts'
import { ExplainedError } from '../platform/explained-error.ts'
import { reasonOf } from '../platform/failure.ts'
import { SealedJournal, type SealedJournalPlace } from '../vault/sealed-journal.ts'
import type { Arrival } from './arrival.ts'
import { recallTrace } from './recall-trace.ts'
import { type RecordsTraces, recordTrace } from './record-trace.ts'
import { RecordedTraces } from './recorded-traces.ts'
import { type Patience, type WaitingTrace, WaitingTraces } from './waiting-traces.ts'

export interface TracesOptions {
  place: SealedJournalPlace
  clock: Clock
  patience: Patience
  to: RecordsTraces
  /** Why the ledger takes nothing now; undefined when it does. */
  refusal(): Error | undefined
  diagnose(message: string, details?: Record<string, unknown>): void
}

/** Bytes that may wait; beyond half of it the longest waiting go first, beyond all of it senders are asked to come back. */
export const WAITING_BYTES_MAX = 128 * 1024 * 1024
/** How often it is looked whether a trace need wait no longer. */
const LOOK_EVERY_MS = 500
/** What was recorded is gone from the file of what waits after this long. */
const LEFT_BEHIND_MS = 60_000
/** Traces recorded side by side. */
const TOGETHER_MAX = 64
/** After a failure, until it is tried again. */
const RETRY_MS = 2_000

export class Traces {
  readonly #options: TracesOptions
  readonly #journal: SealedJournal | undefined
  readonly #waiting: WaitingTraces
  readonly #recorded = new RecordedTraces()
  /** Since when something recorded is still in the file; undefined for nothing. */
  #leftSince: number | undefined
  /** Whether writing the file anew has not come to its end. */
  #isBehind = false
  #cancel: (() => void) | undefined
  #running: Promise<void> | undefined
  #isClosed = false
  #refused = 0

  private constructor(options: TracesOptions, journal: SealedJournal | undefined) {
    this.#options = options
    this.#journal = journal
    this.#waiting = new WaitingTraces(options.patience)
    // What of it was recorded before the last end comes to nothing when it is recorded again.
    for (const note of journal?.found ?? []) this.#wait(JSON.parse(note) as Arrival, note.length)
  }

  /**
   * Finds what waited when the process ended. A file that cannot be read or written stops telemetry and erasures, which it could keep something from, and
   * nothing else.
   */
  static async open(options: TracesOptions): Promise<Traces> {
    const { place, diagnose } = options
    try {
      const journal = await SealedJournal.open(place)
      // What was read need not be durable: it may be what a failed sync left in memory.
      if (journal.found.length > 0) await journal.rewrite(journal.found)
      return new Traces(options, journal)
    } catch (error) {
      const reason = error instanceof FormatError ? error.code : reasonOf(error)
      diagnose('spans that wait cannot be used, and no more are taken', { file: place.path, reason })
      return new Traces(options, undefined)
    }
  }

  /** From here on what waits is recorded when its time has come. */
  begin(): void {
    if (this.#waiting.size > 0) this.#lookLater(LOOK_EVERY_MS)
  }

  /** How many spans, log records and decisions were taken and then refused by the recorder. */
  get refused(): number {
    return this.#refused
  }

  /** How many traces wait. */
  get waiting(): number {
    return this.#waiting.size
  }

  /**
   * Takes what came; when this resolves it is on disk.
   *
   * @throws NotSequencing when nothing can be taken, Overloaded when too much waits
   */
  async take(arrival: Arrival): Promise<void> {
    const refusal = this.#options.refusal()
    if (refusal) throw refusal
    if (!this.#journal || this.#isClosed) throw new NotSequencing('spans_unkept', 'spans cannot be kept now')
    if (arrival.items.length === 0) return
    const note = JSON.stringify(arrival)
    if (this.#waiting.bytes + note.length > WAITING_BYTES_MAX) throw new Overloaded('too many spans wait')
    // Before it is on disk: whoever writes the file anew writes what waits.
    this.#wait(arrival, note.length)
    try {
      await this.#journal.append([note])
    } catch (error) {
      throw new NotSequencing('write_failed', `spans could not be written: ${reasonOf(error)}`)
    }
    this.#lookLater(LOOK_EVERY_MS)
  }

  /**
   * Lets go of entries that were erased: of whom they were about, in memory, and of them themselves in the file, where they may still stand.
   *
   * @throws when the file cannot be written
   */
  async erase(indices: readonly number[]): Promise<void> {
    if (!this.#journal)
      throw new ExplainedError(
        'the file of spans that wait cannot be used, and may hold what is to be erased',
      )
    // What is being recorded is neither remembered nor waiting.
    while (this.#running) await this.#running
    this.#recorded.erase(new Set(indices))
    const { recorder } = this.#options.to
    const dropped = this.#waiting.drop(
      (kind, item, digest) => recorder.seenTelemetry(kind, systemOf(item), digest)?.state === 'erased',
    )
    if (dropped > 0 || this.#leftSince !== undefined || this.#isBehind) await this.#rewrite()
  }

  /** Drops all that waits, before `begin`. @throws when the file cannot be written */
  async drop(): Promise<void> {
    const { diagnose, place } = this.#options
    const traces = this.#waiting.size
    this.#waiting.drop(() => true)
    if (this.#journal) await this.#rewrite()
    else await place.disk.writeDurably(place.path, new Uint8Array(0), 0o600)
    if (traces > 0 || !this.#journal)
      diagnose('spans that waited are dropped: they may be about people who were erased since', { traces })
  }

  /** Ends what is under way. What waits is found by the next start, and nothing else. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancel?.()
    await this.#running
    if (this.#leftSince !== undefined) await this.#rewriteOrTell()
    await this.#journal?.close().catch(() => undefined)
  }

  #wait(arrival: Arrival, bytes: number): void {
    this.#waiting.add(arrival, bytes, this.#options.clock.monotonicMs())
  }

  /** Never while one runs: what that one took out of what waits is in the file alone until it is recorded. */
  #lookLater(ms: number): void {
    if (this.#cancel || this.#running || this.#isClosed) return
    this.#cancel = this.#options.clock.after(ms, () => {
      this.#cancel = undefined
      this.#running = this.#look().then((delay) => {
        this.#running = undefined
        if (this.#waiting.size > 0 || this.#leftSince !== undefined) this.#lookLater(delay)
      })
    })
  }

  /** Records what need wait no longer; gives the milliseconds after which to look again. */
  async #look(): Promise<number> {
    const { clock } = this.#options
    const isKnown = (key: string, spanId: string): boolean => this.#recorded.knows(key, spanId)
    const due = this.#waiting.takeDue(clock.monotonicMs(), isKnown, WAITING_BYTES_MAX / 2)
    const failed = await this.#recordAll(due)
    if (due.length > failed) this.#leftSince ??= clock.monotonicMs()
    await this.#forget()
    return failed > 0 ? RETRY_MS : LOOK_EVERY_MS
  }

  /** Records some side by side, so that they share commits; gives how many are to wait again. */
  async #recordAll(due: readonly WaitingTrace[]): Promise<number> {
    for (let from = 0; from < due.length; from += TOGETHER_MAX) {
      const together = due.slice(from, from + TOGETHER_MAX)
      const ended = await Promise.allSettled(together.map((trace) => this.#record(trace)))
      const failed = together.filter((_, i) => ended[i]!.status === 'rejected')
      if (failed.length === 0) continue
      const left = [...failed, ...due.slice(from + TOGETHER_MAX)]
      for (const trace of left) this.#waiting.putBack(trace)
      this.#tellWhy(ended.find(({ status }) => status === 'rejected') as PromiseRejectedResult)
      return left.length
    }
    return 0
  }

  #tellWhy({ reason }: PromiseRejectedResult): void {
    if (this.#isClosed) return
    this.#options.diagnose('spans wait, since nothing can be recorded now', { reason: reasonOf(reason) })
  }

  async #record({ key, traceId, spans, logs }: WaitingTrace): Promise<void> {
    if (this.#isClosed) throw new NotSequencing('closed', 'the ledger is being closed')
    const to: RecordsTraces = { ...this.#options.to, onRefused: (code) => this.#refuse(code) }
    const earlier =
      this.#recorded.get(key) ?? (await recallTrace(to, traceId, [...spans.values()], [...logs.values()]))
    const rolled = rollUp([...spans.values()], [...logs.values()], [...earlier.known.values()])
    await recordTrace(to, rolled, earlier)
    if (traceId !== '') this.#recorded.put(key, earlier)
  }

  /** Makes the file hold what waits, and nothing else. */
  async #rewrite(): Promise<void> {
    this.#leftSince = undefined
    this.#isBehind = true
    await this.#journal?.rewrite(this.#waiting.all().map((arrival) => JSON.stringify(arrival)))
    this.#isBehind = false
  }

  #refuse(code: string): void {
    this.#refused += 1
    this.#options.to.onRefused(code)
  }

  /** Takes what was recorded out of the file: at once where nothing else is in it, else now and then. */
  async #forget(): Promise<void> {
    if (this.#leftSince === undefined || this.#isClosed || !this.#journal) return
    const leftMs = this.#options.clock.monotonicMs() - this.#leftSince
    if (this.#waiting.size > 0 && leftMs < LEFT_BEHIND_MS) return
    await this.#rewriteOrTell()
  }

  async #rewriteOrTell(): Promise<void> {
    try {
      await this.#rewrite()
    } catch (error) {
      this.#options.diagnose('spans that were recorded are still in the file of those that wait', {
        reason: reasonOf(error),
      })
    }
  }
}
