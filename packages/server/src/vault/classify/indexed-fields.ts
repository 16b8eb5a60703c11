/** Which fields of a record would enter the index if nobody minded; what has no column there is sealed anyway. */

/**
 * - `text`: chosen by the sender, of a person or a case perhaps: looked through.
 * - `result`: any JSON, its texts looked through.
 * - `told`: what the model is and what its measurements are: declared or not, but never looked through.
 */
export type IndexedAs = 'text' | 'result' | 'told'

type Fields = Readonly<Record<string, IndexedAs>>
/** By name of the top-level field. */
export type IndexedFields = ReadonlyMap<string, IndexedAs>

const table = (fields: Fields): IndexedFields => new Map(Object.entries(fields))

const MODEL: Fields = { modelId: 'told', modelVersion: 'told' }

const DECISION: Fields = {
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

const BY_KIND: ReadonlyMap<string, IndexedFields> = new Map([
  ['decision', table(DECISION)],
  ['outcome', table({ decisionId: 'text', outcome: 'result' })],
  [
    'review',
    table({
      decisionId: 'text',
      reviewerId: 'text',
      humanDecision: 'result',
      verdict: 'told',
      humanOverride: 'told',
    }),
  ],
  ['access', table({ purpose: 'text' })],
])
const OTHER = table({ ...MODEL, decisionId: 'text' })

/** Input features of decisions come on top. */
export function indexedFields(kind: string): IndexedFields {
  return BY_KIND.get(kind) ?? OTHER
}

/** Longer values of features never enter the index, in bytes of UTF-8; projection/values.ts has the same number. */
export const FEATURE_BYTES_MAX = 64
