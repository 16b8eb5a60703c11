/** Tells those who wait for records in flight where they landed, or that they did not. */
export class Settle {
  readonly #places: Promise<readonly (number | undefined)[]>
  #resolve!: (places: readonly (number | undefined)[]) => void
  #reject!: (error: unknown) => void

  constructor() {
    this.#places = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#places.catch(() => undefined)
  }

  /** The index the `i`-th chosen record of the request will have. */
  placeOf(i: number): Promise<number> {
    const place = this.#places.then((places) => {
      const index = places[i]
      if (index === undefined) throw new Error('the record in flight was refused')
      return index
    })
    place.catch(() => undefined)
    return place
  }

  resolve(places: readonly (number | undefined)[]): void {
    this.#resolve(places)
  }

  reject(error: unknown): void {
    this.#reject(error)
  }
}
