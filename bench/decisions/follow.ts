/**
 * How long after its acknowledgement a batch is visible in a query, and covered by a signed checkpoint.
 *
 * Both sizes are read from outside every 100 ms while the load runs, so a lag is known to that step and rounded up.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { quantilesOf } from '../quantiles.ts'
import type { Quantiles } from '../quantiles.ts'

const STEP_MS = 100
const PATIENCE_MS = 180_000

export interface Lag extends Quantiles {
  /** From the last acknowledgement until everything was covered. */
  drainMs: number
}

interface Waiting {
  size: number
  sinceMs: number
}

/** Follows one growing size and notes when it reaches each acknowledged batch. */
export class Follower {
  readonly #read: () => Promise<number>
  readonly #waiting: Waiting[] = []
  readonly #lagsMs: number[] = []
  #lastMs = 0
  #ended = false

  /** `read` tells the size reached by now. */
  constructor(read: () => Promise<number>) {
    this.#read = read
  }

  /** A batch whose last entry has this index was acknowledged at `sinceMs`. */
  acknowledged(index: number, sinceMs: number): void {
    this.#waiting.push({ size: index + 1, sinceMs })
    this.#lastMs = Math.max(this.#lastMs, sinceMs)
  }

  /** No more acknowledgements will come: {@link run} ends once it has caught up. */
  end(): void {
    this.#ended = true
  }

  /** Reads until everything acknowledged is covered. */
  async run(): Promise<Lag> {
    while (!this.#ended || this.#waiting.length > 0) {
      await sleep(STEP_MS)
      this.#reached(await this.#read())
      if (this.#ended && performance.now() - this.#lastMs > PATIENCE_MS) throw new Error('did not catch up')
    }
    return { ...quantilesOf(this.#lagsMs), drainMs: Math.max(0, performance.now() - this.#lastMs) }
  }

  #reached(size: number): void {
    const nowMs = performance.now()
    for (let n = this.#waiting.length - 1; n >= 0; n -= 1) {
      const one = this.#waiting[n]
      if (one === undefined || one.size > size) continue
      this.#lagsMs.push(nowMs - one.sinceMs)
      this.#waiting.splice(n, 1)
    }
  }
}

/** Entries a query sees by now. */
export async function visibleSize(url: string, token: string): Promise<number> {
  const response = await fetch(new URL('/v1/decisions?limit=1', url), {
    headers: { authorization: `Bearer ${token}` },
  })
  if (!response.ok) return 0
  const { asOf } = (await response.json()) as { asOf: { size: number } }
  return asOf.size
}

/** Entries under the latest signed checkpoint: the second line of the note. */
export async function checkpointSize(url: string, token: string): Promise<number> {
  const response = await fetch(new URL('/ledgers/default/checkpoint', url), {
    headers: { authorization: `Bearer ${token}` },
  })
  if (!response.ok) return 0
  return Number((await response.text()).split('\n')[1] ?? 0)
}
