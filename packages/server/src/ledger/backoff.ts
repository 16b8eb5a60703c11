/** How long to leave a peer alone after it failed: twice as long each time, never exactly, so that many do not return at once. */
import type { Random } from '../platform/random.ts'

const FIRST_MS = 1_000
const LONGEST_MS = 300_000

export class Backoff {
  readonly #random: Random
  #failures = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** The next pause, between half and all of 1 s · 2^failures, at most five minutes. */
  nextMs(): number {
    const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#failures)
    this.#failures = Math.min(this.#failures + 1, 30)
    const [high = 0, low = 0] = this.#random.bytes(2)
    return Math.round(whole * (0.5 + (high * 256 + low) / 131_072))
  }

  /** The peer answered. */
  reset(): void {
    this.#failures = 0
  }
}
