/** First and last number of an unbroken run. */
export type Range = readonly [from: number, to: number]

/*
 * A set of numbers as runs. Invariant: runs are sorted, disjoint and not adjacent.
 */
export class Ranges {
  readonly #runs: [number, number][]

  constructor(runs: readonly Range[] = []) {
    this.#runs = runs.map(([from, to]) => [from, to])
  }

  get runs(): readonly Range[] {
    return this.#runs
  }

  has(number: number): boolean {
    const run = this.#runs[this.#at(number)]
    return run !== undefined && run[0] <= number
  }

  /** The last number of the run that holds `number`; undefined when none does. */
  endFrom(number: number): number | undefined {
    const run = this.#runs[this.#at(number)]
    return run !== undefined && run[0] <= number ? run[1] : undefined
  }

  add(from: number, to = from): void {
    // The first run that could touch the new one, and the first beyond it.
    const start = this.#at(from - 1)
    let end = start
    let merged: [number, number] = [from, to]
    for (let run = this.#runs[end]; run !== undefined && run[0] <= to + 1; run = this.#runs[end]) {
      merged = [Math.min(merged[0], run[0]), Math.max(merged[1], run[1])]
      end += 1
    }
    this.#runs.splice(start, end - start, merged)
  }

  /** Joins the two lowest runs over the gap between them; gives the size of that gap, 0 when there is none. */
  closeFirstGap(): number {
    const [first, second] = this.#runs
    if (first === undefined || second === undefined) return 0
    this.#runs.splice(0, 2, [first[0], second[1]])
    return second[0] - first[1] - 1
  }

  /** The runs of numbers in from..to that are in neither this set nor `other`. */
  missing(from: number, to: number, other: Ranges): Range[] {
    const gaps: Range[] = []
    for (let at = from; at <= to;) {
      const covered = this.endFrom(at) ?? other.endFrom(at)
      if (covered !== undefined) {
        at = covered + 1
        continue
      }
      const end = Math.min(to, this.#startAfter(at) - 1, other.#startAfter(at) - 1)
      gaps.push([at, end])
      at = end + 1
    }
    return gaps
  }

  #startAfter(number: number): number {
    return this.#runs[this.#at(number)]?.[0] ?? Infinity
  }

  /** Index of the first run that ends at `number` or later. */
  #at(number: number): number {
    let low = 0
    let high = this.#runs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#runs[middle]![1] < number) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** How many numbers the runs hold. */
export function sizeOf(runs: readonly Range[]): number {
  return runs.reduce((sum, [from, to]) => sum + to - from + 1, 0)
}
