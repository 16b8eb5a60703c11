/** Wall time and waiting: the only door to both. */
export interface Clock {
  /** Unix time in milliseconds. May step backwards; callers that need order take a maximum themselves. */
  now(): number
  /** Monotonic milliseconds with fractions, for measuring durations only. */
  monotonicMs(): number
  /** Resolves after `ms` milliseconds. */
  sleep(ms: number): Promise<void>
  /** Runs `task` once after `ms`; the returned function cancels it. Does not keep the process alive. */
  after(ms: number, task: () => void): () => void
}

export const realClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  after: (ms, task) => {
    const timer = setTimeout(task, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** A clock that moves only when told to. Waiting tasks run, in order, as time passes them. */
export class TestClock implements Clock {
  #now: number
  #elapsed = 0
  #waiting: { due: number; task: () => void }[] = []

  constructor(now = 1_700_000_000_000) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  monotonicMs(): number {
    return this.#elapsed
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve))
  }

  after(ms: number, task: () => void): () => void {
    const waiter = { due: this.#elapsed + ms, task }
    this.#waiting.push(waiter)
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== waiter)
    }
  }

  /** Moves wall and monotonic time forward together and runs what became due. */
  advance(ms: number): void {
    this.#now += ms
    this.#elapsed += ms
    const due = this.#waiting
      .filter((waiter) => waiter.due <= this.#elapsed)
      .toSorted((a, b) => a.due - b.due)
    this.#waiting = this.#waiting.filter((waiter) => waiter.due > this.#elapsed)
    for (const waiter of due) waiter.task()
  }

  /** Steps the wall clock only, as an operator or NTP would; `ms` may be negative. */
  step(ms: number): void {
    this.#now += ms
  }
}
