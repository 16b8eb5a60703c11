import { DAY_MS, HOUR_MS, iso, MINUTE_MS } from './calendar.ts'
import { COMPANY, STAFF, SYSTEMS } from './company.ts'
import type { DemoRecord } from './demo-record.ts'
import { builtBy, environments } from './scorer-environment.ts'
import { checksumOf, scorerModels } from './scorer-model.ts'
import type { ScorerVersion, Story } from './story.ts'

type Fields = DemoRecord['record']

/** Everything that happened around the decisions: systems declared, models made and released, things going wrong. */
export function lifecycle(story: Story): DemoRecord[] {
  const records = [
    ...declarations(story),
    ...datasets(story),
    ...releases(story),
    ...environments(story),
    ...assistantChanges(story),
    ...brokenDeployment(story),
  ]
  return records.sort((a, b) => a.at - b.at)
}

function at(time: number, kind: DemoRecord['kind'], record: Fields): DemoRecord {
  return { at: time, kind, record: { timestamp: iso(time), ...record } }
}

function declarations(story: Story): DemoRecord[] {
  const declaredAt = story.begins - 50 * DAY_MS + 9 * HOUR_MS
  const declare = (system: string, fields: Fields) =>
    at(declaredAt, 'system.declared', {
      system,
      name: system,
      deployer: COMPANY,
      memberStates: ['DE'],
      ...fields,
    })
  return [
    declare(SYSTEMS.scorer, {
      intendedPurpose: 'creditworthiness of people who apply for a consumer loan',
      legalClass: 'annex-iii',
      annexPoint: '5(b)',
      riskTier: 'high',
      roles: ['provider', 'deployer'],
      lawfulBases: ['contract'],
      automationLevel: 'human-on-exception',
      determinativeUse: true,
      oversightMode: 'credit officers review borderline, large and sampled decisions',
      subjectFrom: 'affectedUserId',
      owner: STAFF.headOfRisk,
      actor: STAFF.headOfRisk,
    }),
    declare(SYSTEMS.screener, {
      intendedPurpose: 'ordering of applications for a job',
      riskTier: 'high',
      roles: ['deployer'],
      provider: 'Quillmark Hiring',
      subjectFrom: 'affectedUserId',
      owner: STAFF.recruiters[0],
      actor: STAFF.recruiters[0],
    }),
    declare(SYSTEMS.assistant, {
      intendedPurpose: 'answering customers about their own applications and loans',
      legalClass: 'art50',
      riskTier: 'low',
      roles: ['deployer'],
      provider: 'Lumenforge',
      lawfulBases: ['contract'],
      automationLevel: 'automatic-with-handover',
      determinativeUse: false,
      oversightMode: 'customers can ask for a person at any time',
      subjectFrom: 'affectedUserId',
      owner: STAFF.service[0],
      actor: STAFF.service[0],
    }),
  ]
}

function datasets(story: Story): DemoRecord[] {
  const loans = (version: string, registeredAt: number, gaps: string) =>
    at(registeredAt, 'dataset.registered', {
      system: SYSTEMS.scorer,
      datasetId: 'repaid-loans',
      version,
      name: 'Loans granted and how they ended',
      origin: { source: 'loan-accounts', collectedBy: COMPANY },
      originalPurpose: 'managing loans',
      specialCategories: 'none',
      preparationSteps: [
        'one row per loan',
        'incomes above 9,500 EUR capped',
        'loans younger than 90 days removed',
      ],
      assumptions: 'people who were declined would have behaved like similar people who were not',
      biasExamination: 'approval and default rates by sex and age band',
      gaps,
      splits: { train: 0.7, validation: 0.15, test: 0.15 },
      actor: STAFF.scientist,
    })
  return [
    loans('6', story.begins - 45 * DAY_MS, 'few loans to people above 75'),
    loans('7', story.begins + 40 * DAY_MS, 'few loans to people above 75'),
    loans(
      '8',
      story.broken.deployedAt - 16 * DAY_MS,
      'income from payroll only; pensions and own businesses unseen',
    ),
  ]
}

interface Training {
  version: ScorerVersion
  previousVersion?: ScorerVersion
  deployedAt: number
  dataVersion: string
  auc: number
  /** The lowest approval rate of a group over the highest; nobody measured it for the broken release. */
  parityByAge?: number
}

function releases(story: Story): DemoRecord[] {
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
    ...release({
      version: '4.2.1',
      previousVersion: '4.1.0',
      deployedAt: v421!.from,
      dataVersion: '7',
      auc: 0.786,
      parityByAge: 0.91,
    }),
    ...screenerDeployed(story),
  ]
}

/** Trained, evaluated, approved, deployed: the four steps of a release, the last at its known moment. */
function release(training: Training): DemoRecord[] {
  const { version, deployedAt } = training
  const base = { system: SYSTEMS.scorer, modelId: 'repayment-scorer', modelVersion: version }
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
    step('model.deployment_approved', DAY_MS, { actor: STAFF.headOfRisk, approver: STAFF.headOfRisk }),
    step('model.deployed', 0, {
      actor: STAFF.engineer,
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
    system: SYSTEMS.scorer,
    modelId: 'repayment-scorer',
    modelVersion: '4.1.0',
    previousVersion: '4.2.0',
    eventType: 'rollback',
    reason: 'income is 0 for everybody without a salary',
    approver: STAFF.headOfRisk,
    actor: STAFF.engineer,
  }
  return [at(broken.rolledBackAt, 'model.rollback', record)]
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

function assistantChanges(story: Story): DemoRecord[] {
  return story.assistantPrompts.slice(1).map(({ version, from }, i) =>
    at(from, 'change', {
      system: SYSTEMS.assistant,
      object: 'prompt',
      objectId: 'service-assistant',
      before: story.assistantPrompts[i]!.version,
      after: version,
      reason: i === 0 ? 'shorter answers' : 'offer a person earlier',
      requester: STAFF.service[0],
      approver: STAFF.headOfRisk,
      actor: STAFF.engineer,
    }),
  )
}

/** What people noticed, and when; the nine days are the time it took. */
function brokenDeployment({ broken }: Story): DemoRecord[] {
  const { deployedAt, rolledBackAt } = broken
  const scorer = { system: SYSTEMS.scorer }
  const alert = {
    ...scorer,
    alertId: 'alert-overrides-1',
    monitorId: 'overrides-weekly',
    modelId: 'repayment-scorer',
  }
  const incident = { ...scorer, incidentId: 'incident-1' }
  return [
    at(deployedAt + 6 * DAY_MS + 2 * HOUR_MS, 'alert.raised', {
      ...alert,
      modelVersion: '4.2.0',
      title: 'Officers override the scorer far more often than usual',
      severity: 'high',
      metric: 'override-rate',
    }),
    at(deployedAt + 8 * DAY_MS + 3 * HOUR_MS, 'alert.acknowledged', {
      ...alert,
      acknowledgedBy: STAFF.headOfRisk,
    }),
    at(deployedAt + 8 * DAY_MS + 5 * HOUR_MS, 'incident.opened', {
      ...incident,
      title: 'People without a salary declined without reason',
      severity: 'high',
      systems: [SYSTEMS.scorer],
      versions: ['4.2.0'],
      occurredFrom: iso(deployedAt),
      detectedAt: iso(deployedAt + 8 * DAY_MS + 3 * HOUR_MS),
      actor: STAFF.headOfRisk,
    }),
    at(rolledBackAt + 30 * MINUTE_MS, 'alert.resolved', { ...alert, action: 'rolled back to 4.1.0' }),
    at(rolledBackAt + 15 * DAY_MS, 'incident.closed', {
      ...incident,
      occurredTo: iso(rolledBackAt),
      rootCause: 'the payroll feed has no entry without a salary, and the missing value was read as 0',
      remedialActions: ['affected people invited to apply again', '4.2.1 reads income from the application'],
      actor: STAFF.headOfRisk,
    }),
  ]
}
