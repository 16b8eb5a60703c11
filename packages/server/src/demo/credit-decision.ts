import { iso } from './calendar.ts'
import type { Chance } from './chance.ts'
import { COMPANY, SYSTEMS } from './company.ts'
import { featuresFor } from './credit-application.ts'
import type { Application } from './credit-application.ts'
import type { DemoRecord } from './demo-record.ts'
import { checksumOf, score, scorerModels } from './scorer-model.ts'
import type { Score, ScorerModel } from './scorer-model.ts'
import { inferences } from './scorer-environment.ts'
import { outputOf } from './scorer-output.ts'
import { reasoningOf } from './scorer-reasons.ts'
import { inForceAt } from './story.ts'
import type { Story } from './story.ts'

type Fields = DemoRecord['record']

/** What an officer needs to judge a decision: the score and what gave it. */
export interface ScoredCase {
  model: ScorerModel
  score: Score
  reviewRequired: boolean
}

/** The decision about an application, and its score unless scoring failed. */
export function decide(
  story: Story,
  application: Application,
): { decision: DemoRecord; scored: ScoredCase | undefined } {
  const { at, chance } = application
  const model = scorerModels[inForceAt(story.scorer, at).version]
  const features = featuresFor(model, application)
  const base = {
    ...identity(application, model),
    inputFeatures: { ...features },
    latencyMs: latency(chance, 36),
  }
  if (chance.happens(0.004)) {
    return { decision: asDecision(at, { ...base, ...bureauTimeout }), scored: undefined }
  }
  const result = score(model, features)
  const reviewRequired = Math.abs(result.probability - model.threshold) < 0.035 || application.amount > 25_000
  const decision = { ...base, ...judgement(model, application, result), humanReviewRequired: reviewRequired }
  return { decision: asDecision(at, decision), scored: { model, score: result, reviewRequired } }
}

function asDecision(at: number, record: Fields): DemoRecord {
  return { at, kind: 'decision', record }
}

function latency(chance: Chance, medianMs: number): number {
  return Math.round(chance.around(medianMs, 0.35) * 10) / 10
}

const bureauTimeout: Fields = {
  status: 'error',
  error: { type: 'BureauTimeout', message: 'the credit bureau did not answer within 2000 ms' },
}

function identity(application: Application, model: ScorerModel): Fields {
  const { at, person, chance } = application
  return {
    decisionId: application.decisionId,
    caseId: application.caseId,
    traceId: application.traceId,
    spanId: chance.hex(16),
    requestId: `req-${chance.hex(10)}`,
    timestamp: iso(at),
    environment: 'production',
    system: SYSTEMS.scorer,
    systemActor: 'loan-origination',
    deployer: COMPANY,
    region: person.region,
    jurisdiction: ['DE', 'EU'],
    affectedUserId: person.id,
    modelId: 'repayment-scorer',
    modelVersion: model.version,
    modelChecksum: checksums.get(model.version)!,
    modelType: 'classification',
    provider: COMPANY,
    policyVersion: 'lending-policy-9',
    threshold: model.threshold,
    featureStoreVersion: model.featureStoreVersion,
    inference: inferences.get(model.version)!,
    protectedAttributes: { sex: person.sex, ageBand: person.ageBand },
    riskTier: 'high',
    decisionCategory: 'consumer-credit',
    consequenceLevel: 'significant',
    legalEffect: true,
    purpose: 'creditworthiness of a loan applicant',
    lawfulBasis: 'contract',
    automationLevel: 'human-on-exception',
    dataRetentionPolicy: 'credit-decisions',
    tags: ['channel:' + chance.weighted({ web: 62, branch: 24, broker: 14 })],
  }
}

const checksums = new Map(Object.values(scorerModels).map((model) => [model.version, checksumOf(model)]))

function judgement(model: ScorerModel, application: Application, result: Score): Fields {
  const { approved, contributions } = result
  return {
    status: 'ok',
    ...outputOf(result),
    explanation: {
      topFeatures: contributions.map(({ feature, importance }) => ({ feature, importance })),
      method: 'contributions to the log-odds of repayment; with the intercept they add up to the score',
      reasoning: reasoningOf(result, model.threshold),
      ...(approved ? {} : counterfactual(model, application)),
    },
  }
}

/** The largest smaller amount that this model would have approved, found by asking the model itself. */
function counterfactual(model: ScorerModel, application: Application): Fields {
  for (let amount = application.amount - 250; amount >= 1_000; amount -= 250) {
    const { approved, probability } = score(model, featuresFor(model, application, amount))
    if (approved) {
      return { counterfactual: { requestedAmount: amount, prediction: 'approve', confidence: probability } }
    }
  }
  return {}
}

/** While a new version is watched in shadow, a fifth of the applications are scored by it as well; nobody acts on it. */
export function shadowDecision(story: Story, application: Application): DemoRecord[] {
  const { at, chance } = application
  if (at < story.shadow.from || at >= story.shadow.to || !chance.happens(0.2)) return []
  const model = scorerModels['4.2.1']
  const features = featuresFor(model, application)
  const record = {
    ...identity(application, model),
    decisionId: chance.uuid(at + 40),
    timestamp: iso(at + 40),
    environment: 'shadow',
    inputFeatures: { ...features },
    latencyMs: latency(chance, 39),
    ...judgement(model, application, score(model, features)),
    links: [{ rel: 'derivedFrom', id: application.decisionId }],
  }
  return [asDecision(at + 40, record)]
}
