/** What rights need of erasure, and what they give it. */
import type { HeldEntry } from './holds.ts'

/** An erasure that is not complete. */
export interface PendingErasure {
  readonly erasureId: string
  readonly waitingFor: 'approval' | 'hold' | null
  /** ms since the epoch. */
  readonly requestedAt: number
}

/** The erasures of a ledger, as far as rights ask them. */
export interface Erasures {
  /** Erasures of any of these subject scopes (handles) that are not complete. */
  pendingOver(scopes: readonly string[]): readonly PendingErasure[]
  /** Subject scopes whose erasure waits for a hold: what is kept of them is restricted meanwhile. */
  heldScopes(): readonly string[]
  /** Goes on with erasures that no hold stops any more. */
  resume(): void
}

/** An erasure whose holds keep it waiting. */
export interface DelayedErasure {
  readonly erasureId: string
  readonly requestedAt: number
  readonly requestRef?: string | undefined
  readonly holds: readonly string[]
}

/** An erasure that was completed. */
export interface CompletedErasure {
  readonly erasureId: string
  readonly completedAt: number
  readonly requestRef?: string | undefined
  readonly setRoot: string
  /** The entries that were erased. */
  readonly indices: readonly number[]
}

/** What the eraser asks and tells. */
export interface HoldsAndNotices {
  /** Whether any hold stands. */
  readonly hasHolds: boolean
  /** Ids of the holds that stand in the way. */
  holdsOver(scopes: readonly string[], entries: readonly HeldEntry[]): string[]
  /** Queues what the person is told of an erasure that waits. Called again for the same erasure, as after a crash, it does nothing. */
  delayed(erasure: DelayedErasure): Promise<void>
  /** Drops from memory what is erased. */
  forget(indices: readonly number[]): void
  /** Queues what recipients and people are told; likewise once for each erasure. */
  told(erasures: readonly CompletedErasure[]): Promise<void>
}

/** Before the eraser is there: nothing waits. */
export const NO_ERASURES: Erasures = {
  pendingOver: () => [],
  heldScopes: () => [],
  resume: () => undefined,
}
