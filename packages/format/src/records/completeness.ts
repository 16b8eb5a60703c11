import type { JsonObject } from '../json/value.ts'

/*
 * Completeness is how much of what a decision of its weight should say it does say. It never refuses a
 * record: what is missing is named and counted. Profiles are versioned; a list never changes under its name.
 *
 * No law prescribes these lists. They follow from what later duties need: `low` is what finding and
 * attributing a decision takes; `medium` adds tracing it, the person affected, its weight and purpose;
 * `high` what an explanation (GDPR Art. 15(1)(h), AI Act Art. 86), oversight (Art. 14) and a lawful basis
 * (GDPR Art. 6) are answered from; `critical` who decided in the end and under which rules. `core` is `low`
 * for a decision that does not say its weight, and asks for that. Two profiles must be asked for by name:
 * `aia-12-3/1` is the one list a statute does give (AI Act Art. 12(3), remote biometric identification),
 * `seed-high-risk/1` the fields commonly demanded of high-risk decision logs.
 */

/** Each inner list counts as one field, named by its first member; any member present satisfies it. */
type Profile = readonly (readonly string[])[]

const INPUT = ['input', 'inputFeatures', 'messages', 'inputHash']
const AFFECTED = ['affectedUserId', 'affectedSubjects', 'userId']
const EXPLANATION = ['explanation', 'explanationRef', 'reasonCodes']
const CERTAINTY = ['confidence', 'predictionInterval', 'alternativePredictions', 'finishReason']
const TRACE = ['traceId', 'requestId', 'sessionId', 'caseId']

const LOW: Profile = [
  ['decisionId'],
  ['timestamp'],
  ['system'],
  ['environment'],
  ['modelId'],
  ['modelVersion'],
  INPUT,
  ['prediction', 'messages', 'error', 'status'],
]
const MEDIUM: Profile = [
  ...LOW,
  TRACE,
  AFFECTED,
  CERTAINTY,
  ['latencyMs'],
  ['decisionCategory'],
  ['purpose'],
  ['consequenceLevel'],
]
const HIGH: Profile = [
  ...MEDIUM,
  EXPLANATION,
  ['lawfulBasis'],
  ['automationLevel'],
  ['humanReviewRequired', 'humanReviewed'],
  ['modelChecksum', 'inference'],
  ['deployer'],
  ['dataRetentionPolicy', 'retention'],
]
const CRITICAL: Profile = [
  ...HIGH,
  ['humanReviewerId'],
  ['finalDecision', 'humanDecision'],
  ['policyVersion', 'threshold'],
  ['legalEffect'],
  ['jurisdiction'],
]
const BIOMETRIC: Profile = [['usePeriod'], ['referenceDatabase'], INPUT, ['humanReviewerId'], ['timestamp']]
const SEED_HIGH_RISK: Profile = [
  ['decisionId'],
  ['timestamp'],
  ['modelId'],
  ['modelVersion'],
  ['inputFeatures', 'input', 'messages', 'inputHash'],
  ['prediction'],
  ['confidence'],
  ['explanation', 'explanationRef'],
]

/** Required fields by profile name; of each list one is enough. */
export const PROFILES: ReadonlyMap<string, Profile> = new Map([
  ['core/1', [...LOW, ['riskTier', 'consequenceLevel']]],
  ['low/1', LOW],
  ['medium/1', MEDIUM],
  ['high/1', HIGH],
  ['critical/1', CRITICAL],
  ['aia-12-3/1', BIOMETRIC],
  ['seed-high-risk/1', SEED_HIGH_RISK],
])

export interface CompletenessReport {
  /** Name and version of the list that was asked for. */
  readonly profile: string
  /** Share of its fields that are there, 0..1, rounded to four decimals. */
  readonly score: number
  /** The fields that are not, each by its first name. */
  readonly missing: string[]
}

/** The lists a decision is measured by, from the one for decisions that do not say their weight to the heaviest. */
export const PROFILE_OF_RANK = ['core/1', 'low/1', 'medium/1', 'high/1', 'critical/1']
export const RANK_OF_TIER: ReadonlyMap<unknown, number> = new Map([
  ['low', 1],
  ['medium', 2],
  ['high', 3],
  ['critical', 4],
])
export const RANK_OF_CONSEQUENCE: ReadonlyMap<unknown, number> = new Map([
  ['informational', 1],
  ['material', 2],
  ['significant', 3],
])

/**
 * Measures a canonical decision against the profile of its risk tier and consequence level, the heavier
 * of the two, or against a profile named. A name we do not know counts as none.
 */
export function completeness(record: JsonObject, profile?: string): CompletenessReport {
  const name = profile !== undefined && PROFILES.has(profile) ? profile : profileOf(record)
  const fields = PROFILES.get(name)!
  const missing = fields
    .filter((names) => !names.some((field) => says(record, field)))
    .map((names) => names[0]!)
  const score = Math.round((1 - missing.length / fields.length) * 10_000) / 10_000
  return { profile: name, score, missing }
}

/** The profile a decision is measured by when none is named: it tells of its risk tier and consequence level. */
export function profileOf(record: JsonObject): string {
  const tier = RANK_OF_TIER.get(record['riskTier']) ?? 0
  const consequence = RANK_OF_CONSEQUENCE.get(record['consequenceLevel']) ?? 0
  return PROFILE_OF_RANK[Math.max(tier, consequence)]!
}

/** Empty text, arrays and objects say nothing; false and 0 do. */
function says(record: JsonObject, field: string): boolean {
  const value = record[field]
  if (value === undefined || value === null || value === '') return false
  return typeof value !== 'object' || Object.keys(value).length > 0
}
