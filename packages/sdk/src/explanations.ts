/*
 * Makes explanations: at once for what weighs much, later for what somebody asks about. Those made later say so, and whether the
 * model was still the same.
 */
import type { Decision } from './decision.ts'
import type { OnError } from './issue.ts'
import { nextTurn, quietTimer } from './pause.ts'
import { describedError } from './status.ts'

const KEPT_MAX = 1_000
/** How long a record waits for the explanation it shall carry. */
const WAIT_MS = 5_000

interface Kept {
  explain: () => unknown
  digest: (() => string | undefined) | undefined
  digestThen: string | undefined
}

export class Explanations {
  readonly #onError: OnError
  readonly #kept = new Map<string, Kept>()

  constructor(onError: OnError) {
    this.#onError = onError
  }

  /**
   * Makes an explanation in a turn of its own, so that whoever waits for the result has it first. Resolves to what a decision shall
   * carry: nothing when it failed or took longer than five seconds.
   */
  async make(explain: () => unknown): Promise<Partial<Decision>> {
    const late = Symbol('late')
    let timer: ReturnType<typeof setTimeout> | undefined
    const tooLate = new Promise<typeof late>((resolve) => (timer = quietTimer(() => resolve(late), WAIT_MS)))
    const explanation = await Promise.race([this.#attempt(explain), tooLate])
    clearTimeout(timer)
    if (explanation === late) this.#onError({ code: 'capture_failed', message: 'explain took too long' })
    return explanation === undefined || explanation === null || explanation === late ? {} : { explanation }
  }

  /** Keeps what it takes to explain a decision later; of many the last ones. */
  keep(
    decisionId: string,
    explain: () => unknown,
    digest: (() => string | undefined) | undefined,
    digestThen: string | undefined,
  ): void {
    this.#kept.set(decisionId, { explain, digest, digestThen })
    if (this.#kept.size <= KEPT_MAX) return
    // A Map iterates in order of insertion: the first key is the oldest.
    for (const oldest of this.#kept.keys()) {
      this.#kept.delete(oldest)
      return
    }
  }

  /** The fields of an explanation made now; undefined when the decision is not among those kept, or it failed. */
  async later(decisionId: string): Promise<Record<string, unknown> | undefined> {
    const kept = this.#kept.get(decisionId)
    if (kept === undefined) return undefined
    const explanation = await this.#attempt(kept.explain)
    if (explanation === undefined || explanation === null) return undefined
    const digestNow = await this.#attempt(() => kept.digest?.())
    const isKnown = digestNow !== undefined && kept.digestThen !== undefined
    return {
      ...(typeof explanation === 'object' && !Array.isArray(explanation)
        ? explanation
        : { reasoning: explanation }),
      metadata: { made: 'later', sameModelDigest: isKnown ? digestNow === kept.digestThen : 'unknown' },
    }
  }

  async #attempt(make: () => unknown): Promise<unknown> {
    await nextTurn()
    try {
      return await make()
    } catch (error) {
      this.#onError({ code: 'capture_failed', message: `explain threw ${describedError(error).type}` })
      return undefined
    }
  }
}
