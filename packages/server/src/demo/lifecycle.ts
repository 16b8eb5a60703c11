import { DAY_MS, HOUR_MS, iso, MINUTE_MS } from './calendar.ts'
import { COMPANY, STAFF, SYSTEMS } from './company.ts'
import { datasets } from './datasets.ts'
import { type DemoRecord, recordAt as at } from './demo-record.ts'
import { releases } from './releases.ts'
import { environments } from './scorer-environment.ts'
import type { Story } from './story.ts'

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
