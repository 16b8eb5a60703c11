import type { CanonicalRecord, Entry } from '@deponent/format'

/** A record of a kind that some register keeps track of, opened. */
export interface Registered {
  readonly entry: Entry
  readonly record: CanonicalRecord
}

/** Kinds whose records registers are told of, as they begin. */
export const REGISTERED_KINDS = ['request', 'hold.', 'subject.', 'rectification', 'access'] as const

/**
 * Keeps track of records of some kinds, in ledger order. What it stores can be rebuilt from ledger and vault, and holds no personal
 * data: that is in the records alone.
 */
export interface Register {
  /** Takes a record; kept in memory until `store`. Taking it again, as a replay does, changes nothing. */
  apply(index: number, registered: Registered): void
  /** Writes what was applied; called inside a transaction of the state store. */
  store(): void
  /** What was written is durable from here on as far as the state store is. */
  stored(): void
}

export function isRegistered(kind: string): boolean {
  return REGISTERED_KINDS.some((beginning) => kind.startsWith(beginning))
}
