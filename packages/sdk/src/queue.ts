/** The number a decision was taken under; `link` in the chain, 64 hex digits, from its first sending on, '' when it has none. */
export interface Numbered {
  seq: number
  link?: string
}

/** Where a record is sent to. */
export type RecordPath = '/v1/decisions' | '/v1/records'

/** A record waiting to be sent. */
export interface Queued {
  /** Its own id if it is a decision, else the one its receipt is asked for by. */
  decisionId: string
  path: RecordPath
  /** JSON, one line. */
  text: string
  /** Absent where the client does not number what it sends. */
  number?: Numbered
}

/*
 * Invariants: `items` are in the order they came; at most `recordsMax` of them, holding at most `charactersMax`
 * together; what was accepted leaves only through `take` and `clear`.
 */
export class Queue {
  readonly #recordsMax: number
  readonly #charactersMax: number
  #items: Queued[] = []
  #characters = 0

  constructor(recordsMax: number, charactersMax: number) {
    this.#recordsMax = recordsMax
    this.#charactersMax = charactersMax
  }

  get length(): number {
    return this.#items.length
  }

  /** False when there is no room; the newcomer is turned away, so that what was accepted stays. */
  add(item: Queued): boolean {
    if (this.#items.length >= this.#recordsMax) return false
    if (this.#characters + item.text.length > this.#charactersMax) return false
    this.#items.push(item)
    this.#characters += item.text.length
    return true
  }

  /** The oldest items that go to one place, at most `count` and about `charactersMax`, but always one when there is one. */
  take(count: number, charactersMax: number): Queued[] {
    let taken = 0
    let characters = 0
    const path = this.#items[0]?.path
    for (const item of this.#items.slice(0, count)) {
      const { text } = item
      if (item.path !== path || (taken > 0 && characters + text.length > charactersMax)) break
      characters += text.length
      taken += 1
    }
    this.#characters -= characters
    return this.#items.splice(0, taken)
  }

  /** Empties the queue and gives what was in it. */
  clear(): Queued[] {
    const items = this.#items
    this.#items = []
    this.#characters = 0
    return items
  }
}
