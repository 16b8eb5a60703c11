/**
 * Keeps whoever tries keys waiting. A right key is always let in: it cannot be guessed, and a neighbour who tries must keep nobody from
 * recording. It knows addresses and how often keys from there were wrong, in bounded memory; an IPv6 address
 * stands for its /64, which one party holds whole.
 */
import type { Clock } from '../platform/clock.ts'
import { networkOf } from '../platform/remote-address.ts'

export interface LockoutLimits {
  /** Wrong keys within `withinMs` that lock an address. */
  readonly failures: number
  readonly withinMs: number
  /** The first lock; each further one is twice as long. */
  readonly lockMs: number
  readonly lockMsMax: number
  /** Without a wrong key for this long, an address starts anew. */
  readonly forgetMs: number
  readonly addresses: number
}

export const LOCKOUT_LIMITS: LockoutLimits = {
  failures: 100,
  withinMs: 60_000,
  lockMs: 30_000,
  lockMsMax: 900_000,
  forgetMs: 3_600_000,
  addresses: 10_000,
}

/** Times are monotonic. */
interface Failures {
  /** The latest, oldest first; none from before the last lock. */
  at: number[]
  lastAt: number
  locks: number
  lockedUntil: number
}

export class Lockout {
  readonly #clock: Clock
  readonly #limits: LockoutLimits
  /** By address; who failed last stands last. */
  readonly #failures = new Map<string, Failures>()

  constructor(clock: Clock, limits: Partial<LockoutLimits> = {}) {
    this.#clock = clock
    this.#limits = { ...LOCKOUT_LIMITS, ...limits }
  }

  /** How long wrong keys from there are not even looked at; 0 while they are. */
  waitMs(address: string): number {
    const known = this.#failures.get(networkOf(address))
    return Math.max(0, (known?.lockedUntil ?? 0) - this.#clock.monotonicMs())
  }

  /** A key from there was wrong. */
  failed(address: string): void {
    const from = networkOf(address)
    const now = this.#clock.monotonicMs()
    const { failures, withinMs, lockMs, lockMsMax } = this.#limits
    const known = this.#remembered(from, now)
    known.lastAt = now
    known.at = [...known.at.filter((at) => at > now - withinMs), now]
    if (known.at.length >= failures) {
      known.at = []
      known.lockedUntil = now + Math.min(lockMs * 2 ** known.locks, lockMsMax)
      known.locks = Math.min(known.locks + 1, 30)
    }
    this.#failures.delete(from)
    this.#failures.set(from, known)
    if (this.#failures.size > this.#limits.addresses) this.#forgetOne(now)
  }

  /** Addresses remembered. */
  get size(): number {
    return this.#failures.size
  }

  #remembered(from: string, now: number): Failures {
    const known = this.#failures.get(from)
    const isOver = !known || now - Math.max(known.lastAt, known.lockedUntil) >= this.#limits.forgetMs
    return isOver ? { at: [], lastAt: now, locks: 0, lockedUntil: 0 } : known
  }

  /** Whoever is not locked and failed longest ago; where all are locked, whose lock ends first. */
  #forgetOne(now: number): void {
    let first: string | undefined
    let firstEnd = Infinity
    for (const [from, { lockedUntil }] of this.#failures) {
      if (lockedUntil >= firstEnd) continue
      first = from
      firstEnd = lockedUntil
      if (lockedUntil <= now) break
    }
    if (first !== undefined) this.#failures.delete(first)
  }
}
