/** Records just made durable, kept open for the projection so that it need not unseal what was sealed a moment ago. */
import type { Target } from './submission.ts'

const RECENT_MAX = 20_000

export interface RecentRecord {
  /** Canonical text of the record. */
  text: string
  target?: Target
}

export class Recent {
  readonly #records = new Map<number, RecentRecord>()

  add(index: number, record: RecentRecord): void {
    this.#records.set(index, record)
    if (this.#records.size > RECENT_MAX) this.#records.delete(this.#records.keys().next().value!)
  }

  get(index: number): RecentRecord | undefined {
    return this.#records.get(index)
  }

  forget(index: number): void {
    this.#records.delete(index)
  }

  /** Lets go of everything below `index`. */
  forgetBelow(index: number): void {
    for (const known of this.#records.keys()) {
      if (known >= index) break
      this.#records.delete(known)
    }
  }
}
