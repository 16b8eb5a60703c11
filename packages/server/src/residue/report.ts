/** Where something that was looked for lies. */
export interface Place {
  /** A path from the directory's parent, or a table and column. */
  readonly where: string
  /** The entry it belongs to, where that is known. */
  readonly index?: number
  /** What was found there and in which form; never the thing itself. */
  readonly what: string
}

/** One store that was looked at. */
export interface StoreReport {
  readonly store: string
  /** Files, or columns of tables. */
  readonly files: number
  /** As they lie there. */
  readonly bytes: number
  /** Sealed or compressed things in them that were opened and looked into. */
  readonly opened: number
  /** Sealed things that could not be opened, so that nothing is known of them. */
  readonly closed: number
  readonly found: number
}

export interface ResidueReport {
  readonly stores: readonly StoreReport[]
  readonly found: readonly Place[]
  /** What could not be looked into, and why. */
  readonly notLookedAt: readonly string[]
}

interface Counts {
  files: number
  bytes: number
  opened: number
  closed: number
  found: number
}

/** Counts while stores are looked at. */
export class ResidueTally {
  readonly #stores = new Map<string, Counts>()
  readonly #found = new Map<string, Place>()
  readonly #notLookedAt = new Set<string>()

  looked(store: string, bytes: number): void {
    const counts = this.#of(store)
    counts.files += 1
    counts.bytes += bytes
  }

  opened(store: string, things = 1): void {
    this.#of(store).opened += things
  }

  closed(store: string): void {
    this.#of(store).closed += 1
  }

  found(store: string, places: readonly Place[]): void {
    for (const place of places) {
      const key = JSON.stringify(place)
      if (this.#found.has(key)) continue
      this.#found.set(key, place)
      this.#of(store).found += 1
    }
  }

  notLookedAt(why: string): void {
    this.#notLookedAt.add(why)
  }

  report(): ResidueReport {
    const stores = [...this.#stores].map(([store, counts]) => ({ store, ...counts }))
    const sealed = stores.flatMap(({ store, closed }) =>
      closed > 0 ? [`${store}: ${closed} sealed things did not open`] : [],
    )
    return {
      stores,
      found: [...this.#found.values()],
      notLookedAt: [...this.#notLookedAt, ...sealed],
    }
  }

  #of(store: string): Counts {
    const known = this.#stores.get(store)
    if (known) return known
    const counts = { files: 0, bytes: 0, opened: 0, closed: 0, found: 0 }
    this.#stores.set(store, counts)
    return counts
  }
}
