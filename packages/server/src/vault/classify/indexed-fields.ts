/** Which fields of a record would enter the index if nobody minded; what has no column there is sealed anyway. */

/**
 * - `text`: chosen by the sender, of a person or a case perhaps: looked through.
 * - `result`: any JSON, its texts looked through.
 * - `told`: what the model is and what its measurements are: declared or not, but never looked through.
 */
export type IndexedAs = 'text' | 'result' | 'told'

type Indexed = Readonly<Record<string, IndexedAs>>

const MODEL: Indexed = { modelId: 'told', modelVersion: 'told' }

const DECISION: Indexed = {
  ...MODEL,
  decisionId: 'text',
  caseId: 'text',
  traceId: 'text',
  sessionId: 'text',
  userId: 'text',
  humanReviewerId: 'text',
  humanDecision: 'result',
  prediction: 'result',
  modelType: 'told',
  provider: 'told',
  environment: 'told',
  riskTier: 'told',
  consequenceLevel: 'told',
  decisionCategory: 'told',
  status: 'told',
  confidence: 'told',
  confidenceKind: 'told',
  latencyMs: 'told',
  timeToFirstTokenMs: 'told',
  costUsd: 'told',
  tokenUsage: 'told',
  humanReviewRequired: 'told',
  humanReviewed: 'told',
  humanOverride: 'told',
}

const BY_KIND: Readonly<Record<string, Indexed>> = {
  decision: DECISION,
  outcome: { decisionId: 'text', outcome: 'result' },
  review: {
    decisionId: 'text',
    reviewerId: 'text',
    humanDecision: 'result',
    verdict: 'told',
    humanOverride: 'told',
  },
  access: { purpose: 'text' },
}
const OTHER: Indexed = { ...MODEL, decisionId: 'text' }

/** By name of the top-level field. Input features of decisions come on top. */
export function indexedFields(kind: string): Indexed {
  return BY_KIND[kind] ?? OTHER
}

/** Longer values of features never enter the index, in bytes of UTF-8; projection/values.ts has the same number. */
export const FEATURE_BYTES_MAX = 64
