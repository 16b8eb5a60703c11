/** Work that has begun and not ended, for whoever must wait until what began before has ended. */
export class InFlight {
  readonly #running = new Set<Promise<unknown>>()

  /** Counts the work as begun before it does anything. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const running = Promise.resolve().then(work)
    this.#running.add(running)
    const ended = (): boolean => this.#running.delete(running)
    running.then(ended, ended)
    return running
  }

  /** Resolves once everything that had begun by now has ended, well or not. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running)
  }
}
