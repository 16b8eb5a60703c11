/** What to take down when something ends, or could not be put up as a whole: newest first. */
export class Undo {
  readonly #steps: (() => unknown)[] = []

  /** `step` may return a promise; it is waited for. */
  add(step: () => unknown): void {
    this.#steps.push(step)
  }

  /** Takes every step, whatever becomes of those before it; rejects with the first failure when all are taken. */
  async run(): Promise<void> {
    const failures: unknown[] = []
    for (const step of this.#steps.splice(0).toReversed()) {
      try {
        await step()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}

/** Runs `work`; takes down what it put up when it fails, and says then why it failed. */
export async function orUndo<T>(work: (undo: Undo) => Promise<T>): Promise<T> {
  const undo = new Undo()
  try {
    return await work(undo)
  } catch (error) {
    // Why it failed is worth more than what its end met.
    await undo.run().catch(() => undefined)
    throw error
  }
}
