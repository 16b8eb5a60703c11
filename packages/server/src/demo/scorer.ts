import { atWork, DAY_MS, HOUR_MS, iso, MINUTE_MS } from './calendar.ts'
import { Chance } from './chance.ts'
import { COMPANY, STAFF, SYSTEMS } from './company.ts'
import type { DemoRecord } from './demo-record.ts'
import { personOf, POPULATION, stepped } from './people.ts'
import type { Person } from './people.ts'
import { burden, checksumOf, instalment, round4, score, scorerModels } from './scorer-model.ts'
import type { Score, ScorerFeatures, ScorerModel } from './scorer-model.ts'
import { reasonCodesOf, reasoningOf } from './scorer-reasons.ts'
import { inForceAt, isBroken } from './story.ts'
import type { Story } from './story.ts'

type Fields = DemoRecord['record']

/** One application for a loan, as its applicant made it. */
interface Application {
  at: number
  caseId: string
  decisionId: string
  traceId: string
  person: Person
  /** EUR. */
  amount: number
  termMonths: number
  chance: Chance
}

/** An application and everything that follows from it: the decision, its review, a contest, the loan's end. */
export function creditApplication(story: Story, seed: string, chance: Chance, at: number): DemoRecord[] {
  const application = newApplication(seed, chance, at)
  const { decision, verdict } = decide(story, application)
  const records = [decision, ...shadowDecision(story, application)]
  if (verdict === undefined) return records
  const reviewed = review(story, application, verdict)
  records.push(...reviewed.records)
  if (reviewed.approved) return [...records, ...repayment(application)]
  return [...records, ...contest(story, application, reviewed.at)]
}

function newApplication(seed: string, chance: Chance, at: number): Application {
  const person = personOf(seed, chance.integer(0, POPULATION - 1))
  const termMonths = chance.pick([12, 24, 36, 36, 48, 48, 60, 72, 84])
  const amount = stepped(chance.around(3.1 * person.monthlyIncome, 0.55), 250, 1_000, 45_000)
  const decisionId = chance.uuid(at)
  const caseId = `loan-${new Date(at).getUTCFullYear()}-${chance.hex(7)}`
  return { at, caseId, decisionId, traceId: chance.hex(32), person, amount, termMonths, chance }
}

/** What the feature store hands to the model; the payroll feed knows nobody without a salary. */
function featuresFor(model: ScorerModel, application: Application, amount: number = application.amount): ScorerFeatures {
  const { person, termMonths } = application
  const known = model.incomeSource === 'application' || person.employment === 'salaried'
  const monthlyIncome = known ? person.monthlyIncome : 0
  return {
    monthlyIncome,
    requestedAmount: amount,
    termMonths,
    instalmentToIncome: burden(instalment(amount, termMonths) + person.existingInstalments, monthlyIncome),
    bankTenureMonths: person.bankTenureMonths,
    missedPayments24m: person.missedPayments24m,
    openCreditLines: person.openCreditLines,
    employment: person.employment,
    housing: person.housing,
  }
}

/** What a human needs to judge a decision: the score and what was scored. */
interface Verdict {
  model: ScorerModel
  score: Score
  reviewRequired: boolean
}

function decide(story: Story, application: Application): { decision: DemoRecord; verdict: Verdict | undefined } {
  const { at, chance } = application
  const model = scorerModels[inForceAt(story.scorer, at).version]
  const features = featuresFor(model, application)
  const base = { ...identity(application, model), inputFeatures: { ...features }, latencyMs: latency(chance, 36) }
  if (chance.happens(0.004)) return { decision: asDecision(at, { ...base, ...bureauTimeout }), verdict: undefined }
  const result = score(model, features)
  const reviewRequired = Math.abs(result.probability - model.threshold) < 0.035 || application.amount > 25_000
  const decision = { ...base, ...judgement(model, application, result), humanReviewRequired: reviewRequired }
  return { decision: asDecision(at, decision), verdict: { model, score: result, reviewRequired } }
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
    modelChecksum: checksums[model.version],
    modelType: 'classification',
    provider: COMPANY,
    policyVersion: 'lending-policy-9',
    threshold: model.threshold,
    featureStoreVersion: model.featureStoreVersion,
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

const checksums = Object.fromEntries(Object.values(scorerModels).map((model) => [model.version, checksumOf(model)]))

function judgement(model: ScorerModel, application: Application, result: Score): Fields {
  const { probability, approved, contributions } = result
  return {
    status: 'ok',
    prediction: approved ? 'approve' : 'decline',
    confidence: probability,
    confidenceKind: 'probability',
    reasonCodes: approved ? [] : reasonCodesOf(contributions),
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
    if (approved) return { counterfactual: { requestedAmount: amount, prediction: 'approve', confidence: probability } }
  }
  return {}
}

/** While a new version is watched in shadow, a fifth of the applications are scored by it as well; nobody acts on it. */
function shadowDecision(story: Story, application: Application): DemoRecord[] {
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

/** Whether the loan is granted in the end, when that was known, and what the officer left on record. */
interface Reviewed {
  at: number
  approved: boolean
  records: DemoRecord[]
}

function review(story: Story, application: Application, verdict: Verdict): Reviewed {
  const { at, chance } = application
  const { approved } = verdict.score
  if (!verdict.reviewRequired && !chance.happens(sampleRate(story, application, approved))) {
    return { at, approved, records: [] }
  }
  const openedAt = atWork(at + chance.around(55 * MINUTE_MS, 0.8))
  const reviewedAt = openedAt + Math.round(chance.around(6 * MINUTE_MS, 0.5))
  const reason = overrideReason(story, application, verdict)
  const granted = reason === undefined ? approved : !approved
  const record = {
    timestamp: iso(reviewedAt),
    system: SYSTEMS.scorer,
    decisionId: application.decisionId,
    actor: chance.pick(STAFF.officers),
    openedAt: iso(openedAt),
    verdict: reason === undefined ? 'agree' : 'override',
    humanDecision: granted ? 'approve' : 'decline',
    ...(reason === undefined ? {} : { overrideReason: reason }),
  }
  return { at: reviewedAt, approved: granted, records: [{ at: reviewedAt, kind: 'review', record }] }
}

/** Officers look at some declines by themselves, and at many more once the broken release had made itself felt. */
function sampleRate(story: Story, { at }: Application, approved: boolean): number {
  if (approved) return 0.015
  return isBroken(story, at) ? 0.2 + 0.3 * daysIntoBroken(story, at) : 0.1
}

/** 0 on the day of the broken deployment, 1 on the day of its rollback. */
function daysIntoBroken({ broken }: Story, at: number): number {
  return (at - broken.deployedAt) / (broken.rolledBackAt - broken.deployedAt)
}

function overrideReason(story: Story, application: Application, { model, score: result }: Verdict): string | undefined {
  const { person, chance } = application
  const incomeLost = model.incomeSource === 'payroll-feed' && person.employment !== 'salaried'
  if (incomeLost && !result.approved && trueScore(application).approved) {
    return chance.happens(0.85) ? `income shown as 0, but ${proofOfIncome(person)}` : undefined
  }
  if (!chance.happens(isBroken(story, application.at) ? 0.06 : 0.07)) return undefined
  return result.approved
    ? chance.pick(['employer under insolvency', 'documents do not match the application'])
    : chance.pick(['second income of the household not considered', 'missed payments were a bank error', 'guarantor'])
}

function proofOfIncome({ employment }: Person): string {
  if (employment === 'pensioner') return 'the pension statement is in the file'
  return employment === 'student' ? 'the grant letter is in the file' : 'the tax assessment is in the file'
}

/** What a sound model with the real income would have said. */
function trueScore(application: Application): Score {
  const sound = scorerModels['4.1.0']
  return score(sound, featuresFor(sound, application))
}

/** Four of five granted loans are taken up; each ends as repaid on schedule after 90 days, or in default before. */
function repayment(application: Application): DemoRecord[] {
  const { at, person, chance } = application
  if (!chance.happens(0.8)) return []
  const repaid = chance.happens(1 / (1 + Math.exp(-(trueScore(application).logOdds + person.reliability))))
  const days = repaid ? 90 : Math.floor(chance.between(31, 90))
  const seenAt = at + days * DAY_MS + 5 * HOUR_MS
  const record = {
    timestamp: iso(seenAt),
    system: SYSTEMS.scorer,
    decisionId: application.decisionId,
    outcome: repaid ? 1 : 0,
    label: repaid ? 'on schedule after 90 days' : 'default',
    source: 'loan-ledger',
  }
  return [{ at: seenAt, kind: 'outcome', record }]
}

/** Some of the declined ask a human to decide again, more of them when the refusal made no sense. */
function contest(story: Story, application: Application, declinedAt: number): DemoRecord[] {
  const { person, chance } = application
  const senseless = isBroken(story, application.at) && person.employment !== 'salaried'
  if (!chance.happens(senseless ? 0.22 : 0.03)) return []
  const at = Math.round(declinedAt + chance.between(0.3, 6) * DAY_MS)
  const record = {
    timestamp: iso(at),
    system: SYSTEMS.scorer,
    decisionId: application.decisionId,
    actor: person.id,
    channel: chance.pick(['letter', 'portal', 'phone']),
    statement: senseless
      ? 'My income is stated in the application and was not looked at.'
      : 'I do not understand why I was declined and ask for a person to look at it.',
  }
  return [{ at, kind: 'contest', record }, ...contestAnswer(application, at)]
}

function contestAnswer(application: Application, contestedAt: number): DemoRecord[] {
  const { chance } = application
  const at = atWork(contestedAt + chance.around(2 * DAY_MS, 0.5))
  const { approved, probability } = trueScore(application)
  const record = {
    timestamp: iso(at),
    system: SYSTEMS.scorer,
    decisionId: application.decisionId,
    actor: chance.pick(STAFF.officers),
    verdict: approved ? 'reverse' : 'agree',
    humanDecision: approved ? 'approve' : 'decline',
    ...(approved ? { overrideReason: `scored again by hand with documented income: ${round4(probability)}` } : {}),
  }
  return [{ at, kind: 'review', record }]
}
