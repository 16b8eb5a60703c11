import { canonicalJson, sha256, toHex, utf8 } from '@deponent/format'
import type { Employment, Housing } from './people.ts'
import type { ScorerVersion } from './story.ts'

/** What the scorer is given. Everything it uses is here, so that a reader can compute the score again. */
export interface ScorerFeatures {
  /** EUR after tax. */
  monthlyIncome: number
  /** EUR. */
  requestedAmount: number
  termMonths: number
  /** New and existing instalments over income, at most 1. */
  instalmentToIncome: number
  bankTenureMonths: number
  missedPayments24m: number
  openCreditLines: number
  employment: Employment
  housing: Housing
}

/** In the order in which they are told: that of the members of a file of weights means nothing. */
const NUMERIC_FEATURES = [
  'monthlyIncome',
  'requestedAmount',
  'termMonths',
  'instalmentToIncome',
  'bankTenureMonths',
  'missedPayments24m',
  'openCreditLines',
] as const
type NumericFeature = (typeof NUMERIC_FEATURES)[number]

/** A logistic regression on the log-odds that the loan is paid back. */
export interface ScorerModel {
  version: ScorerVersion
  intercept: number
  /** Contribution: weight × (value − mean) / sd. */
  numeric: Record<NumericFeature, { mean: number; sd: number; weight: number }>
  /** Contribution: the weight of the category. */
  employment: Record<Employment, number>
  housing: Record<Housing, number>
  /** Approved from this probability of repayment on. */
  threshold: number
  featureStoreVersion: string
  /** Where income comes from; see `story.ts` for what the payroll feed does with people who have no salary. */
  incomeSource: 'application' | 'payroll-feed'
}

const model400: ScorerModel = {
  version: '4.0.0',
  intercept: 2.42,
  numeric: {
    monthlyIncome: { mean: 2750, sd: 1050, weight: 0.34 },
    requestedAmount: { mean: 9000, sd: 6000, weight: -0.16 },
    termMonths: { mean: 42, sd: 18, weight: -0.12 },
    instalmentToIncome: { mean: 0.22, sd: 0.14, weight: -0.52 },
    bankTenureMonths: { mean: 80, sd: 75, weight: 0.28 },
    missedPayments24m: { mean: 0.5, sd: 1.1, weight: -0.7 },
    openCreditLines: { mean: 1.6, sd: 1.8, weight: -0.18 },
  },
  employment: { salaried: 0.08, self_employed: -0.14, pensioner: 0.16, student: -0.42 },
  housing: { rent: -0.05, own: 0.22, family: -0.08 },
  threshold: 0.86,
  featureStoreVersion: 'features-11',
  incomeSource: 'application',
}

const model410: ScorerModel = {
  ...model400,
  version: '4.1.0',
  intercept: 2.47,
  numeric: {
    ...model400.numeric,
    bankTenureMonths: { mean: 80, sd: 75, weight: 0.22 },
    missedPayments24m: { mean: 0.5, sd: 1.1, weight: -0.76 },
  },
  featureStoreVersion: 'features-12',
}

const model420: ScorerModel = {
  ...model410,
  version: '4.2.0',
  intercept: 2.49,
  numeric: { ...model410.numeric, monthlyIncome: { mean: 2800, sd: 1050, weight: 0.4 } },
  featureStoreVersion: 'features-13',
  incomeSource: 'payroll-feed',
}

const model421: ScorerModel = {
  ...model420,
  version: '4.2.1',
  featureStoreVersion: 'features-13.1',
  incomeSource: 'application',
}

export const scorerModels: Record<ScorerVersion, ScorerModel> = {
  '4.0.0': model400,
  '4.1.0': model410,
  '4.2.0': model420,
  '4.2.1': model421,
}

/** SHA-256 over the model's canonical JSON. */
export function checksumOf(model: ScorerModel): string {
  return `sha256:${toHex(sha256(utf8(canonicalJson({ ...model }))))}`
}

export interface Contribution {
  feature: string
  /** Log-odds, rounded to four decimals. */
  importance: number
}

export interface Score {
  /** Intercept first, then every feature; they add up to `logOdds`. */
  contributions: Contribution[]
  logOdds: number
  /** Of repayment, rounded to four decimals. */
  probability: number
  approved: boolean
}

export function score(model: ScorerModel, features: ScorerFeatures): Score {
  const contributions = [
    { feature: 'intercept', importance: model.intercept },
    ...NUMERIC_FEATURES.map((feature) => {
      const { mean, sd, weight } = model.numeric[feature]
      return { feature, importance: round4((weight * (features[feature] - mean)) / sd) }
    }),
    { feature: 'employment', importance: model.employment[features.employment] },
    { feature: 'housing', importance: model.housing[features.housing] },
  ]
  const logOdds = round4(contributions.reduce((sum, { importance }) => sum + importance, 0))
  const probability = round4(1 / (1 + Math.exp(-logOdds)))
  return { contributions, logOdds, probability, approved: probability >= model.threshold }
}

export function round4(value: number): number {
  return Math.round(value * 1e4) / 1e4
}

/** Monthly instalment in EUR of an annuity loan at 6.9 % a year. */
export function instalment(amount: number, termMonths: number): number {
  const rate = 0.069 / 12
  return (amount * rate) / (1 - (1 + rate) ** -termMonths)
}

/** Burden over income; nobody's income counts as an unbearable burden, which is what a missing income turns into. */
export function burden(instalments: number, monthlyIncome: number): number {
  return monthlyIncome <= 0 ? 1 : Math.min(Math.round((instalments / monthlyIncome) * 100) / 100, 1)
}
