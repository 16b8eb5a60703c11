/**
 * The erasures of one ledger: asked for, agreed to, held up, done. They are done one batch after another; what was begun is gone on with at
 * the next start. What fails is tried again in smaller batches, so that one that cannot be done keeps no other waiting.
 */
import { entryIdOf } from '../recording/entry-id.ts'
import { reasonOf } from '../platform/failure.ts'
import { type CanonicalRecord, toHex } from '@deponent/format'
import { type Erasure, type ErasureRequest, type Expiring, isExpiry, isPlanned } from './erasure.ts'
import { eraseAll, type ErasingIn } from './eraser.ts'
import { Failures, RETRY_MS_MIN } from './failures.ts'
import { repeatedErasures } from './repeated.ts'
import { blockedBy, scopesNow } from './standing.ts'

/** So many are done together: their plan is held in memory. */
const BATCH_MAX = 2_000
/** How often names whose time has passed are let go. */
const FORGET_EVERY_MS = 3_600_000
/** So long a start waits for erasures that are repeated; an index that is away must not keep it waiting for ever. */
const REPEATING_MS_MAX = 300_000

/** What an erasure waits for. */
export type WaitingFor = 'approval' | 'hold'

/** An erasure as it stands. */
export interface ErasureStatus {
  readonly erasure: Erasure
  readonly waitingFor?: WaitingFor
  /** Ids of the holds that keep it waiting. */
  readonly holds: readonly string[]
  /** Why it could not be done when that was tried last; it is tried again. */
  readonly failure?: string
}

/** The person who asked for an erasure may not be the one who approves it. */
export class ApprovalRefused extends Error {
  readonly code: 'same_person' | 'not_waiting'

  constructor(code: 'same_person' | 'not_waiting', message: string) {
    super(message)
    this.code = code
  }
}

export interface ErasuresOptions extends ErasingIn {
  /** Whether a second person must agree to what is asked from now on. */
  needsTwoPersons(): boolean
  /** Called whenever holds are found to keep an erasure waiting. */
  delayed(erasure: Erasure, holds: readonly string[]): Promise<void>
  /**
   * Drops what waits to be recorded. Called before erasures are repeated: an older copy of the directory was put back, and what waited in it may be about who
   * was erased since.
   */
  dropWaiting(): Promise<void>
  diagnose(message: string, details?: Record<string, unknown>): void
}

export class Erasures {
  readonly #options: ErasuresOptions
  readonly #held = new Map<string, readonly string[]>()
  readonly #failures = new Failures()
  #running: Promise<void> | undefined
  /** Whether there may be something to do that `#running` has not looked for. */
  #isWanted = false
  #isClosed = false
  #batchMax = BATCH_MAX
  #cancelRetry = (): void => {}
  #cancelForgetting = (): void => {}

  constructor(options: ErasuresOptions) {
    this.#options = options
  }

  /** Takes up what earlier lives left: names that are refused, erasures that were begun, and those a restored directory has forgotten. */
  async begin(): Promise<void> {
    const { dedupe, dropWaiting, entryOf, ledger, register, vault } = this.#options
    for (const erasure of register.all()) dedupe.erase(namesOf(erasure))
    const forgotten = register.forgotten(entryOf)
    // No new record about these people is sealed with a key that is to go, from the first one on.
    vault.releaseKeys([...register.all(), ...forgotten].flatMap(numbersOf))
    if (ledger.refusal) return
    await this.#beginOutside()
    // Before they are in the register: a start that is cut short in between finds them forgotten again.
    if (forgotten.length > 0) await dropWaiting()
    const repeated = await repeatedErasures(this.#options, forgotten)
    await register.repeat(forgotten, repeated)
    if (register.all().length > 0) await register.settle()
    this.#forgetNames()
    this.resume()
    // What was erased before is not shown again: whoever serves this waits, as far as waiting helps.
    if (register.all().some(({ isRepeated, outcome }) => isRepeated && !outcome)) await this.#repeating()
  }

  /** A journal that cannot be made now is made with the first erasure; until then it is taken for lost, which is the safe mistake. */
  async #beginOutside(): Promise<void> {
    const { diagnose, register } = this.#options
    await register.beginOutside().catch((error: unknown) => {
      diagnose('the journal of erasures could not be begun', { reason: reasonOf(error) })
    })
  }

  /** Resolves once nothing is being erased, or after some time. */
  #repeating(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(REPEATING_MS_MAX, resolve)
      void this.settled().then(() => {
        cancel()
        resolve()
      })
    })
  }

  /**
   * Asks for an erasure of what is recorded about a person by now; in the register when this resolves, and done soon after unless it
   * must wait. What is recorded later is sealed under a new key, and not concerned.
   */
  async request(request: ErasureRequest): Promise<ErasureStatus> {
    const { clock, ledger, needsTwoPersons, random, register, vault } = this.#options
    if (ledger.refusal) throw ledger.refusal
    const requestedAt = clock.now()
    const numbers = this.#keysOf(request.scopes)
    // Before it is durable: should that fail, a later request finds both keys.
    vault.releaseKeys(numbers)
    const erasure: Erasure = {
      id: entryIdOf(requestedAt, random.bytes(10)),
      ground: request.ground,
      requestedAt,
      request,
      needsApproval: needsTwoPersons(),
      plan: { seed: toHex(random.bytes(32)), numbers },
    }
    await register.put([erasure])
    this.resume()
    return this.status(erasure.id)!
  }

  /** A second person agrees. @throws ApprovalRefused */
  async approve(id: string, by: CanonicalRecord): Promise<ErasureStatus | undefined> {
    const { register } = this.#options
    const erasure = register.get(id)
    if (!erasure) return undefined
    if (this.status(id)?.waitingFor !== 'approval')
      throw new ApprovalRefused('not_waiting', 'this erasure does not wait for anybody to agree')
    if (erasure.request?.by.id === by.id)
      throw new ApprovalRefused(
        'same_person',
        'whoever asked for an erasure cannot be the one who agrees to it',
      )
    await register.put([{ ...erasure, approvedBy: by }])
    this.resume()
    return this.status(id)
  }

  status(id: string): ErasureStatus | undefined {
    const erasure = this.#options.register.get(id)
    if (!erasure || isExpiry(erasure)) return undefined
    const holds = this.#held.get(id) ?? []
    const waitingFor = waitingOf(erasure, holds)
    const failure = this.#failures.of(id)
    return { erasure, holds, ...(waitingFor && { waitingFor }), ...(failure !== undefined && { failure }) }
  }

  /** All that were asked for, the latest first. */
  all(): ErasureStatus[] {
    const asked = this.#options.register.all().filter((erasure) => !isExpiry(erasure))
    const erasures = asked.toSorted((a, b) => b.requestedAt - a.requestedAt)
    return erasures.map(({ id }) => this.status(id)!)
  }

  /** Those asked for and not completed about a person, by any of their scopes. */
  pendingFor(scopes: readonly string[]): ErasureStatus[] {
    return this.all().filter(
      ({ erasure: { outcome, request } }) =>
        !outcome && scopesNow(this.#options.people, request).some((scope) => scopes.includes(scope)),
    )
  }

  /** Scopes of people whose erasure waits for a hold. */
  heldScopes(): string[] {
    const { people, register } = this.#options
    return [...this.#held.keys()].flatMap((id) => scopesNow(people, register.get(id)?.request))
  }

  /**
   * Erases entries whose time is over, in sets; each is planned as it comes. Gives the ids of those that could not be done now: they are
   * tried again.
   */
  async expire(planned: readonly Expiring[]): Promise<string[]> {
    const { ledger, register } = this.#options
    if (ledger.refusal) throw ledger.refusal
    await register.put(planned)
    this.resume()
    await this.settled()
    return planned.flatMap(({ id }) => (register.get(id) ? [id] : []))
  }

  /** Indices of all that is written down to be erased and is not yet. */
  pendingIndices(): Set<number> {
    const open = this.#options.register.all().filter((erasure) => !erasure.outcome)
    return new Set(open.flatMap(({ plan }) => plan?.indices ?? []))
  }

  /** Goes on with whatever can be gone on with: after a request, an approval, the release of a hold. */
  resume(): void {
    this.#cancelRetry()
    this.#isWanted = true
    this.#running ??= this.#run()
  }

  /** Resolves once nothing is being erased. */
  async settled(): Promise<void> {
    while (this.#running) await this.#running
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelRetry()
    this.#cancelForgetting()
    await this.settled()
    await this.#options.register.close()
  }

  /**
   * The living keys of a person, but those that are sure to go. Of one that waits they are not: whatever it waits for, what is asked
   * for now is not done before these are gone.
   */
  #keysOf(scopes: readonly string[]): number[] {
    const { register, vault } = this.#options
    const going = new Set(
      register.all().flatMap((erasure) => (isPlanned(erasure) && !erasure.outcome ? numbersOf(erasure) : [])),
    )
    const numbers = new Set(scopes.flatMap((scope) => vault.keysOf(Buffer.from(scope, 'hex'))))
    return [...numbers].filter((number) => !going.has(number))
  }

  async #run(): Promise<void> {
    try {
      while (this.#isWanted) {
        this.#isWanted = false
        await this.#erase()
      }
    } finally {
      // Not a moment after the loop: what is wanted in between would be forgotten.
      this.#running = undefined
    }
  }

  /** Does all that can be done now, or as much as goes well. */
  async #erase(): Promise<void> {
    const { clock, diagnose, ledger } = this.#options
    let batch: readonly Erasure[]
    let retryIn: number | undefined
    do {
      batch = []
      try {
        if (!this.#isClosed && !ledger.refusal) batch = await this.#ready()
        if (batch.length > 0) await eraseAll(this.#options, batch)
        this.#failures.over(batch)
        this.#batchMax = Math.min(BATCH_MAX, this.#batchMax * 2)
      } catch (error) {
        const reason = reasonOf(error)
        diagnose('an erasure did not come to its end and is tried again', { reason })
        this.#failures.add(batch, reason, clock.now())
        this.#batchMax = Math.ceil(batch.length / 2) || 1
        // What fails with a single one may fail with every other: they are not tried one after another at once.
        if (batch.length <= 1) retryIn = RETRY_MS_MIN
      }
    } while (batch.length > 0 && retryIn === undefined)
    retryIn ??= this.#failures.nextIn(clock.now())
    if (retryIn !== undefined && !this.#isClosed)
      this.#cancelRetry = clock.after(retryIn, () => this.resume())
  }

  /** What may be done now: agreed to, and not held; of what failed before, as many as failed as often. What was begun is never held up again. */
  async #ready(): Promise<Erasure[]> {
    const { clock, delayed, holds, register } = this.#options
    const ready: Erasure[] = []
    const open = register.all().filter((erasure) => !erasure.outcome && !awaitsApproval(erasure))
    for (const erasure of this.#failures.fewestFirst(open, clock.now())) {
      if (ready.length === this.#batchMax) break
      if (ready.length > 0 && !this.#failures.isAlike(ready[0]!, erasure)) break
      const blocking = isPlanned(erasure) || !holds.any() ? [] : await blockedBy(this.#options, erasure)
      if (blocking.length > 0) {
        this.#held.set(erasure.id, blocking)
        this.#failures.over([erasure])
        await delayed(erasure, blocking)
      } else {
        this.#held.delete(erasure.id)
        ready.push(erasure)
      }
    }
    return ready
  }

  /** Lets go of names whose time has passed, now and every hour. */
  #forgetNames(): void {
    const { clock, dedupe, diagnose, register } = this.#options
    this.#cancelForgetting = clock.after(FORGET_EVERY_MS, () => this.#forgetNames())
    const over = register
      .all()
      .filter(
        ({ outcome, names }) => outcome && names && names.length > 0 && outcome.replayUntil <= clock.now(),
      )
    if (over.length === 0) return
    for (const { names } of over) dedupe.forgetErased(names!)
    const forgotten = over.map(({ names: _, ...rest }): Erasure => rest)
    register
      .put(forgotten)
      .then(() => register.settle())
      .catch((error: unknown) =>
        diagnose('names of erased records could not be let go', { reason: reasonOf(error) }),
      )
  }
}

function waitingOf(erasure: Erasure, holds: readonly string[]): WaitingFor | undefined {
  if (erasure.outcome) return undefined
  if (awaitsApproval(erasure)) return 'approval'
  return holds.length > 0 ? 'hold' : undefined
}

function awaitsApproval({ needsApproval, approvedBy }: Erasure): boolean {
  return needsApproval && !approvedBy
}

function namesOf({ names, plan }: Erasure): Erasure['names'] & object {
  return names ?? plan?.names ?? []
}

function numbersOf(erasure: Erasure | { numbers: readonly number[] }): readonly number[] {
  return 'numbers' in erasure ? erasure.numbers : (erasure.plan?.numbers ?? [])
}
