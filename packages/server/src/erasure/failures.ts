/** Which erasures could not be done, how often that was tried, and when it is tried again. */
import type { Erasure } from './erasure.ts'

export const RETRY_MS_MIN = 1_000
const RETRY_MS_MAX = 60_000

interface Failure {
  readonly count: number
  readonly reason: string
  /** Unix milliseconds. */
  readonly notBefore: number
}

type Named = Pick<Erasure, 'id'>

export class Failures {
  readonly #failures = new Map<string, Failure>()

  /** Why it could not be done when that was tried last; undefined when it was not tried, or is done. */
  of(id: string): string | undefined {
    return this.#failures.get(id)?.reason
  }

  /** These were tried together, and are not done. One that was tried alone is left in peace for a while, the longer the more often it failed. */
  add(batch: readonly Named[], reason: string, now: number): void {
    for (const { id } of batch) {
      const count = (this.#failures.get(id)?.count ?? 0) + 1
      const notBefore = batch.length > 1 ? now : now + delayAfter(count)
      this.#failures.set(id, { count, reason, notBefore })
    }
  }

  /** These are done, or wait for something else. */
  over(batch: readonly Named[]): void {
    for (const { id } of batch) this.#failures.delete(id)
  }

  /** Those that may be tried now, what failed least often first. */
  fewestFirst<E extends Named>(erasures: readonly E[], now: number): E[] {
    return erasures
      .filter(({ id }) => (this.#failures.get(id)?.notBefore ?? now) <= now)
      .toSorted((a, b) => this.#countOf(a) - this.#countOf(b))
  }

  /** Whether both failed as often: only those are tried together, so that one that spoils every batch is soon alone. */
  isAlike(one: Named, other: Named): boolean {
    return this.#countOf(one) === this.#countOf(other)
  }

  /** Milliseconds until something that failed may be tried again; undefined when nothing is left that failed. */
  nextIn(now: number): number | undefined {
    const times = [...this.#failures.values()].map(({ notBefore }) => notBefore)
    if (times.length === 0) return undefined
    const next = times.reduce((least, time) => Math.min(least, time))
    return Math.max(RETRY_MS_MIN, next - now)
  }

  #countOf({ id }: Named): number {
    return this.#failures.get(id)?.count ?? 0
  }
}

function delayAfter(count: number): number {
  return Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** Math.min(count - 1, 10))
}
