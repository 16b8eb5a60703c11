/** Where on the page each field of a decision stands. A field no group names is shown with the others: none is hidden. */

export interface FieldGroup {
  readonly title: string
  readonly fields: readonly string[]
}

export const OUTCOME: FieldGroup = {
  title: 'What was decided',
  fields: [
    'finalDecision',
    'confidenceKind',
    'predictionInterval',
    'decisionCategory',
    'reasonCodes',
    'error',
    'finishReason',
    'guardrails',
    'toolCalls',
    'explanationRef',
  ],
}

export const WHO: FieldGroup = {
  title: 'Who',
  fields: [
    'affectedUserId',
    'affectedSubjects',
    'userId',
    'systemActor',
    'actor',
    'deployer',
    'humanReviewRequired',
    'humanReviewed',
    'humanOverride',
    'humanDecision',
    'humanReviewerId',
    'overrideReason',
  ],
}

export const WHY: FieldGroup = {
  title: 'Why it was allowed',
  fields: [
    'purpose',
    'lawfulBasis',
    'consentGiven',
    'legalEffect',
    'riskTier',
    'consequenceLevel',
    'automationLevel',
    'policyVersion',
    'jurisdiction',
    'dataRetentionPolicy',
    'retention',
  ],
}

export const MODEL: FieldGroup = {
  title: 'Model',
  fields: [
    'modelId',
    'modelVersion',
    'modelType',
    'modelChecksum',
    'provider',
    'operation',
    'requestedModel',
    'servedModel',
    'promptName',
    'promptVersion',
    'agentId',
    'agentName',
    'agentVersion',
    'threshold',
    'featureStoreVersion',
    'inference',
  ],
}

export const WHERE: FieldGroup = {
  title: 'Where and when',
  fields: [
    'system',
    'environment',
    'region',
    'decisionId',
    'caseId',
    'traceId',
    'spanId',
    'requestId',
    'sessionId',
    'ipAddress',
    'userAgent',
    'emitter',
    'timestamp',
    'timestampSource',
    'atAssumed',
    'tags',
  ],
}

export const COST: FieldGroup = {
  title: 'Time and cost',
  fields: ['latencyMs', 'timeToFirstTokenMs', 'tokenUsage', 'costUsd'],
}

export const CONTENT: FieldGroup = {
  title: 'Input and context',
  fields: [
    'input',
    'inputHash',
    'contextData',
    'protectedAttributes',
    'retrievedDocuments',
    'referenceDatabase',
    'usePeriod',
  ],
}

/** Fields that have a drawing of their own. */
const DRAWN = [
  'prediction',
  'confidence',
  'status',
  'alternativePredictions',
  'explanation',
  'inputFeatures',
  'messages',
]

const PLACED = new Set([
  ...DRAWN,
  ...[OUTCOME, WHO, WHY, MODEL, WHERE, COST, CONTENT].flatMap(({ fields }) => fields),
])

/** The fields of a record that no group names. */
export function otherFields(record: Readonly<Record<string, unknown>>): FieldGroup {
  return { title: 'Other fields', fields: Object.keys(record).filter((field) => !PLACED.has(field)) }
}
