import { DAY_MS, HOUR_MS, MINUTE_MS } from './calendar.ts'
import { STAFF, SYSTEMS } from './company.ts'
import { type DemoRecord, recordAt as at } from './demo-record.ts'
import { builtBy } from './scorer-environment.ts'
import { checksumOf, scorerModels } from './scorer-model.ts'
import type { ScorerVersion, Story } from './story.ts'

type Fields = DemoRecord['record']

const SCORER = { system: SYSTEMS.scorer, modelId: 'repayment-scorer' }

interface Training {
  version: ScorerVersion
  previousVersion?: ScorerVersion
  deployedAt: number
  dataVersion: string
  auc: number
  /** The lowest approval rate of a group over the highest; nobody measured it for the broken release. */
  parityByAge?: number
}

export function releases(story: Story): DemoRecord[] {
  const [v400, v410, , , v421] = story.scorer
  return [
    ...release({
      version: '4.0.0',
      deployedAt: v400!.from,
      dataVersion: '6',
      auc: 0.771,
      parityByAge: 0.9,
    }),
    ...release({
      version: '4.1.0',
      previousVersion: '4.0.0',
      deployedAt: v410!.from,
      dataVersion: '7',
      auc: 0.783,
      parityByAge: 0.91,
    }),
    ...release({
      version: '4.2.0',
      previousVersion: '4.1.0',
      deployedAt: story.broken.deployedAt,
      dataVersion: '8',
      auc: 0.802,
    }),
    ...rollback(story),
    ...afterwards(story),
    ...release({
      version: '4.2.1',
      previousVersion: '4.1.0',
      deployedAt: v421!.from,
      dataVersion: '7',
      auc: 0.786,
      parityByAge: 0.91,
    }),
    ...screenerDeployed(story),
    ...assistantDeployed(story),
  ]
}

/** Trained, evaluated, approved, deployed: the four steps of a release, the last at its known moment. */
function release(training: Training): DemoRecord[] {
  const { version, deployedAt } = training
  const base = { ...SCORER, modelVersion: version }
  const step = (kind: DemoRecord['kind'], beforeMs: number, fields: Fields) =>
    at(deployedAt - beforeMs, kind, { ...base, eventType: kind.slice('model.'.length), ...fields })
  return [
    step('model.training_started', 9 * DAY_MS, { actor: STAFF.scientist, ...trainedFrom(training) }),
    step('model.training_completed', 9 * DAY_MS - 95 * MINUTE_MS, {
      actor: STAFF.scientist,
      ...trainedFrom(training),
      weightsHash: checksumOf(scorerModels[version]),
    }),
    step('model.evaluation_completed', 7 * DAY_MS, {
      actor: STAFF.scientist,
      evaluationResults: evaluations(training),
    }),
    step('model.deployed', 6 * DAY_MS, { actor: STAFF.engineer, environment: 'staging' }),
    step('model.deployment_approved', DAY_MS, { actor: STAFF.headOfRisk, approver: STAFF.headOfRisk }),
    step('model.deployed', 0, {
      actor: STAFF.engineer,
      approver: STAFF.headOfRisk,
      environment: 'production',
      ...(training.previousVersion === undefined ? {} : { previousVersion: training.previousVersion }),
      details: { featureStoreVersion: scorerModels[version].featureStoreVersion },
    }),
  ]
}

function trainedFrom({ dataVersion, version }: Training): Fields {
  return {
    trainingDataRef: { datasetId: 'repaid-loans', version: dataVersion },
    script: 'train/repayment.py',
    hyperparameters: { penalty: 'l2', c: 0.4 },
    ...builtBy(version),
  }
}

function evaluations({ auc, parityByAge }: Training): Fields[] {
  const results = [{ metric: 'auc', value: auc, threshold: 0.75, passed: auc >= 0.75, n: 8_120 }]
  if (parityByAge === undefined) return results
  const parity = {
    metric: 'approval-parity',
    value: parityByAge,
    threshold: 0.8,
    passed: parityByAge >= 0.8,
    n: 8_120,
  }
  return [...results, { ...parity, group: 'ageBand' }]
}

function rollback({ broken }: Story): DemoRecord[] {
  const record = {
    ...SCORER,
    modelVersion: '4.1.0',
    previousVersion: '4.2.0',
    eventType: 'rollback',
    environment: 'production',
    reason: 'income is 0 for everybody without a salary',
    approver: STAFF.headOfRisk,
    actor: STAFF.engineer,
  }
  return [at(broken.rolledBackAt, 'model.rollback', record)]
}

/** What became of versions that were replaced, and how the mended one was watched first. */
function afterwards({ broken, scorer, shadow }: Story): DemoRecord[] {
  const [, v410] = scorer
  const event = (time: number, eventType: string, modelVersion: string, fields: Fields) =>
    at(time, `model.${eventType}` as DemoRecord['kind'], { ...SCORER, eventType, modelVersion, ...fields })
  return [
    event(v410!.from + HOUR_MS, 'deprecated', '4.0.0', {
      actor: STAFF.scientist,
      reason: 'replaced by 4.1.0',
    }),
    event(v410!.from + 30 * DAY_MS, 'retired', '4.0.0', {
      actor: STAFF.engineer,
      approver: STAFF.headOfRisk,
    }),
    event(broken.rolledBackAt + DAY_MS, 'recall', '4.2.0', {
      actor: STAFF.headOfRisk,
      reason: 'declines people whose income the payroll feed does not know',
    }),
    event(shadow.from, 'deployed', '4.2.1', {
      actor: STAFF.engineer,
      environment: 'shadow',
      reason: 'sees the traffic and decides nothing',
    }),
  ]
}

/** All that the vendor of the screener ever told. */
function screenerDeployed(story: Story): DemoRecord[] {
  const record = {
    system: SYSTEMS.screener,
    modelId: 'talent-match',
    modelVersion: '2.3',
    eventType: 'deployed',
  }
  return [at(story.begins - 4 * DAY_MS, 'model.deployed', record)]
}

/** The assistant's model as it was bought. That its vendor served another later, nobody declared. */
function assistantDeployed({ begins }: Story): DemoRecord[] {
  const base = { system: SYSTEMS.assistant, modelId: 'aria-2', modelVersion: '0115', provider: 'Lumenforge' }
  const step = (time: number, eventType: string, fields: Fields) =>
    at(time, `model.${eventType}` as DemoRecord['kind'], { ...base, eventType, ...fields })
  return [
    step(begins - 12 * DAY_MS, 'evaluation_completed', {
      actor: STAFF.scientist,
      evaluationResults: [
        { metric: 'answers-correct', value: 0.94, threshold: 0.9, passed: true, n: 400 },
        { metric: 'advice-refused', value: 0.99, threshold: 0.98, passed: true, n: 150 },
      ],
    }),
    step(begins - 8 * DAY_MS, 'deployment_approved', { actor: STAFF.headOfRisk, approver: STAFF.headOfRisk }),
    step(begins - 5 * DAY_MS, 'deployed', {
      actor: STAFF.engineer,
      approver: STAFF.headOfRisk,
      environment: 'production',
    }),
  ]
}
