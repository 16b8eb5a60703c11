/** A hold as the server tells it, and in words. */
import { count, counted, dayText } from '../display.ts'

export interface Hold {
  readonly holdId: string
  readonly ground: string
  readonly state: 'placed' | 'release_asked' | 'released'
  readonly scope: HoldScope
  readonly placedAt: string
  readonly reviewAt?: string
  readonly isPastReview: boolean
  readonly releasedAt?: string
  /** Ids of the identities that ask for its release. */
  readonly releasedBy: readonly string[]
  readonly entry: { readonly index: number; readonly id: string }
}

export interface HoldScope {
  /** Handles. */
  readonly subjects?: readonly string[]
  readonly systems?: readonly string[]
  readonly from?: string
  readonly to?: string
  /** Entry ids. */
  readonly decisions?: readonly string[]
}

export const HOLD_STATES = ['placed', 'release_asked', 'released'] as const

export const HOLD_GROUNDS: readonly (readonly [ground: string, words: string])[] = [
  ['gdpr_17_3_e', 'legal claims (Art. 17(3)(e))'],
  ['gdpr_17_3_b', 'a legal obligation (Art. 17(3)(b))'],
  ['aia_73_6', 'evidence of a serious incident (AI Act Art. 73(6))'],
  ['litigation', 'a case in court'],
  ['other', 'another reason, in words'],
]

/** A ground in words. */
export function groundText(ground: string): string {
  return HOLD_GROUNDS.find(([name]) => name === ground)?.[1] ?? ground
}

/** The state of a hold, in words. */
export function stateText({ state, isPastReview }: Pick<Hold, 'state' | 'isPastReview'>): string {
  if (state === 'released') return 'released'
  const words = state === 'release_asked' ? 'release asked for' : 'stands'
  return isPastReview ? `${words}, past its review` : words
}

/** What is held, part by part; it lies within all of them. */
export function scopeText({ subjects, systems, from, to, decisions }: HoldScope): readonly string[] {
  return [
    ...(subjects === undefined ? [] : [counted(subjects.length, 'person', 'people')]),
    ...(systems === undefined
      ? []
      : [systems.length > 3 ? `${count(systems.length)} systems` : systems.join(', ')]),
    ...(decisions === undefined ? [] : [counted(decisions.length, 'decision')]),
    ...spanText(from, to),
  ]
}

function spanText(from: string | undefined, to: string | undefined): readonly string[] {
  if (from !== undefined && to !== undefined) return [`received ${dayText(from)} until ${dayText(to)}`]
  if (from !== undefined) return [`received from ${dayText(from)}`]
  return to === undefined ? [] : [`received before ${dayText(to)}`]
}

/** What the form for a new hold holds: texts as they are typed. */
export interface HoldDraft {
  readonly ground: string
  readonly owner: string
  readonly reviewOn: string
  readonly reason: string
  /** One a line. */
  readonly people: string
  /** Between commas. */
  readonly systems: string
  readonly decisions: string
  readonly from: string
  readonly to: string
}

export const EMPTY_HOLD: HoldDraft = {
  ground: 'gdpr_17_3_e',
  owner: '',
  reviewOn: '',
  reason: '',
  people: '',
  systems: '',
  decisions: '',
  from: '',
  to: '',
}

/** What is still missing, in words; undefined when the hold can be placed. `now`: Unix milliseconds. */
export function missingInHold(draft: HoldDraft, now: number): string | undefined {
  const { people, systems, decisions, from, to, owner, reviewOn, reason } = draft
  if ([people, systems, decisions, from, to].every((text) => text.trim() === '')) return 'Say what is held.'
  if (owner.trim() === '') return 'Say who answers for it.'
  if (reviewOn === '') return 'Say when it is looked at again.'
  if (Date.parse(reviewOn) <= now) return 'A review lies ahead.'
  return reason.trim() === '' ? 'Say why.' : undefined
}

/** The hold a draft asks for. Days begin in UTC; the last one is held whole. */
export function holdOf(draft: HoldDraft): object {
  const lists = {
    subjects: parts(draft.people, '\n'),
    systems: parts(draft.systems, ','),
    decisions: parts(draft.decisions, '\n'),
  }
  const scope = {
    ...Object.fromEntries(Object.entries(lists).filter(([, items]) => items.length > 0)),
    ...(draft.from !== '' && { from: `${draft.from}T00:00:00Z` }),
    ...(draft.to !== '' && { to: new Date(Date.parse(draft.to) + DAY_MS).toISOString() }),
  }
  const { ground, owner, reason, reviewOn } = draft
  return { ground, scope, owner: owner.trim(), reason: reason.trim(), reviewAt: `${reviewOn}T00:00:00Z` }
}

const DAY_MS = 86_400_000

function parts(text: string, between: string): readonly string[] {
  return text
    .split(between)
    .map((part) => part.trim())
    .filter((part) => part !== '')
}
