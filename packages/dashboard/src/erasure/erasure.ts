/** An erasure as the server tells it, and in words. */
import { counted } from '../display.ts'

export interface Erasure {
  readonly erasureId: string
  readonly status: 'pending' | 'completed'
  readonly waitingFor: 'approval' | 'hold' | null
  /** Why it could not be done when that was tried last. */
  readonly failure: string | null
  /** Ids of the holds in its way. */
  readonly holds: readonly string[]
  readonly ground: string
  readonly requestedAt: string
  readonly receipt: ErasureReceipt | null
}

/** What the operator states of a completed erasure. */
export interface ErasureReceipt {
  readonly erasureId: string
  readonly ledger: string
  readonly origin: string
  readonly ground: string
  readonly requestedAt: string
  readonly completedAt: string
  readonly records: number
  readonly keysDestroyed: number
  /** 64 hex digits. */
  readonly setRoot: string
  readonly entry: { readonly index: number; readonly id: string }
  readonly stores: readonly { readonly store: string; readonly state: string }[]
  readonly replayUntil: string
  readonly backupHorizon: string
  readonly statement: string
}

export const ERASURE_GROUNDS: readonly (readonly [ground: string, words: string])[] = [
  ['gdpr_17_1_a', 'Art. 17(1)(a): no longer needed'],
  ['gdpr_17_1_b', 'Art. 17(1)(b): consent was withdrawn'],
  ['gdpr_17_1_c', 'Art. 17(1)(c): they object'],
  ['gdpr_17_1_d', 'Art. 17(1)(d): processed unlawfully'],
  ['gdpr_17_1_e', 'Art. 17(1)(e): a law demands it'],
  ['gdpr_17_1_f', 'Art. 17(1)(f): collected from a child online'],
  ['other', 'another ground'],
]

/** A ground in words. */
export function groundText(ground: string): string {
  return ERASURE_GROUNDS.find(([name]) => name === ground)?.[1] ?? ground
}

/** How an erasure stands, in words. */
export function standingText({ status, waitingFor, holds, receipt }: Erasure): string {
  if (status === 'completed')
    return receipt === null ? 'completed' : `${counted(receipt.records, 'record')} erased`
  if (waitingFor === 'approval') return 'waits for a second person to agree'
  if (waitingFor === 'hold') return `waits for ${counted(holds.length, 'hold')} to be released`
  return 'under way'
}

/** A step of an erasure, for the eye. */
export interface ErasureStep {
  readonly name: string
  readonly state: 'done' | 'now' | 'ahead'
}

/** The way of an erasure from the request to its completion; waits are there when it waits. */
export function stepsOf({
  status,
  waitingFor,
}: Pick<Erasure, 'status' | 'waitingFor'>): readonly ErasureStep[] {
  const isDone = status === 'completed'
  const waits = waitingFor === null ? [] : [waitingFor]
  const names = { approval: 'a second person agrees', hold: 'holds are released' }
  return [
    { name: 'asked for', state: 'done' },
    ...waits.map((wait) => ({ name: names[wait], state: 'now' as const })),
    { name: 'carried out', state: isDone ? 'done' : waits.length > 0 ? 'ahead' : 'now' },
    { name: 'receipt', state: isDone ? 'done' : 'ahead' },
  ]
}

/** An erasure under way is asked about again until it is done; one that waits is not, for asking is a look. */
export function isUnderWay({ status, waitingFor }: Pick<Erasure, 'status' | 'waitingFor'>): boolean {
  return status === 'pending' && waitingFor === null
}
