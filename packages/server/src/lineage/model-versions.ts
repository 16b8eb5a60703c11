/** What is declared of the versions of a model, and what telemetry shows of them. */
import { isObject, type JsonValue } from '@deponent/format'
import { type DatasetVersion, type DatasetVersions, distinct } from './dataset-versions.ts'
import { type Deployment, deploymentsOf, inForceAt } from './deployments.ts'
import { byTime, type LifecycleRecord, textIn } from './lifecycle-record.ts'

/** Decisions of a version in one environment of a system; texts are empty where decisions state none. */
export interface Use {
  readonly system: string
  readonly modelId: string
  readonly modelVersion: string
  readonly environment: string
  readonly decisions: number
  readonly firstAt?: number
  readonly lastAt?: number
}

/** What somebody did, and the entry that says so. */
export interface Act {
  readonly by: JsonValue
  readonly at: number
  readonly entry: string
  readonly environment?: string
}

export interface Evaluation {
  readonly metric: JsonValue
  readonly value?: JsonValue
  readonly threshold?: JsonValue
  readonly passed?: JsonValue
  readonly group?: JsonValue
  readonly n?: JsonValue
  readonly at: number
  readonly entry: string
}

/**
 * `undeclared`: only decisions name it. `recalled` and `retired`: withdrawn, and not deployed since. `replaced`: was in force, and
 * another is.
 */
export type VersionState = 'undeclared' | 'declared' | 'in_force' | 'replaced' | 'retired' | 'recalled'

export interface ModelVersion {
  readonly modelVersion: string
  readonly state: VersionState
  readonly isDeprecated: boolean
  /** When it was first heard of, by a record or a decision. */
  readonly firstAt?: number
  readonly builtBy: readonly Act[]
  readonly approvedBy: readonly Act[]
  readonly evaluations: readonly Evaluation[]
  readonly trainingData: readonly DatasetVersion[]
  readonly deployments: readonly Deployment[]
  readonly uses: readonly Use[]
}

const BUILDING = new Set(['model.training_started', 'model.training_completed'])
const APPROVING = 'model.deployment_approved'
const WITHDRAWING = new Map<string, VersionState>([
  ['model.retired', 'retired'],
  ['model.recall', 'recalled'],
])

/** Versions in the order they were first heard of. `records` and `uses`: those of one model. */
export function versionsOf(
  records: readonly LifecycleRecord[],
  uses: readonly Use[],
  datasets: DatasetVersions,
  now: number,
): ModelVersion[] {
  const ordered = byTime(records)
  const deployments = deploymentsOf(ordered)
  const names = new Set([
    ...ordered.flatMap((record) => textIn(record, 'modelVersion') ?? []),
    ...deployments.map(({ modelVersion }) => modelVersion),
    ...uses.map(({ modelVersion }) => modelVersion).filter((version) => version !== ''),
  ])
  const recordsOf = Map.groupBy(ordered, (record) => textIn(record, 'modelVersion'))
  const deploymentsBy = Map.groupBy(deployments, ({ modelVersion }) => modelVersion)
  const usesBy = Map.groupBy(uses, ({ modelVersion }) => modelVersion)
  const withdrawals = ordered.filter(({ kind }) => WITHDRAWING.has(kind))
  return [...names]
    .map((name) => {
      const [own, known] = [recordsOf.get(name) ?? [], deploymentsBy.get(name) ?? []]
      const state = stateOf(own, withdrawalsOf(name, withdrawals, own), known, now)
      return versionOf(name, state, own, known, usesBy.get(name) ?? [], datasets)
    })
    .toSorted((a, b) => (a.firstAt ?? Infinity) - (b.firstAt ?? Infinity))
}

function versionOf(
  modelVersion: string,
  state: VersionState,
  own: readonly LifecycleRecord[],
  deployments: readonly Deployment[],
  uses: readonly Use[],
  datasets: DatasetVersions,
): ModelVersion {
  const moments = [...own.map(({ at }) => at), ...uses.flatMap(({ firstAt }) => firstAt ?? [])]
  return {
    modelVersion,
    state,
    isDeprecated: own.some(({ kind }) => kind === 'model.deprecated'),
    ...(moments.length > 0 && { firstAt: Math.min(...moments) }),
    builtBy: actsIn(
      own.filter(({ kind }) => BUILDING.has(kind)),
      'actor',
    ),
    approvedBy: actsIn(
      own.filter(({ kind }) => kind === APPROVING),
      'approver',
      'actor',
    ),
    evaluations: own.flatMap(evaluationsIn),
    trainingData: distinct(own.flatMap(({ record }) => datasets.named(record['trainingDataRef']))).map(
      (reference) => datasets.of(reference),
    ),
    deployments,
    uses,
  }
}

/** Those that withdraw a version: its own, and those of all versions there were by then. `withdrawals`: of the model, in order. */
function withdrawalsOf(
  modelVersion: string,
  withdrawals: readonly LifecycleRecord[],
  [first]: readonly LifecycleRecord[],
): LifecycleRecord[] {
  if (first === undefined) return []
  return withdrawals.filter(
    (record) =>
      (record.at > first.at || (record.at === first.at && record.index >= first.index)) &&
      [undefined, modelVersion].includes(textIn(record, 'modelVersion')),
  )
}

function stateOf(
  own: readonly LifecycleRecord[],
  withdrawals: readonly LifecycleRecord[],
  deployments: readonly Deployment[],
  now: number,
): VersionState {
  if (inForceAt(deployments, now).length > 0) return 'in_force'
  const deployed = own.filter(({ kind }) => kind === 'model.deployed')
  const last = byTime([...deployed, ...withdrawals]).findLast(({ at }) => at <= now)
  const withdrawn = last && WITHDRAWING.get(last.kind)
  if (withdrawn !== undefined) return withdrawn
  if (deployments.some(({ from }) => from <= now)) return 'replaced'
  return own.length > 0 ? 'declared' : 'undeclared'
}

/** What each record says the first of these fields did. */
function actsIn(records: readonly LifecycleRecord[], ...fields: readonly string[]): Act[] {
  return records.flatMap((record) => {
    const by = fields.map((field) => record.record[field]).find((value) => value !== undefined)
    if (by === undefined) return []
    const environment = textIn(record, 'environment')
    return [{ by, at: record.at, entry: record.id, ...(environment !== undefined && { environment }) }]
  })
}

function evaluationsIn({ at, id, record }: LifecycleRecord): Evaluation[] {
  const results = record['evaluationResults']
  if (!Array.isArray(results)) return []
  return results.flatMap((result) => {
    if (!isObject(result) || result['metric'] === undefined) return []
    const { metric, value, threshold, passed, group, n } = result
    const told = { value, threshold, passed, group, n }
    const given = Object.entries(told).filter(([, member]) => member !== undefined)
    return [{ metric: metric!, ...Object.fromEntries(given), at, entry: id }]
  })
}
