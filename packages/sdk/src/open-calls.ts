/*
 * Calls that were begun and are not recorded yet. None is forgotten: what is still open when the client closes, or when there are too
 * many, is recorded as it stands.
 */
const OPEN_MAX = 10_000

export interface OpenCall {
  /** Records the call as it stands now. */
  abandon(): void
}

export class OpenCalls {
  readonly #calls = new Set<OpenCall>()
  readonly #explaining = new Set<Promise<unknown>>()

  add(call: OpenCall): void {
    this.#calls.add(call)
    if (this.#calls.size <= OPEN_MAX) return
    // A Set iterates in order of insertion: the first is the oldest.
    for (const oldest of this.#calls) return oldest.abandon()
  }

  delete(call: OpenCall): void {
    this.#calls.delete(call)
  }

  /** Keeps in mind that an explanation is being made. */
  explain(making: Promise<unknown>): void {
    this.#explaining.add(making)
    const made = (): void => void this.#explaining.delete(making)
    making.then(made, made)
  }

  /** Resolves when what was read or explained after calls that ended is there, at the latest after `timeoutMs`. */
  async explained(timeoutMs: number): Promise<void> {
    if (this.#explaining.size === 0) return
    let timer: ReturnType<typeof setTimeout> | undefined
    const tooLate = new Promise((resolve) => (timer = setTimeout(resolve, timeoutMs)))
    await Promise.race([Promise.allSettled(this.#explaining), tooLate])
    clearTimeout(timer)
  }

  /** Records what is open as it stands. */
  abandonAll(): void {
    for (const call of this.#calls) call.abandon()
    this.#explaining.clear()
  }
}
