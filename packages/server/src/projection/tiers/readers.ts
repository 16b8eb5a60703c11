/** Who reads at the moment: what a question may still read is taken away only when it has ended. */
export class Readers {
  readonly #running = new Set<Promise<unknown>>()

  async run<T>(question: () => Promise<T>): Promise<T> {
    const running = question()
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }

  /** Resolves when every question that has begun so far has ended; those that begin meanwhile are no matter. */
  async drained(): Promise<void> {
    await Promise.allSettled(this.#running)
  }
}
