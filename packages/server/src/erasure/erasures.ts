/**
 * The erasures of one ledger: asked for, agreed to, held up, done. They are done one batch after another; what fails is tried again, and what was
 * begun is gone on with at the next start.
 */
import { entryIdOf } from '../recording/entry-id.ts'
import { reasonOf } from '../platform/failure.ts'
import { type CanonicalRecord, toHex } from '@deponent/format'
import type { Erasure, ErasureRequest } from './erasure.ts'
import { eraseAll, type ErasingIn, isPlanned } from './eraser.ts'
import { blockedBy, type HeldBy } from './held.ts'

/** So many are done together: their plan is held in memory. */
const BATCH_MAX = 2_000
const RETRY_MS_MIN = 1_000
const RETRY_MS_MAX = 60_000
/** How often names whose time has passed are let go. */
const FORGET_EVERY_MS = 3_600_000

/** What an erasure waits for. */
export type WaitingFor = 'approval' | 'hold'

/** An erasure as it stands. */
export interface ErasureStatus {
  readonly erasure: Erasure
  readonly waitingFor?: WaitingFor
  /** Ids of the holds that keep it waiting. */
  readonly holds: readonly string[]
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
  /** Holds that keep entries from being erased. */
  holds: HeldBy
  /** Called whenever holds are found to keep an erasure waiting. */
  delayed(erasure: Erasure, holds: readonly string[]): Promise<void>
  diagnose(message: string, details?: Record<string, unknown>): void
}

export class Erasures {
  readonly #options: ErasuresOptions
  readonly #held = new Map<string, readonly string[]>()
  /** Numbers of the keys that erasures are about. */
  readonly #claimed = new Set<number>()
  #running: Promise<void> | undefined
  #isClosed = false
  #failures = 0
  #cancelRetry = (): void => {}
  #cancelForgetting = (): void => {}

  constructor(options: ErasuresOptions) {
    this.#options = options
  }

  /** Takes up what earlier lives left: names that are refused, erasures that were begun, and those a restored directory has forgotten. */
  async begin(): Promise<void> {
    const { clock, ledger, random, register, dedupe, vault } = this.#options
    for (const erasure of register.all()) dedupe.erase(namesOf(erasure))
    // No new record about these people is sealed with a key that is to go, from the first one on.
    const begun = [...register.all(), ...register.forgotten()].flatMap(numbersOf)
    for (const number of begun) this.#claimed.add(number)
    vault.releaseKeys(begun)
    if (ledger.refusal) return
    const forgotten = register
      .forgotten()
      .map(({ id, numbers }) => restored(id, numbers, clock.now(), toHex(random.bytes(32))))
    if (forgotten.length > 0) await register.put(forgotten)
    if (register.all().length > 0) await register.settle()
    this.#forgetNames()
    this.resume()
  }

  /**
   * Asks for an erasure of what is recorded about a person by now; in the register when this resolves, and done soon after unless it
   * must wait. What is recorded later is sealed under a new key, and not concerned.
   */
  async request(request: ErasureRequest): Promise<ErasureStatus> {
    const { clock, ledger, needsTwoPersons, random, register, vault } = this.#options
    if (ledger.refusal) throw ledger.refusal
    const requestedAt = clock.now()
    const numbers = this.#claimKeysOf(request.scopes)
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
    if (!erasure) return undefined
    const holds = this.#held.get(id) ?? []
    const waitingFor = erasure.outcome
      ? undefined
      : awaitsApproval(erasure)
        ? 'approval'
        : holds.length > 0
          ? 'hold'
          : undefined
    return { erasure, holds, ...(waitingFor && { waitingFor }) }
  }

  /** All of them, the latest first. */
  all(): ErasureStatus[] {
    const erasures = this.#options.register.all().toSorted((a, b) => b.requestedAt - a.requestedAt)
    return erasures.map(({ id }) => this.status(id)!)
  }

  /** Those asked for and not completed about a person, by any of their scopes. */
  pendingFor(scopes: readonly string[]): ErasureStatus[] {
    return this.all().filter(
      ({ erasure: { outcome, request } }) =>
        !outcome && request?.scopes.some((scope) => scopes.includes(scope)),
    )
  }

  /** Scopes of people whose erasure waits for a hold. */
  heldScopes(): string[] {
    return [...this.#held.keys()].flatMap((id) => this.#options.register.get(id)?.request?.scopes ?? [])
  }

  /** Goes on with whatever can be gone on with: after a request, an approval, the release of a hold. */
  resume(): void {
    this.#cancelRetry()
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
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

  /** Keys of a person that no other erasure is about; they are this one's from here on. */
  #claimKeysOf(scopes: readonly string[]): number[] {
    const { vault } = this.#options
    const numbers = new Set(scopes.flatMap((scope) => vault.keysOf(Buffer.from(scope, 'hex'))))
    const free = [...numbers].filter((number) => !this.#claimed.has(number))
    for (const number of free) this.#claimed.add(number)
    return free
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        const batch = this.#isClosed || this.#options.ledger.refusal ? [] : await this.#ready()
        if (batch.length === 0) return
        await eraseAll(this.#options, batch)
        this.#failures = 0
      }
    } catch (error) {
      this.#failures += 1
      this.#options.diagnose('an erasure did not come to its end and is tried again', {
        reason: reasonOf(error),
      })
      const delay = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** (this.#failures - 1))
      if (!this.#isClosed) this.#cancelRetry = this.#options.clock.after(delay, () => this.resume())
    }
  }

  /** What may be done now: agreed to, and not held. What was begun is never held up again. */
  async #ready(): Promise<Erasure[]> {
    const { delayed, holds, register } = this.#options
    const ready: Erasure[] = []
    for (const erasure of register.all()) {
      if (ready.length === BATCH_MAX) break
      if (erasure.outcome || awaitsApproval(erasure)) continue
      const blocking =
        isPlanned(erasure) || !holds.any() ? [] : await blockedBy(this.#options, holds, erasure)
      if (blocking.length > 0) {
        this.#held.set(erasure.id, blocking)
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

function awaitsApproval({ needsApproval, approvedBy }: Erasure): boolean {
  return needsApproval && !approvedBy
}

function namesOf({ names, plan }: Erasure): Erasure['names'] & object {
  return names ?? plan?.names ?? []
}

function numbersOf(erasure: Erasure | { numbers: readonly number[] }): readonly number[] {
  return 'numbers' in erasure ? erasure.numbers : (erasure.plan?.numbers ?? [])
}

/** An erasure that this directory has forgotten, because it is older than it. Its keys are erased again. */
function restored(id: string, numbers: readonly number[], now: number, seed: string): Erasure {
  return {
    id,
    ground: 'other',
    requestedAt: now,
    request: {
      scopes: [],
      ground: 'other',
      reason: 'erased before; repeated after an older copy of the directory was put back',
      by: { id: 'server', name: 'deponent', role: 'server' },
    },
    needsApproval: false,
    plan: { seed, numbers },
  }
}
