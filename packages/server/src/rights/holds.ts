/** Holds, folded from their records: what must not be erased, on which ground, and who lets go of it. */
import type { Fact, HoldFact, HoldScope } from './fact.ts'

/**
 * Why erasure may wait: the exceptions of GDPR Art. 17(3)(b) and (e), evidence of a serious incident under AI Act Art. 73(6), a case in
 * court, or another reason in words.
 */
export const HOLD_GROUNDS = ['gdpr_17_3_b', 'gdpr_17_3_e', 'aia_73_6', 'litigation', 'other'] as const

export const HOLD_STATES = ['placed', 'release_asked', 'released'] as const

export type HoldGround = (typeof HOLD_GROUNDS)[number]

/** When the AI Act's floor of six months for automatic records begins to oblige (Ch. III Sect. 1-3 apply from 2 December 2027). */
const AIA_FLOOR_FROM = Date.UTC(2027, 11, 2)

export interface Hold {
  readonly holdId: string
  readonly ground: string
  /** Handles of the people it is about; empty when it is not about people. */
  readonly subjects: readonly string[]
  readonly scope: HoldScope
  readonly state: (typeof HOLD_STATES)[number]
  /** ms since the epoch, like the others. */
  readonly placedAt: number
  readonly reviewAt?: number
  readonly releasedAt?: number
  /** Ids of the identities that ask for its release. */
  readonly releasedBy: readonly string[]
  readonly records: readonly { readonly index: number; readonly id: string }[]
}

/** An entry as a hold sees it. `system`: its name or the slug that stands for it. */
export interface HeldEntry {
  readonly index: number
  readonly system: string
  readonly receivedAt: number
  /** Handles of everybody it concerns. */
  readonly people: readonly string[]
  /** Index of the decision it is about. */
  readonly about?: number
}

/** Holds by id. */
export function holdsOf(facts: readonly Fact[]): Map<string, Hold> {
  const found = new Map<string, Hold>()
  for (const fact of facts) {
    if (fact.what !== 'hold') continue
    const next = stepped(found.get(fact.holdId), fact)
    if (next) found.set(fact.holdId, next)
  }
  return found
}

function stepped(before: Hold | undefined, fact: HoldFact): Hold | undefined {
  const { index, id, receivedAt, step, reviewAt = before?.reviewAt } = fact
  if (!before && step !== 'placed') return undefined
  const first = before ?? {
    holdId: fact.holdId,
    ground: fact.ground ?? 'other',
    subjects: fact.handles,
    scope: fact.scope,
    placedAt: receivedAt,
    records: [],
  }
  return {
    ...first,
    state: stateAfter(before, step),
    releasedBy: step === 'placed' || step === 'reviewed' ? (before?.releasedBy ?? []) : fact.releasedBy,
    records: [...first.records, { index, id }],
    ...(reviewAt !== undefined && { reviewAt }),
    ...(step === 'released' && { releasedAt: receivedAt }),
  }
}

function stateAfter(before: Hold | undefined, step: HoldFact['step']): Hold['state'] {
  if (before?.state === 'released' || step === 'released') return 'released'
  return step === 'release_asked' ? 'release_asked' : (before?.state ?? 'placed')
}

/**
 * Whether a hold stands in the way of erasing any of these entries, or the people of these handles. A record about a held person is
 * held whoever else it is about: what names another in it is evidence too.
 */
export function blocks(
  hold: Hold,
  handles: readonly string[],
  entries: readonly HeldEntry[],
  nameOf: (system: string) => string,
): boolean {
  if (hold.state === 'released') return false
  const { scope, subjects } = hold
  const isTheirs = (people: readonly string[]): boolean =>
    subjects.length === 0 || subjects.some((subject) => people.includes(subject))
  if (isForPeople(hold) && isTheirs(handles)) return true
  return entries.some((entry) => isTheirs(entry.people) && isHeld(scope, entry, nameOf))
}

/** About everything of people: then what is recorded of them later is held too. */
function isForPeople({ scope, subjects }: Hold): boolean {
  return subjects.length > 0 && Object.keys(scope).length === 0
}

function isHeld(
  { systems, from, to, indices }: HoldScope,
  { about, index, system, receivedAt }: HeldEntry,
  nameOf: (system: string) => string,
): boolean {
  return (
    (systems === undefined || systems.includes(nameOf(system))) &&
    receivedAt >= (from ?? -Infinity) &&
    receivedAt < (to ?? Infinity) &&
    (indices === undefined || [index, about].some((one) => one !== undefined && indices.includes(one)))
  )
}

/** Whether somebody should have looked again by now whether it is still needed. */
export function isPastReview({ state, reviewAt }: Hold, now: number): boolean {
  return state !== 'released' && reviewAt !== undefined && now > reviewAt
}

/** What whoever places a hold on this ground should know. */
export function warningsOf(ground: string, now: number): string[] {
  return ground === 'gdpr_17_3_b' && now < AIA_FLOOR_FROM
    ? [
        'before 2027-12-02 the six months of AI Act Art. 19(1) and 26(6) are no legal obligation: a hold under Art. 17(3)(b) needs another one',
      ]
    : []
}
