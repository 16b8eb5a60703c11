import type { Fields } from '../fields.ts'
import {
  choice,
  flag,
  identifier,
  json,
  label,
  list,
  listOrOne,
  name,
  number,
  numericValue,
  object,
  objectOrText,
  oneOf,
  text,
} from '../fields.ts'
import type { Judged } from '../kind.ts'
import { defineKind, isGiven } from '../kind.ts'

const subject = oneOf(identifier, object({ id: identifier }))

const whoAndWhere: Fields = {
  decisionId: identifier,
  caseId: identifier,
  traceId: identifier,
  spanId: identifier,
  requestId: identifier,
  sessionId: identifier,
  environment: label('production', 'staging', 'development', 'shadow'),
  systemActor: text,
  deployer: oneOf(text, object()),
  region: text,
  jurisdiction: listOrOne(text),
  ipAddress: text,
  userAgent: text,
  userId: identifier,
  affectedUserId: identifier,
  affectedSubjects: listOrOne(subject),
}

const model: Fields = {
  modelId: name,
  modelVersion: identifier,
  modelChecksum: text,
  modelType: label('classification', 'regression', 'llm', 'recommendation', 'agent', 'other'),
  provider: text,
  operation: text,
  requestedModel: text,
  servedModel: text,
  promptName: text,
  promptVersion: identifier,
  policyVersion: identifier,
  threshold: oneOf(number, object()),
  inference: object({
    weightsHash: text,
    configHash: text,
    preprocessing: json,
    tokenizer: json,
    runtime: json,
    settings: json,
    promptVersion: identifier,
    featureStoreVersion: identifier,
  }),
  featureStoreVersion: identifier,
  agentId: identifier,
  agentName: text,
  agentVersion: identifier,
}

const input: Fields = {
  input: json,
  inputFeatures: oneOf(object(), list()),
  inputHash: text,
  messages: list(),
  retrievedDocuments: list(oneOf(text, object({ id: identifier, version: identifier, digest: text }))),
  contextData: json,
  protectedAttributes: oneOf(object(), list()),
  referenceDatabase: oneOf(text, object()),
  usePeriod: json,
}

export const explanation = objectOrText(
  object({
    topFeatures: list(object({ feature: identifier, importance: number })),
    reasoning: oneOf(text, list(), object()),
    method: text,
    counterfactual: json,
  }),
  'reasoning',
)

const output: Fields = {
  status: choice('ok', 'error', 'refused', 'abstained', 'fallback', 'timeout'),
  error: objectOrText(object({ type: text, message: text }), 'message'),
  prediction: json,
  confidence: number,
  confidenceKind: choice('probability', 'self_reported', 'score', 'logprob'),
  predictionInterval: oneOf(list(), object()),
  alternativePredictions: oneOf(list(), object()),
  finalDecision: json,
  reasonCodes: listOrOne(oneOf(identifier, object())),
  finishReason: oneOf(text, list(text)),
  toolCalls: list(),
  guardrails: list(oneOf(text, object({ name: text, outcome: json }))),
  explanation,
  explanationRef: oneOf(text, object()),
}

const people: Fields = {
  humanReviewRequired: flag,
  humanReviewed: flag,
  humanOverride: flag,
  humanReviewerId: identifier,
  humanDecision: json,
  overrideReason: text,
}

const riskAndLaw: Fields = {
  riskTier: label('low', 'medium', 'high', 'critical'),
  decisionCategory: text,
  consequenceLevel: label('informational', 'material', 'significant'),
  legalEffect: oneOf(flag, text),
  purpose: text,
  lawfulBasis: text,
  consentGiven: flag,
  automationLevel: text,
  dataRetentionPolicy: oneOf(text, number),
}

const cost: Fields = {
  latencyMs: number,
  timeToFirstTokenMs: number,
  tokenUsage: object({
    input: number,
    output: number,
    cacheRead: number,
    cacheWrite: number,
    reasoning: number,
  }),
  costUsd: number,
}

/** One output of an AI system: who was affected, which model, on what input, with what result and effect. */
export const decision = defineKind({
  kinds: ['decision'],
  time: 'timestamp',
  fields: { ...whoAndWhere, ...model, ...input, ...output, ...people, ...riskAndLaw, ...cost },
  aliases: {
    decisionId: ['eventId', 'auditId'],
    caseId: ['applicationId'],
    sessionId: ['context.sessionId'],
    userId: ['context.userId'],
    requestId: ['context.requestId'],
    traceId: ['context.traceId'],
    ipAddress: ['context.ipAddress'],
    userAgent: ['context.userAgent'],
    modelId: ['model.id'],
    modelVersion: ['model.version'],
    modelType: ['model.type'],
    // inputData opens as input does: what it holds becomes `input`, where it would open when read again.
    input: ['input.data', 'inputData.data', 'inputData'],
    inputHash: ['input.hash', 'inputData.hash'],
    prediction: ['output.result', 'output'],
    confidence: ['output.confidence'],
    explanation: ['output.explanation'],
    humanOverride: ['overridden'],
    dataRetentionPolicy: ['dataRetentionDays'],
    latencyMs: ['processingTimeMs'],
  },
  required: [['modelId']],
  judge(record) {
    judgeOutput(record)
    judgeConfidence(record)
  },
})

/** A decision says what came out: a prediction, messages, or why nothing did. */
function judgeOutput(record: Judged): void {
  const status = record.value('status')
  if (status !== undefined && status !== 'ok') return
  if (record.value('prediction') !== undefined || isGiven(record.value('messages'))) return
  record.reject(
    'missing_field',
    '/prediction',
    'prediction is missing: give it, messages, or a status other than ok',
  )
}

/** Probabilities and self-reported confidence lie in 0..1; scores and log probabilities are any finite number. */
function judgeConfidence(record: Judged): void {
  const kind = record.value('confidenceKind')
  if (kind === 'score' || kind === 'logprob') return
  const confidence = numericValue(record.value('confidence'))
  if (confidence === undefined || (confidence >= 0 && confidence <= 1)) return
  record.reject('out_of_range', record.pathOf('confidence'), 'expected a number from 0 to 1')
}
