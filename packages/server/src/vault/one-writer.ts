/** Writes one piece after another. After a failed one nothing is written any more: what reached the disk is not known. */
export class OneWriter {
  #writing: Promise<unknown> = Promise.resolve()
  #failure: Error | undefined

  /** Why nothing is written any more. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Runs `work` once all that came before is done; rejects with the first failure there was. */
  run(work: () => Promise<void>): Promise<void> {
    const done = this.#writing.then(async () => {
      if (this.#failure) throw this.#failure
      try {
        await work()
      } catch (error) {
        this.#failure = error instanceof Error ? error : new Error(String(error))
        throw this.#failure
      }
    })
    this.#writing = done.catch(() => undefined)
    return done
  }

  /** Resolves once nothing is being written, well or not. */
  async settled(): Promise<void> {
    await this.#writing
  }
}
