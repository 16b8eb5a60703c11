/** What holds are asked about. */

/** An entry as far as a hold may ask after it. */
export interface HeldEntry {
  readonly index: number
  /** Name of its system. */
  readonly system: string
  /** Unix milliseconds. */
  readonly receivedAt: number
  /** Scopes (32 hex digits) of everybody who keeps it or whom a part of it names, that of the erasure among them. */
  readonly people: readonly string[]
  /** Index of the decision it is about. */
  readonly about?: number
}

/** The holds of a ledger. */
export interface HeldBy {
  /** Whether there is any hold at all. */
  any(): boolean
  /** Ids of the holds over any of these entries, or over a person by one of their scopes (32 hex digits). */
  over(scopes: readonly string[], entries: readonly HeldEntry[]): string[]
}

/** Where nothing is ever held. */
export const NO_HOLDS: HeldBy = { any: () => false, over: () => [] }
