/**
 * Deletes the content of records whose time is over.
 *
 * Invariants:
 * - Nothing goes by settings whose plan nobody has agreed to.
 * - The index says where to look, the record itself whether its time is over. What it lacks is found at the next run after it was mended.
 * - What a hold covers, or processing of which is restricted, stays: holds are asked in the moment before a set is written down. From
 *   then on nothing takes it back, and it is gone on with at the next start as erasures are.
 */
import type { Actor } from '../access/actor.ts'
import { SERVER } from '../access/actor.ts'
import { REPLAY_DAYS } from '../erasure/erasure.ts'
import type { Erasures } from '../erasure/erasures.ts'
import { type Gathered, gatherEach, type GatheringFrom } from '../erasure/gather.ts'
import type { HeldBy } from '../erasure/held.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Clock } from '../platform/clock.ts'
import { reasonOf } from '../platform/failure.ts'
import type { Random } from '../platform/random.ts'
import type { Dedupe } from '../recording/dedupe.ts'
import { entryIdOf } from '../recording/entry-id.ts'
import { cutoffOf } from '../retention/cutoff.ts'
import { dueOf } from '../retention/due.ts'
import type { RetentionControl } from '../retention/retention-control.ts'
import { expires } from './kinds.ts'
import { type DueIndex, planOf, type RetentionPlan } from './plan.ts'
import type { RetentionRun, RunRegister } from './run-register.ts'
import { type DueEntry, setsOf } from './sets.ts'

const DAY_MS = 86_400_000
/** Entries looked at together: as many as the index takes out in one statement. */
const AT_ONCE = 16_384
/** How often it is looked whether a day has begun. */
const LOOK_MS = 600_000
/** A start has other things to do first. */
const FIRST_LOOK_MS = 60_000

/** Why a run was not begun. */
export class RunRefused extends Error {
  readonly code: 'retention_unset' | 'plan_unconfirmed' | 'plan_changed' | 'run_underway'

  constructor(code: RunRefused['code'], message: string) {
    super(message)
    this.code = code
  }
}

export interface ExpiryOptions extends GatheringFrom {
  clock: Clock
  random: Random
  control: RetentionControl
  ledger: GatheringFrom['ledger'] & Pick<Ledger, 'origin' | 'refusal'>
  erasures: Pick<Erasures, 'expire' | 'pendingIndices'>
  dedupe: Pick<Dedupe, 'forgetExpired'>
  index: DueIndex
  holds: HeldBy
  /** Whether processing of an entry is restricted. */
  isRestricted(index: number): Promise<boolean>
  runs: RunRegister
  diagnose(message: string, details?: Record<string, unknown>): void
}

export class Expiry {
  readonly #options: ExpiryOptions
  #running: Promise<void> | undefined
  #isClosed = false
  #cancelLook = (): void => {}

  constructor(options: ExpiryOptions) {
    this.#options = options
  }

  /** From here on what is due goes by schedule. */
  begin(): void {
    this.#lookIn(FIRST_LOOK_MS)
  }

  /** What would go now. */
  plan(): Promise<RetentionPlan> {
    const { clock, control, index, ledger, systems } = this.#options
    return planOf({
      origin: ledger.origin,
      settings: control.settings,
      systems: systems.all().map(({ name }) => name),
      index,
      now: clock.now(),
    })
  }

  runs(): readonly RetentionRun[] {
    return this.#options.runs.all()
  }

  /**
   * Begins a run; resolves when it has begun. The first by settings as they are takes the digest of a plan that was seen, which then
   * counts as agreed to. @throws RunRefused
   */
  async run(by: Actor, reason: string, planDigest?: string): Promise<RetentionRun> {
    const { control, ledger } = this.#options
    if (ledger.refusal) throw ledger.refusal
    if (this.#running) throw new RunRefused('run_underway', 'a run is under way')
    if (!control.isSet) throw new RunRefused('retention_unset', 'no system has a retention policy')
    const plan = await this.plan()
    if (planDigest === undefined && !control.isConfirmed)
      throw new RunRefused(
        'plan_unconfirmed',
        'nobody has agreed to a plan by these settings yet: look at the plan, and send its digest',
      )
    if (planDigest !== undefined && planDigest !== plan.digest)
      throw new RunRefused('plan_changed', 'what is due is not what it was when that plan was made')
    if (planDigest !== undefined) await control.confirm(planDigest, plan, reason, by)
    return this.#start(by, plan.digest)
  }

  /** Resolves once nothing is being deleted. */
  async settled(): Promise<void> {
    while (this.#running) await this.#running
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelLook()
    await this.settled()
  }

  #lookIn(ms: number): void {
    this.#cancelLook = this.#options.clock.after(ms, () => {
      void this.#look().finally(() => {
        if (!this.#isClosed) this.#lookIn(LOOK_MS)
      })
    })
  }

  /** Begins the run of the day, if there is to be one and there was none. */
  async #look(): Promise<void> {
    const { clock, control, diagnose, ledger, runs } = this.#options
    if (!control.isConfirmed || control.settings.schedule !== 'daily' || ledger.refusal) return
    const today = Math.floor(clock.now() / DAY_MS)
    if (this.#running || runs.all().some(({ startedAt }) => Math.floor(startedAt / DAY_MS) >= today)) return
    try {
      this.#start(SERVER, (await this.plan()).digest)
    } catch (error) {
      diagnose('what is due by the retention could not be looked for', { reason: reasonOf(error) })
    }
  }

  #start(by: Actor, planDigest: string): RetentionRun {
    const { clock, control, random, runs } = this.#options
    if (this.#running) throw new RunRefused('run_underway', 'a run is under way')
    const startedAt = clock.now()
    const run: RetentionRun = {
      runId: entryIdOf(startedAt, random.bytes(10)),
      startedAt,
      by: by.id,
      version: control.settings.version,
      planDigest,
      expired: 0,
      held: 0,
      restricted: 0,
      unfinished: 0,
    }
    runs.put(run)
    this.#running = this.#toEnd(run).finally(() => {
      this.#running = undefined
    })
    return run
  }

  async #toEnd(run: RetentionRun): Promise<void> {
    const { clock, control, dedupe, diagnose, runs, systems } = this.#options
    const progress = { ...run }
    let failure: string | undefined
    try {
      dedupe.forgetExpired(Math.floor(clock.now() / DAY_MS) - REPLAY_DAYS)
      for (const { name } of systems.all()) {
        const before = cutoffOf(control.settings, name, clock.now())
        if (before !== undefined) await this.#expireOf(name, before, progress)
      }
    } catch (error) {
      failure = reasonOf(error)
      diagnose('a run of the retention did not come to its end', { reason: failure })
    }
    runs.put({ ...progress, endedAt: clock.now(), ...(failure !== undefined && { failure }) })
  }

  /** Deletes what a system has from before a time, as much at once as the index takes. */
  async #expireOf(system: string, before: number, progress: Counted): Promise<void> {
    const { control, index, runs } = this.#options
    let from = 0
    while (!this.#isClosed && control.settings.version === progress.version) {
      const indices = await index.find({ system, before }, from, AT_ONCE)
      if (indices.length === 0) return
      from = indices.at(-1)! + 1
      await this.#expire(indices, progress)
      runs.put({ ...progress })
    }
  }

  async #expire(indices: readonly number[], progress: Counted): Promise<void> {
    const { erasures } = this.#options
    const due = await this.#dueAmong(await gatherEach(this.#options, indices), progress)
    // From here to the writing down nothing else gets the thread: a hold that was placed by now is seen.
    const free = this.#free(due, progress)
    const { planDigest, version } = progress
    const sets = setsOf(free, { policyVersion: version, planDigest }, this.#options)
    if (sets.length === 0) return
    const open = new Set(await erasures.expire(sets))
    for (const { id, plan } of sets) {
      if (open.has(id)) progress.unfinished += plan.indices.length
      else progress.expired += plan.indices.length
    }
  }

  /** Those whose own time is over, and processing of which is not restricted. */
  async #dueAmong(entries: readonly Gathered[], progress: Counted): Promise<DueEntry[]> {
    const { clock, control, isRestricted } = this.#options
    const due: DueEntry[] = []
    for (const entry of entries) {
      if (!expires(entry.kind)) continue
      const found = dueOf(control.settings, entry.system, entry.at)
      if (found.state !== 'until' || found.at > clock.now()) continue
      if (await isRestricted(entry.index)) progress.restricted += 1
      else due.push({ entry, policy: found.policy })
    }
    return due
  }

  /** Without what a hold covers, and what an erasure has written down already. */
  #free(due: readonly DueEntry[], progress: Counted): DueEntry[] {
    const { erasures, holds } = this.#options
    const going = erasures.pendingIndices()
    const free = due.filter(({ entry }) => !going.has(entry.index))
    if (!holds.any()) return free
    const notHeld = free.filter(({ entry }) => holds.over(entry.people, [entry]).length === 0)
    progress.held += free.length - notHeld.length
    return notHeld
  }
}

/** A run while it counts. */
type Counted = { -readonly [Member in keyof RetentionRun]: RetentionRun[Member] }
