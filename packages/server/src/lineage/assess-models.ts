/** Models and versions that decide against those that are declared. */
import { isoTime } from '@deponent/format'
import { type AssessmentFinding, decisionsIn, recordCommand } from './assessment.ts'
import { type Deployment, inForceAt, servesIn } from './deployments.ts'
import { EVERY_SYSTEM, type LifecycleRecord, PRODUCTION } from './lifecycle-record.ts'
import type { ModelVersion, Use } from './model-versions.ts'

/** A model as it is declared, with everything that decided under its name. */
export interface AssessedModel {
  readonly modelId: string
  readonly records: readonly LifecycleRecord[]
  readonly versions: readonly ModelVersion[]
  readonly uses: readonly Use[]
}

/** Everything but decisions of versions not in force, which take counting. */
export function assessModel(
  { modelId, records, uses, versions }: AssessedModel,
  now: number,
): AssessmentFinding[] {
  if (modelId === '') return [sealedModel(uses)]
  if (records.length === 0) return [undeclaredModel(modelId, uses)]
  const unstated = uses.filter(({ modelVersion }) => modelVersion === '')
  const withoutVersion = records.filter(({ record }) => record['modelVersion'] === undefined)
  return [
    ...unstated.map((use) => unstatedVersion(use)),
    ...versions.flatMap((version) => versionFindings(modelId, version, now)),
    ...(withoutVersion.length === 0
      ? []
      : [
          {
            severity: 'gap' as const,
            code: 'event_without_version' as const,
            modelId,
            message: `${withoutVersion.length} of ${records.length} events of ${modelId} say nothing of a version`,
            next: 'send modelVersion with each event; record what was meant once more, with links to what it corrects',
          },
        ]),
  ]
}

function sealedModel(uses: readonly Use[]): AssessmentFinding {
  const decisions = decisionsIn(uses)
  return {
    severity: 'info',
    code: 'model_sealed',
    decisions,
    message: `which model made ${decisions} decisions is sealed and cannot be held against declarations`,
    next: 'declare /modelId queryable (`deponent privacy set`), for records to come',
  }
}

function undeclaredModel(modelId: string, uses: readonly Use[]): AssessmentFinding {
  const decisions = decisionsIn(uses)
  const version = uses.find(({ modelVersion }) => modelVersion !== '')?.modelVersion ?? 'VERSION'
  return {
    severity: 'gap',
    code: 'model_undeclared',
    modelId,
    decisions,
    message: `${modelId} made ${decisions} decisions and no record says anything of it`,
    next: deployedCommand(modelId, version, uses[0]),
  }
}

function unstatedVersion({ decisions, environment, modelId, system }: Use): AssessmentFinding {
  return {
    severity: 'gap',
    code: 'version_not_stated',
    system,
    modelId,
    ...(environment !== '' && { environment }),
    decisions,
    message: `${decisions} decisions of ${modelId} in ${system} do not say by which version`,
    next: 'send modelVersion with each decision',
  }
}

function versionFindings(modelId: string, version: ModelVersion, now: number): AssessmentFinding[] {
  const { deployments, modelVersion, state, uses } = version
  const decisions = decisionsIn(uses)
  const about = { modelId, modelVersion, decisions }
  if (state === 'undeclared')
    return [
      {
        severity: 'gap',
        code: 'version_undeclared',
        ...about,
        message: `${modelId} ${modelVersion} made ${decisions} decisions and no record says anything of this version`,
        next: deployedCommand(modelId, modelVersion, uses[0]),
      },
    ]
  const current = inForceAt(deployments, now)
  return [
    ...current
      .filter(({ authorisedBy, environment }) => authorisedBy === undefined && environment === PRODUCTION)
      .map(({ environment, system }): AssessmentFinding => ({
        severity: 'gap',
        code: 'version_unapproved',
        ...about,
        system,
        environment,
        message: `${modelId} ${modelVersion} is in force in ${environment} and no record says who authorised it`,
        next: recordCommand('model.deployment_approved', { system, modelId, modelVersion, approver: 'WHO' }),
      })),
    ...current
      .filter((deployment) => !uses.some((use) => isOf(use, deployment)))
      .map(({ environment, system }): AssessmentFinding => ({
        severity: 'info',
        code: 'version_unused',
        modelId,
        modelVersion,
        system,
        environment,
        message: `${modelId} ${modelVersion} is declared to be in force in ${environment} and made no decision there`,
        next: 'retire it, or see whether its application records',
      })),
  ]
}

function isOf(use: Use, { environment, system }: Deployment): boolean {
  return (use.environment || PRODUCTION) === environment && [use.system, EVERY_SYSTEM].includes(system)
}

/** Where a declared version decides, with the times at which it was in force there. */
export interface UseToCount {
  readonly use: Use
  readonly periods: readonly { readonly from: number; readonly to?: number }[]
}

/** Uses of declared versions of which some decisions may have been made while the version was not in force. */
export function usesToCount({ versions }: AssessedModel): UseToCount[] {
  return versions
    .filter(({ state }) => state !== 'undeclared')
    .flatMap(({ deployments, uses }) =>
      uses.map((use) => ({
        use,
        periods: deployments.filter((one) => servesIn(one, use.system, use.environment || PRODUCTION)),
      })),
    )
    .filter(({ periods, use }) => !isWithin(use, periods))
}

function isWithin({ firstAt, lastAt }: Use, periods: UseToCount['periods']): boolean {
  if (firstAt === undefined || lastAt === undefined) return false
  return periods.some(({ from, to }) => from <= firstAt && (to === undefined || lastAt < to))
}

/** `decisions`: how many were made while it was not in force, null where that may not be told. */
export function notInForce({ periods, use }: UseToCount, decisions: number | null): AssessmentFinding {
  const { modelId, modelVersion, system } = use
  const environment = use.environment || PRODUCTION
  const told = decisions === null ? 'some' : `${decisions} of ${use.decisions}`
  const when =
    periods.length === 0 ? 'was never declared to be deployed there' : 'was not in force there then'
  return {
    severity: 'gap',
    code: 'version_not_in_force',
    system,
    modelId,
    modelVersion,
    environment,
    decisions,
    message: `${told} decisions in ${environment} of ${system} are by ${modelId} ${modelVersion}, which ${when}`,
    next: `${deployedCommand(modelId, modelVersion, use)}; or find out who deployed it`,
  }
}

function deployedCommand(modelId: string, modelVersion: string, use: Use | undefined): string {
  const { environment = '', firstAt, system = EVERY_SYSTEM } = use ?? {}
  const event = {
    system,
    modelId,
    modelVersion,
    environment: environment || PRODUCTION,
    ...(firstAt !== undefined && { at: isoTime(firstAt) }),
    approver: 'WHO',
  }
  return recordCommand('model.deployed', event)
}
