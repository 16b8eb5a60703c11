/** Whether a version of a model may be deployed by what is recorded of it. */
import type { JsonValue } from '@deponent/format'
import { type DatasetVersion, referenceText } from './dataset-versions.ts'
import { isCovered, isOnePerson, personIn } from './lifecycle-record.ts'
import type { Act, Evaluation, ModelVersion } from './model-versions.ts'

export type GateCheck =
  | 'declared'
  | 'not_withdrawn'
  | 'evaluation_passed'
  | 'approved'
  | 'approver_is_not_builder'
  | 'datasets_registered'

/** `unknown`: what it would be judged by may not be seen. */
export type GateOutcome = 'passed' | 'failed' | 'unknown'

export interface GateReason {
  readonly check: GateCheck
  readonly outcome: GateOutcome
  readonly message: string
  /** The records it was judged by. */
  readonly entries: readonly string[]
}

export interface GateAnswer {
  readonly verdict: 'passed' | 'failed' | 'incomplete'
  readonly reasons: readonly GateReason[]
}

/**
 * Judges one version, undefined when nothing is recorded of it. `environment`: where it is to go; approvals for other environments do not
 * count. Where not everything may be seen (`isWhole`), what is not there may be somewhere else, and nothing passes.
 */
export function gate(
  version: ModelVersion | undefined,
  environment: string | undefined,
  isWhole: boolean,
): GateAnswer {
  const reasons =
    version === undefined || version.state === 'undeclared' ? [undeclared()] : judge(version, environment)
  if (reasons.some(({ outcome }) => outcome === 'failed') && isWhole) return { verdict: 'failed', reasons }
  const isKnown = isWhole && reasons.every(({ outcome }) => outcome === 'passed')
  return { verdict: isKnown ? 'passed' : 'incomplete', reasons }
}

function undeclared(): GateReason {
  return reason('declared', 'failed', 'no record says anything of this version', [])
}

function judge(version: ModelVersion, environment: string | undefined): GateReason[] {
  const approvals = version.approvedBy.filter(
    (act) => environment === undefined || act.environment === undefined || act.environment === environment,
  )
  return [
    notWithdrawn(version),
    evaluationPassed(version.evaluations),
    approved(approvals, environment),
    approverIsNotBuilder(approvals.at(-1), version.builtBy),
    datasetsRegistered(version.trainingData),
  ]
}

function notWithdrawn({ isDeprecated, state }: ModelVersion): GateReason {
  if (state === 'retired' || state === 'recalled')
    return reason('not_withdrawn', 'failed', `the version is ${state}`, [])
  const message = isDeprecated
    ? 'neither retired nor recalled, though deprecated'
    : 'neither retired nor recalled'
  return reason('not_withdrawn', 'passed', message, [])
}

/** Of each metric, and each group it was measured on, the last result counts. */
function evaluationPassed(evaluations: readonly Evaluation[]): GateReason {
  const check = 'evaluation_passed'
  if (evaluations.length === 0) return reason(check, 'failed', 'no evaluation with results is recorded', [])
  const latest = [
    ...new Map(evaluations.map((result) => [JSON.stringify([result.metric, result.group]), result])).values(),
  ]
  const entries = entriesOf(latest)
  const covered = latest.filter(({ passed }) => isCovered(passed))
  if (covered.length > 0)
    return reason(check, 'unknown', `${names(covered)}: the result may not be seen`, entries)
  const failed = latest.filter(({ passed }) => passed === false)
  if (failed.length > 0) return reason(check, 'failed', `not passed: ${names(failed)}`, entries)
  const unsaid = latest.filter(({ passed }) => passed !== true)
  if (unsaid.length > 0)
    return reason(check, 'failed', `neither passed nor failed: ${names(unsaid)}`, entries)
  return reason(check, 'passed', `passed: ${names(latest)}`, entries)
}

function approved(approvals: readonly Act[], environment: string | undefined): GateReason {
  const last = approvals.at(-1)
  if (last === undefined)
    return reason(
      'approved',
      'failed',
      `no approval${forThe(environment)} is recorded that says who gave it`,
      [],
    )
  return reason('approved', 'passed', `approved by ${word(last.by)}${forThe(last.environment)}`, [last.entry])
}

function forThe(environment: string | undefined): string {
  return environment === undefined ? '' : ` for ${environment}`
}

function approverIsNotBuilder(approval: Act | undefined, built: readonly Act[]): GateReason {
  const check = 'approver_is_not_builder'
  const entries = entriesOf([...(approval ? [approval] : []), ...built])
  if (approval === undefined) return reason(check, 'failed', 'nobody is recorded as approver', entries)
  if (built.length === 0)
    return reason(check, 'failed', 'no training is recorded that says who built it', entries)
  if ([approval, ...built].some(({ by }) => isCovered(by)))
    return reason(check, 'unknown', 'who built or approved it may not be seen', entries)
  const compared = new Set(built.map(({ by }) => isOnePerson(approval.by, by)))
  if (compared.has(true))
    return reason(check, 'failed', `${word(approval.by)} built it and approved it`, entries)
  if (compared.has(undefined))
    return reason(
      check,
      'failed',
      'who built or approved it is not named in a way that can be compared',
      entries,
    )
  const builders = [...new Set(built.map(({ by }) => word(by)))]
  return reason(check, 'passed', `built by ${builders.join(', ')}`, entries)
}

function datasetsRegistered(trainingData: readonly DatasetVersion[]): GateReason {
  const check = 'datasets_registered'
  if (trainingData.length === 0) return reason(check, 'failed', 'no training data are recorded', [])
  const missing = trainingData.filter(({ registrations }) => registrations.length === 0)
  const entries = trainingData.flatMap(({ registrations }) => registrations)
  return missing.length > 0
    ? reason(check, 'failed', `not registered: ${missing.map(referenceText).join(', ')}`, entries)
    : reason(check, 'passed', `registered: ${trainingData.map(referenceText).join(', ')}`, entries)
}

function reason(
  check: GateCheck,
  outcome: GateOutcome,
  message: string,
  entries: readonly string[],
): GateReason {
  return { check, outcome, message, entries: [...new Set(entries)] }
}

function entriesOf(found: readonly { readonly entry: string }[]): string[] {
  return found.map(({ entry }) => entry)
}

function names(results: readonly Evaluation[]): string {
  return results
    .map(({ group, metric }) => (group === undefined ? word(metric) : `${word(metric)} (${word(group)})`))
    .join(', ')
}

function word(value: JsonValue): string {
  return typeof value === 'string' ? value : (personIn(value) ?? JSON.stringify(value))
}
