/**
 * Whether a decision may be used for a purpose that was not stated when it was made (GDPR Art. 5(1)(b), 6(4), 18): by what its own record
 * says of purpose, lawful basis and consent, and by what holds for it by now. A text is compared, not understood: who exports says which
 * purposes theirs is compatible with, and that is on record.
 */
import type { CanonicalRecord } from '@deponent/format'

/** What an export is for. */
export interface StatedUse {
  readonly purpose: string
  /** Purposes of records that the purpose is said to be compatible with. */
  readonly compatible: readonly string[]
  /** Whether records that state no purpose are taken as well. */
  readonly takesUnstated: boolean
}

/** What stands for a record beside what it says. */
export interface Standing {
  readonly isRestricted: boolean
  /** Its time was over: it is there for a hold only, or until the next run. */
  readonly isPastRetention: boolean
}

export type WhyLeftOut =
  | 'restricted'
  | 'past_retention'
  | 'consent_missing'
  /** It rests on consent, which was given for another purpose: that does not stretch to compatible ones. */
  | 'consent_for_another_purpose'
  | 'other_purpose'
  | 'purpose_unstated'

/** Why a decision may not be used so; undefined when it may. */
export function leftOutOf(
  record: CanonicalRecord,
  use: StatedUse,
  standing: Standing,
): WhyLeftOut | undefined {
  if (standing.isRestricted) return 'restricted'
  if (standing.isPastRetention) return 'past_retention'
  const { purpose, lawfulBasis, consentGiven } = record
  const isByConsent = typeof lawfulBasis === 'string' && isConsent(lawfulBasis)
  if (isByConsent ? consentGiven !== true : lawfulBasis === undefined && consentGiven === false)
    return 'consent_missing'
  if (typeof purpose !== 'string') return use.takesUnstated && !isByConsent ? undefined : 'purpose_unstated'
  if (isSame(purpose, use.purpose)) return undefined
  if (isByConsent) return 'consent_for_another_purpose'
  return use.compatible.some((other) => isSame(purpose, other)) ? undefined : 'other_purpose'
}

/** Spellings of Art. 6(1)(a) and 9(2)(a). */
const CONSENT = /\bconsent\b|\b6\W*1\W*a\b|\b9\W*2\W*a\b/

function isConsent(lawfulBasis: string): boolean {
  return CONSENT.test(lawfulBasis.toLowerCase().replaceAll('_', ' '))
}

function isSame(a: string, b: string): boolean {
  return a.trim().toLowerCase() === b.trim().toLowerCase()
}
