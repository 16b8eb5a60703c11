/**
 * What is revealed right now. A reveal is on record when it begins and stays open for as long as the policy says; who asks for the
 * same fields of the same record, for the same purpose, within that time, looks at what is revealed already.
 */
import type { Clock } from '../platform/clock.ts'

/** Reveals open at one time; the oldest close first. */
const OPEN_MAX = 10_000

export interface Reveal {
  readonly identity: string
  /** Entry id. */
  readonly entry: string
  readonly purpose: string
  /** JSON pointers; `all` for every sealed field. */
  readonly fields: readonly string[] | 'all'
}

export class Reveals {
  readonly #clock: Clock
  readonly #openUntil = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Until when a reveal is open; undefined when it is not. */
  until(reveal: Reveal): number | undefined {
    const until = this.#openUntil.get(keyOf(reveal))
    return until !== undefined && this.#clock.now() < until ? until : undefined
  }

  /** Opens it; gives until when it is open. */
  open(reveal: Reveal, minutes: number): number {
    const now = this.#clock.now()
    if (this.#openUntil.size >= OPEN_MAX) this.#forget(now)
    const until = now + minutes * 60_000
    const key = keyOf(reveal)
    this.#openUntil.delete(key)
    this.#openUntil.set(key, until)
    return until
  }

  #forget(now: number): void {
    for (const [key, until] of this.#openUntil) if (until <= now) this.#openUntil.delete(key)
    for (const key of this.#openUntil.keys()) {
      if (this.#openUntil.size < OPEN_MAX) break
      this.#openUntil.delete(key)
    }
  }
}

function keyOf({ identity, entry, purpose, fields }: Reveal): string {
  return JSON.stringify([identity, entry, purpose, fields === 'all' ? fields : fields.toSorted()])
}
