/** Which version of a model was in force where and when, by the events that are recorded of it. */
import type { JsonValue } from '@deponent/format'
import { byTime, environmentOf, EVERY_SYSTEM, type LifecycleRecord, textIn } from './lifecycle-record.ts'

/** A version in force in one environment of a system. */
export interface Deployment {
  /** EVERY_SYSTEM when no system was named. */
  readonly system: string
  readonly environment: string
  readonly modelVersion: string
  /** [from, to), Unix milliseconds; without an end while it is in force. */
  readonly from: number
  readonly to?: number
  /** The entry that brought it into force: a deployment or a rollback. */
  readonly entry: string
  /** The entry that ended it. */
  readonly endedBy?: string
  readonly deployedBy?: JsonValue
  readonly authorisedBy?: JsonValue
  /** The entry that says who authorised it. */
  readonly authorisedIn?: string
}

/** In the order they came into force. `records`: those of one model. */
export function deploymentsOf(records: readonly LifecycleRecord[]): Deployment[] {
  const history = new DeploymentHistory()
  for (const record of byTime(records)) history.take(record)
  return history.deployments
}

/** Those in force at a moment. */
export function inForceAt(deployments: readonly Deployment[], at: number): Deployment[] {
  return deployments.filter(({ from, to }) => from <= at && (to === undefined || at < to))
}

/** What the ledger had by a moment. */
export function recordedBy(records: readonly LifecycleRecord[], at: number): LifecycleRecord[] {
  return records.filter(({ receivedAt }) => receivedAt <= at)
}

/** Whether a deployment is one to judge decisions of a system and an environment by. */
export function servesIn(deployment: Deployment, system: string, environment: string): boolean {
  return deployment.environment === environment && [system, EVERY_SYSTEM].includes(deployment.system)
}

type Approval = Pick<Deployment, 'authorisedBy' | 'authorisedIn'>

class DeploymentHistory {
  readonly deployments: Deployment[] = []
  readonly #approvals = new Map<string, LifecycleRecord[]>()

  take(record: LifecycleRecord): void {
    const version = textIn(record, 'modelVersion')
    switch (record.kind) {
      case 'model.deployment_approved':
        if (version !== undefined) this.#approve(record, version)
        return
      case 'model.deployed':
        if (version !== undefined) this.#begin(record, version)
        return
      case 'model.rollback':
        this.#rollBack(record, version)
        return
      case 'model.retired':
      case 'model.recall':
        this.#withdraw(record, version)
    }
  }

  #approve(record: LifecycleRecord, modelVersion: string): void {
    const known = this.#approvals.get(modelVersion)
    if (known) known.push(record)
    else this.#approvals.set(modelVersion, [record])
  }

  /** By the last approval for the environment, or for any. */
  #approvalOf(modelVersion: string, environment: string): Approval {
    const last = this.#approvals
      .get(modelVersion)
      ?.findLast((record) => [undefined, environment].includes(textIn(record, 'environment')))
    return last ? approvalIn(last, 'approver', 'actor') : {}
  }

  #begin(record: LifecycleRecord, modelVersion: string): void {
    const place = placeOf(record)
    this.#end(record, (deployment) => isAt(deployment, place))
    const { actor } = record.record
    this.deployments.push({
      ...place,
      modelVersion,
      from: record.at,
      entry: record.id,
      ...(actor !== undefined && { deployedBy: actor }),
      ...this.#approvalOf(modelVersion, place.environment),
      ...approvalIn(record, 'approver'),
    })
  }

  /**
   * A rollback names the version that is in force after it. One that names the version in force before means that this one was rolled
   * back: then what it calls the previous version is in force again, or the one that was.
   */
  #rollBack(record: LifecycleRecord, version: string | undefined): void {
    const place = placeOf(record)
    const before = this.deployments.filter((deployment) => isAt(deployment, place))
    const current = before.find(({ to }) => to === undefined)
    const last = before.findLast(({ modelVersion }) => modelVersion !== current?.modelVersion)
    const isNamed = version !== undefined && version !== current?.modelVersion
    const next = isNamed ? version : (textIn(record, 'previousVersion') ?? last?.modelVersion)
    if (next === undefined) this.#end(record, (deployment) => isAt(deployment, place))
    else this.#begin(record, next)
  }

  /** Without an environment everywhere, without a version every version, without a system in every system. */
  #withdraw(record: LifecycleRecord, version: string | undefined): void {
    const environment = textIn(record, 'environment')
    this.#end(
      record,
      (deployment) =>
        (version === undefined || deployment.modelVersion === version) &&
        (environment === undefined || deployment.environment === environment) &&
        [deployment.system, EVERY_SYSTEM].includes(record.system),
    )
  }

  #end({ id, at }: LifecycleRecord, concerns: (deployment: Deployment) => boolean): void {
    for (const [i, deployment] of this.deployments.entries())
      if (deployment.to === undefined && concerns(deployment))
        this.deployments[i] = { ...deployment, to: at, endedBy: id }
  }
}

interface Place {
  readonly system: string
  readonly environment: string
}

function placeOf(record: LifecycleRecord): Place {
  return { system: record.system, environment: environmentOf(record) }
}

/** What is said without a system is said of all of them. */
function isAt({ system, environment }: Place, place: Place): boolean {
  return environment === place.environment && [system, EVERY_SYSTEM].includes(place.system)
}

/** Who the first of these fields names. */
function approvalIn({ id, record }: LifecycleRecord, ...fields: readonly string[]): Approval {
  const by = fields.map((field) => record[field]).find((value) => value !== undefined)
  return by === undefined ? {} : { authorisedBy: by, authorisedIn: id }
}
