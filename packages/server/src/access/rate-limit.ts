/** How often one party may ask: a bucket of requests for each party and class of action, filled again at a steady rate. */
import type { Clock } from '../platform/clock.ts'

/** `sql` includes exports and numbers over everything; `session` is counted by address, since nobody has signed in yet. */
export type ActionClass = 'record' | 'read' | 'sql' | 'manage' | 'session'

export interface Rate {
  readonly perSecond: number
  /** Requests that may come at once after a pause. */
  readonly burst: number
}

/** Far beyond what people and well-written clients do; in the way of loops that went wrong. */
export const RATES: Readonly<Record<ActionClass, Rate>> = {
  record: { perSecond: 2_000, burst: 4_000 },
  read: { perSecond: 1_000, burst: 3_000 },
  sql: { perSecond: 50, burst: 200 },
  manage: { perSecond: 20, burst: 100 },
  session: { perSecond: 5, burst: 20 },
}

const PARTIES_MAX = 10_000

interface Bucket {
  requests: number
  at: number
}

export class RateLimit {
  readonly #clock: Clock
  readonly #rates: Readonly<Record<ActionClass, Rate>>
  readonly #partiesMax: number
  /** Of each class on its own, so that many strangers push out nobody who signed in; who asked last stands last. */
  readonly #buckets = new Map<ActionClass, Map<string, Bucket>>()

  constructor(
    clock: Clock,
    rates: Partial<Readonly<Record<ActionClass, Rate>>> = {},
    partiesMax = PARTIES_MAX,
  ) {
    this.#clock = clock
    this.#rates = { ...RATES, ...rates }
    this.#partiesMax = partiesMax
  }

  /** Takes one request out of the party's bucket: 0, or, when it is empty, after how many milliseconds it will not be. */
  take(party: string, action: ActionClass): number {
    const { perSecond, burst } = this.#rates[action]
    const now = this.#clock.monotonicMs()
    const buckets = this.#bucketsOf(action)
    const bucket = buckets.get(party) ?? { requests: burst, at: now }
    bucket.requests = Math.min(burst, bucket.requests + ((now - bucket.at) * perSecond) / 1_000)
    bucket.at = now
    buckets.delete(party)
    buckets.set(party, bucket)
    // Whoever asked longest ago has, with so many others asking, a bucket that is full again or nearly so.
    if (buckets.size > this.#partiesMax) buckets.delete(buckets.keys().next().value ?? '')
    if (bucket.requests < 1) return ((1 - bucket.requests) * 1_000) / perSecond
    bucket.requests -= 1
    return 0
  }

  /** Parties remembered in a class. */
  sizeOf(action: ActionClass): number {
    return this.#bucketsOf(action).size
  }

  #bucketsOf(action: ActionClass): Map<string, Bucket> {
    const known = this.#buckets.get(action)
    if (known) return known
    const buckets = new Map<string, Bucket>()
    this.#buckets.set(action, buckets)
    return buckets
  }
}

/** Whole seconds for `Retry-After`, which knows no parts of one. */
export function retryAfter(waitMs: number): string {
  return String(Math.max(1, Math.ceil(waitMs / 1_000)))
}
