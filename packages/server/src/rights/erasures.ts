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
  resume(): Promise<void>
}

/** An erasure whose holds keep it waiting. */
export interface DelayedErasure {
  readonly erasureId: string
  readonly requestedAt: number
  readonly requestRef?: string | undefined
  /** Handle of the person. */
  readonly subject: string
  readonly holds: readonly string[]
}

/** An erasure that was completed. */
export interface CompletedErasure {
  readonly erasureId: string
  readonly completedAt: number
  readonly requestRef?: string | undefined
  readonly setRoot: string
  /** The entries that were erased. */
  readonly entries: readonly { readonly index: number; readonly id: string }[]
}

/** What the eraser asks and tells. */
export interface HoldsAndNotices {
  /** Ids of the holds that stand in the way. */
  holdsOver(scopes: readonly string[], entries: readonly HeldEntry[]): string[]
  /** Queues what the person is told of an erasure that waits. Called again for the same erasure, as after a crash, it does nothing. */
  delayed(erasure: DelayedErasure): Promise<void>
  /** Drops what was erased from memory and queues what recipients and the person are told; likewise once for each erasure. */
  told(erasure: CompletedErasure): Promise<void>
}

/** Before the eraser is there: nothing waits. */
export const NO_ERASURES: Erasures = {
  pendingOver: () => [],
  heldScopes: () => [],
  resume: () => Promise.resolve(),
}
