/** The life of models, and the gate that judges a version by it. */
import { isoTime } from '@deponent/format'
import { OBJECTS_MAX } from '../../access/access-log.ts'
import { concerns } from '../../lineage/dataset-versions.ts'
import { type Deployment, deploymentsOf, inForceAt, recordedBy } from '../../lineage/deployments.ts'
import { gate } from '../../lineage/gate.ts'
import { byTime, type LifecycleRecord, textIn } from '../../lineage/lifecycle-record.ts'
import { datasetTold, deploymentTold, usesTold, versionTold } from '../../lineage/told.ts'
import { type Call, type Handler, json } from '../call.ts'
import { type KnownModel, knownVersions, modelsKnown } from '../lifecycle.ts'
import { concealed, Problem } from '../problem.ts'
import { queryAs } from '../query-as.ts'
import { restrictionOf, withLeftOut } from '../restriction.ts'
import { gateQuery, modelQuery, noQuery } from '../routes/models.ts'

/** Events of a model that are told, the last ones: as many as the record of a look names. */
const EVENTS_MAX = OBJECTS_MAX
/** How long a gate waits for what was recorded just before. */
const INDEX_WAIT_MS = 5_000

export const listModels: Handler = async (call) => {
  queryAs(call.query, noQuery)
  const { clock, projection } = call.services
  const restriction = restrictionOf(call)
  const { isCut, uses, ...answer } = await projection.modelUse(undefined, restriction)
  const { isWhole, models } = await modelsKnown(call, restriction, uses)
  const now = clock.now()
  const items = models.filter(({ modelId }) => modelId !== '').map((model) => summaryOf(model, now))
  call.look.objects = objectsOf(models.flatMap(({ records }) => records))
  call.look.count = items.length
  return json(withLeftOut({ items, isWhole: isWhole && !isCut, ...answer }, restriction))
}

function summaryOf({ modelId, records, uses, versions }: KnownModel, now: number): object {
  const last = byTime(records).at(-1)
  return {
    modelId,
    isDeclared: records.length > 0,
    systems: [...new Set([...records, ...uses].map(({ system }) => system))].toSorted(),
    versions: versions.map(({ modelVersion, state }) => ({ modelVersion, state })),
    inForce: inForceAt(deploymentsOf(records), now).map(deploymentTold),
    decisions: usesTold(uses),
    lastEventAt: last ? isoTime(last.at) : null,
  }
}

export const getModel: Handler = async (call) => {
  const { clock, projection } = call.services
  const { at } = queryAs(call.query, modelQuery)
  const moment = at === undefined ? clock.now() : Date.parse(at)
  const restriction = restrictionOf(call)
  const modelId = call.params.modelId!
  const { isCut, uses, ...answer } = await projection.modelUse(modelId, restriction)
  const { isWhole, models } = await modelsKnown(call, restriction, uses, modelId)
  const [model] = models
  if (!model) throw unknownModel(call)
  const { records, versions } = model
  const events = byTime(records).slice(-EVENTS_MAX)
  call.look.objects = events.map(({ id }) => id)
  call.look.count = events.length
  return json(
    withLeftOut(
      {
        modelId,
        isDeclared: records.length > 0,
        inForce: inForceTold(records, moment),
        versions: versions.map(versionTold),
        decisions: usesTold(uses),
        events: events.map(eventTold),
        eventCount: records.length,
        isWhole: isWhole && !isCut,
        ...answer,
      },
      restriction,
    ),
  )
}

/** To whoever does not see everything, one of another system is as unknown as one that is not there. */
function unknownModel({ permit }: Call): Problem {
  const detail = 'no model of this name is known'
  return permit.isWhole ? new Problem(404, 'not_found', detail) : concealed(detail)
}

/** By what the ledger had at that moment, and by what is known of it now; of deployments that `serves` says yes to. */
export function inForceTold(
  records: readonly LifecycleRecord[],
  at: number,
  serves: (deployment: Deployment) => boolean = () => true,
): object {
  const told = (deployments: readonly Deployment[]): object[] =>
    inForceAt(deployments, at).filter(serves).map(deploymentTold)
  return {
    at: isoTime(at),
    asRecorded: told(deploymentsOf(recordedBy(records, at))),
    asKnown: told(deploymentsOf(records)),
  }
}

function eventTold(event: LifecycleRecord): object {
  const { at, id, index, kind, receivedAt, record, system } = event
  const modelVersion = textIn(event, 'modelVersion')
  return {
    id,
    index,
    kind,
    at: isoTime(at),
    receivedAt: isoTime(receivedAt),
    system,
    ...(modelVersion !== undefined && { modelVersion }),
    record,
  }
}

export const getModelGate: Handler = async (call) => {
  const { environment, modelVersion } = queryAs(call.query, gateQuery)
  await caughtUp(call)
  const modelId = call.params.modelId!
  const { isWhole, models } = await modelsKnown(call, restrictionOf(call), [], modelId)
  const version = models[0]?.versions.find((one) => one.modelVersion === modelVersion)
  const answer = gate(version, environment, isWhole)
  const entries = new Set(answer.reasons.flatMap((reason) => reason.entries))
  call.look.objects = [...entries].slice(0, EVENTS_MAX)
  call.look.count = entries.size
  const asOf = { size: call.services.projection.position() }
  return json({ modelId, modelVersion, environment: environment ?? null, ...answer, isWhole, asOf })
}

/** Whoever asks has often recorded what is asked about a moment ago. @throws Problem `index_behind` */
async function caughtUp({ services }: Call): Promise<void> {
  const { clock, projection, tenant } = services
  const { size } = tenant.ledger
  if (projection.position() >= size) return
  const isThere = await new Promise<boolean>((resolve) => {
    const cancel = clock.after(INDEX_WAIT_MS, () => resolve(false))
    const end = (is: boolean) => () => {
      cancel()
      resolve(is)
    }
    projection.visible(size - 1).then(end(true), end(false))
  })
  if (isThere) return
  const detail = 'the index does not have what was recorded last'
  throw new Problem(503, 'index_behind', detail, {}, { 'Retry-After': '5' })
}

export const listDatasets: Handler = async (call) => {
  queryAs(call.query, noQuery)
  const known = await modelsKnown(call, restrictionOf(call), [])
  const versions = knownVersions(known)
  const items = known.datasets.all().map((dataset) => ({
    ...datasetTold(dataset),
    usedBy: versions
      .filter(({ version }) => version.trainingData.some((used) => concerns(used, dataset)))
      .map(({ modelId, version: { modelVersion } }) => ({ modelId, modelVersion })),
  }))
  call.look.objects = objectsOf(known.datasetRecords)
  call.look.count = items.length
  return json({ items, isWhole: known.isWhole, asOf: { size: call.services.projection.position() } })
}

/** The last of the records that are shown. */
function objectsOf(records: readonly LifecycleRecord[]): string[] {
  return records.slice(-EVENTS_MAX).map(({ id }) => id)
}
