/** What is kept of a person and what stands for them, as `GET /v1/subjects/{subject}` tells it, and in words. */
import { count } from '../display.ts'
import type { Hold } from '../holds/hold.ts'
import type { PersonRequest } from './request.ts'

export interface Person {
  readonly handle: string
  /** How many ids are this person. */
  readonly ids: number
  readonly records: number
  /** Records by kind. */
  readonly kinds: Readonly<Record<string, number>>
  readonly systems: Readonly<Record<string, number>>
  readonly first: string | null
  readonly last: string | null
  readonly restrictedBy: readonly string[]
  readonly isObjected: boolean
  readonly requests: readonly PersonRequest[]
  /** Holds that keep what is recorded of them from being erased. */
  readonly holds: readonly Hold[]
  /** Erasures that are not complete. */
  readonly erasures: readonly PendingErasure[]
  readonly merges: readonly { readonly mergeId: string; readonly at: string }[]
  readonly asOf: { readonly size: number }
}

export interface PendingErasure {
  readonly erasureId: string
  readonly waitingFor: 'approval' | 'hold' | null
  readonly requestedAt: string
}

/** What an erasure that is under way waits for. */
export function waitingText(waitingFor: PendingErasure['waitingFor']): string {
  if (waitingFor === 'approval') return 'waits for a second person to agree'
  if (waitingFor === 'hold') return 'waits for a hold to be released'
  return 'is being carried out'
}

/** Counts by name, the most first. */
export function byCount(
  counts: Readonly<Record<string, number>>,
): readonly { readonly name: string; readonly count: number; readonly part: number }[] {
  const most = Math.max(1, ...Object.values(counts))
  return Object.entries(counts)
    .toSorted(([a, many], [b, more]) => more - many || a.localeCompare(b))
    .map(([name, number]) => ({ name, count: number, part: number / most }))
}

/** `decision` and `system.declared` as they are read. */
export function kindText(kind: string): string {
  return kind.replaceAll('.', ' ').replaceAll('_', ' ')
}

/** How many ids are one person. */
export function idsText(ids: number): string {
  return ids === 1 ? 'one id' : `${count(ids)} ids that are one person`
}
