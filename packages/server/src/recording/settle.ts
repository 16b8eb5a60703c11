/** Tells those who wait for records in flight where they landed, or that they did not. */
export class Settle {
  readonly #first: Promise<number>
  #resolve!: (first: number) => void
  #reject!: (error: unknown) => void

  constructor() {
    this.#first = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#first.catch(() => undefined)
  }

  /** The index the `i`-th new record of the request will have. */
  placeOf(i: number): Promise<number> {
    const place = this.#first.then((first) => first + i)
    place.catch(() => undefined)
    return place
  }

  resolve(first: number): void {
    this.#resolve(first)
  }

  reject(error: unknown): void {
    this.#reject(error)
  }
}
