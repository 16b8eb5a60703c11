/**
 * The records every target receives: loan decisions of about 1 KB with twenty input features.
 *
 * Deterministic: the same seed gives the same bytes on every machine, so that a figure can be repeated and the stored
 * output compared with what was sent. Nothing here reads a clock.
 */

/** One decision as an application would report it. */
export interface Decision {
  decisionId: string
  caseId: string
  traceId: string
  requestId: string
  timestamp: string
  environment: string
  system: string
  affectedUserId: string
  modelId: string
  modelVersion: string
  modelType: string
  inputFeatures: Record<string, string | number | boolean>
  prediction: string
  confidence: number
  threshold: number
  reasonCodes: string[]
  riskTier: string
  decisionCategory: string
  purpose: string
  lawfulBasis: string
  humanReviewed: boolean
  latencyMs: number
}

/** What to generate. */
export interface WorkloadOptions {
  /** Any 32-bit integer; the same seed gives the same records. */
  seed: number
  /** How many records. */
  count: number
  /** Share of records, 0..1, about a person never seen before; the rest is spread evenly over those seen. */
  newSubjects: number
}

/** 2026-01-10T00:00:00Z; records follow one another a few milliseconds apart, like one busy afternoon. */
const FIRST_AT_MS = Date.UTC(2026, 0, 10)

const REGIONS = ['north', 'south', 'east', 'west', 'centre', 'coast', 'islands']
const EMPLOYMENT = ['permanent', 'temporary', 'self_employed', 'retired', 'student', 'unemployed']
const HOUSING = ['owner', 'mortgage', 'tenant', 'with_family']
const PURPOSES = ['car', 'home_improvement', 'debt_consolidation', 'education', 'medical', 'business']
const CHANNELS = ['web', 'branch', 'mobile', 'partner']
const REASONS = [
  'R01_income_ratio',
  'R07_short_history',
  'R12_recent_delinquency',
  'R15_high_utilisation',
  'R22_stable_employment',
  'R31_low_inquiries',
]
const MODELS = [
  { modelId: 'loan-default', modelVersion: '4.2.0' },
  { modelId: 'loan-default', modelVersion: '4.3.1' },
  { modelId: 'loan-limit', modelVersion: '2.0.5' },
] as const

/** The records of a workload, in order. */
export function decisionsOf({ seed, count, newSubjects }: WorkloadOptions): Decision[] {
  const chance = new Chance(seed)
  const subjects: string[] = []
  let atMs = FIRST_AT_MS
  return Array.from({ length: count }, (_, n) => {
    atMs += chance.integer(0, 9)
    return decision(chance, n, atMs, subjectOf(chance, subjects, newSubjects))
  })
}

function subjectOf(chance: Chance, seen: string[], newSubjects: number): string {
  if (seen.length > 0 && chance.unit() >= newSubjects) return chance.pick(seen)
  const subject = `person-${chance.hex(10)}`
  seen.push(subject)
  return subject
}

function decision(chance: Chance, n: number, atMs: number, affectedUserId: string): Decision {
  const score = chance.unit()
  const declined = score > 0.62
  return {
    decisionId: `loan-${String(n).padStart(8, '0')}-${chance.hex(8)}`,
    caseId: `application-${chance.integer(1_000_000, 9_999_999)}`,
    traceId: chance.hex(32),
    requestId: `req_${chance.hex(16)}`,
    timestamp: new Date(atMs).toISOString(),
    environment: 'production',
    system: 'consumer-loans',
    affectedUserId,
    ...chance.pick(MODELS),
    modelType: 'classification',
    inputFeatures: features(chance),
    prediction: declined ? 'decline' : 'approve',
    confidence: rounded(0.5 + Math.abs(score - 0.62) * 0.8, 4),
    threshold: 0.62,
    reasonCodes: declined ? [chance.pick(REASONS), chance.pick(REASONS)] : [chance.pick(REASONS)],
    riskTier: 'high',
    decisionCategory: 'credit',
    purpose: 'creditworthiness assessment',
    lawfulBasis: 'contract',
    humanReviewed: chance.unit() < 0.08,
    latencyMs: chance.integer(12, 90),
  }
}

function features(chance: Chance): Decision['inputFeatures'] {
  const income = chance.integer(90, 900) * 100
  const amount = chance.integer(10, 500) * 100
  return {
    age: chance.integer(18, 84),
    annual_income: income,
    loan_amount: amount,
    loan_term_months: chance.integer(1, 7) * 12,
    loan_purpose: chance.pick(PURPOSES),
    debt_to_income: rounded(chance.unit() * 0.6, 3),
    loan_to_income: rounded(amount / income, 4),
    employment_type: chance.pick(EMPLOYMENT),
    employment_years: chance.integer(0, 40),
    housing_status: chance.pick(HOUSING),
    region: chance.pick(REGIONS),
    channel: chance.pick(CHANNELS),
    credit_history_months: chance.integer(0, 360),
    open_accounts: chance.integer(0, 18),
    delinquencies_24m: chance.integer(0, 4),
    inquiries_6m: chance.integer(0, 8),
    revolving_utilisation: rounded(chance.unit(), 3),
    existing_customer: chance.unit() < 0.4,
    dependants: chance.integer(0, 5),
    savings_balance: rounded(chance.unit() * 40_000, 2),
  }
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

/** A small seeded generator (sfc32): fast, the same on every machine, and no secret. */
class Chance {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number) {
    this.#a = seed | 0
    this.#b = 0x9e3779b9
    this.#c = 0x243f6a88
    for (let i = 0; i < 16; i += 1) this.#next()
  }

  /** A number in [0, 1). */
  unit(): number {
    return this.#next() / 2 ** 32
  }

  /** An integer in [low, high], both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1))
  }

  pick<T>(from: readonly T[]): T {
    return from[this.integer(0, from.length - 1)] as T
  }

  /** Lower-case hexadecimal text of the given length. */
  hex(length: number): string {
    let text = ''
    while (text.length < length) text += this.#next().toString(16).padStart(8, '0')
    return text.slice(0, length)
  }

  #next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }
}
