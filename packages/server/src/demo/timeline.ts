import type { DemoRecord } from './demo-record.ts'

/** Records that are known to happen, given out in the order of time. */
export class Timeline {
  #coming: DemoRecord[]

  constructor(coming: readonly DemoRecord[] = []) {
    this.#coming = [...coming]
  }

  /** Sorting is stable: what happens in one moment keeps the order it was added in. */
  add(...groups: readonly (readonly DemoRecord[])[]): void {
    this.#coming = [...this.#coming, ...groups.flat()].sort((a, b) => a.at - b.at)
  }

  /** Everything that happens before `until`, which is then no longer coming. */
  before(until: number): DemoRecord[] {
    const first = this.#coming.findIndex(({ at }) => at >= until)
    return this.#coming.splice(0, first === -1 ? this.#coming.length : first)
  }
}
