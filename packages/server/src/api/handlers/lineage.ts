/** Where decisions come from, and where data go. */
import { isoTime } from '@deponent/format'
import { type KnownVersion, LineageBuilder, type LineageGraph } from '../../lineage/lineage-graph.ts'
import { type LifecycleRecord, PRODUCTION } from '../../lineage/lifecycle-record.ts'
import { servesIn } from '../../lineage/deployments.ts'
import { graphTold } from '../../lineage/told.ts'
import { OBJECTS_MAX } from '../../access/access-log.ts'
import { type Call, type Handler, json } from '../call.ts'
import { type KnownModels, knownVersions, modelsKnown } from '../lifecycle.ts'
import { concealed, Problem } from '../problem.ts'
import { queryAs } from '../query-as.ts'
import { erasedProblem, isErased, placeOf, readSeen, viewOf } from '../read-entry.ts'
import { restrictionOf, withLeftOut } from '../restriction.ts'
import { lineageQuery } from '../routes/models.ts'
import { inForceTold } from './models.ts'
import { decisionIndex } from './recording.ts'

type Asked = ReturnType<typeof queryAs<typeof lineageQuery>>

export const getLineage: Handler = async (call) => {
  const asked = queryAs(call.query, lineageQuery)
  if (asked.datasetId !== undefined && asked.modelId !== undefined)
    throw new Problem(400, 'bad_parameter', 'name a data set or a model, not both', { field: 'datasetId' })
  mustNameOf(asked, 'version', 'datasetId')
  mustNameOf(asked, 'modelVersion', 'modelId')
  const restriction = restrictionOf(call)
  const { isCut, uses, ...answer } = await call.services.projection.modelUse(asked.modelId, restriction)
  const known = await modelsKnown(call, restriction, uses)
  const graph = graphOf(known, asked)
  if (graph.nodes.length === 0 && !isAll(asked)) throw concealed('nothing of this name is known')
  seenIn(call, graph)
  return json(
    withLeftOut({ graph: graphTold(graph), isWhole: known.isWhole && !isCut, ...answer }, restriction),
  )
}

/** A version alone would be passed over. @throws Problem */
function mustNameOf(asked: Asked, version: keyof Asked, of: keyof Asked): void {
  if (asked[version] !== undefined && asked[of] === undefined)
    throw new Problem(400, 'bad_parameter', `${version} is one of what ${of} names`, { field: version })
}

function isAll({ datasetId, modelId }: Asked): boolean {
  return datasetId === undefined && modelId === undefined
}

function graphOf(known: KnownModels, asked: Asked): LineageGraph {
  const { datasetId, modelId, modelVersion, version } = asked
  const versions = knownVersions(known)
  const builder = new LineageBuilder(known.datasets, versions)
  if (isAll(asked)) for (const dataset of known.datasets.all()) builder.addDataset(dataset)
  if (datasetId !== undefined) {
    const reference = { datasetId, ...(version !== undefined && { version }) }
    if (isNamed(known, versions, reference.datasetId)) builder.addDataset(reference)
  }
  for (const one of versions)
    if (
      (isAll(asked) || one.modelId === modelId) &&
      (modelVersion === undefined || one.version.modelVersion === modelVersion)
    )
      builder.addVersion(one, true)
  return builder.graph()
}

/** Whether any record names the data set. */
function isNamed({ datasets }: KnownModels, versions: readonly KnownVersion[], datasetId: string): boolean {
  const named = [
    ...datasets.all(),
    ...datasets.all().flatMap(({ transformations }) => transformations.flatMap(({ inputs }) => inputs)),
    ...versions.flatMap(({ trainings }) => trainings.flatMap(({ data }) => data)),
  ]
  return named.some((reference) => reference.datasetId === datasetId)
}

/** What stood behind one decision, and whether its version was in force when it was made. */
export const getDecisionLineage: Handler = async (call) => {
  const seen = await readSeen(call, await decisionIndex(call))
  if (isErased(seen)) throw await erasedProblem(call, seen)
  const { entry, index } = seen
  const { at, system } = placeOf(seen)
  const decision = { ...namesIn(viewOf(call, seen) ?? {}), system }
  const use = { ...decision, decisions: 1, firstAt: at, lastAt: at }
  const known = await modelsKnown(call, restrictionOf(call), [use], decision.modelId)
  const builder = new LineageBuilder(known.datasets, knownVersions(known))
  const made = knownVersions(known).find(({ version }) => version.modelVersion === decision.modelVersion)
  if (made) builder.addDecision(entry.id, at, builder.addVersion(made, false))
  const graph = builder.graph()
  seenIn(call, graph, entry.id)
  const environment = decision.environment || PRODUCTION
  const records = known.models[0]?.records ?? []
  return json({
    decision: {
      id: entry.id,
      index,
      at: isoTime(at),
      ...decision,
      environment: decision.environment || null,
    },
    inForce: inForceTold(records, at, (deployment) => servesIn(deployment, system, environment)),
    graph: graphTold(graph),
    isWhole: known.isWhole,
    asOf: { size: call.services.projection.position() },
  })
}

interface Named {
  readonly modelId: string
  readonly modelVersion: string
  readonly environment: string
}

/** What a decision says of what made it; empty where it says nothing, or nothing that may be seen. */
function namesIn(record: LifecycleRecord['record']): Named {
  const text = (field: string): string => {
    const value = record[field]
    return typeof value === 'string' ? value : ''
  }
  return { modelId: text('modelId'), modelVersion: text('modelVersion'), environment: text('environment') }
}

/** Puts on record which entries were shown. */
function seenIn({ look }: Call, { edges, nodes }: LineageGraph, ...more: readonly string[]): void {
  const named = nodes.flatMap((node) => {
    if (node.type === 'dataset') return node.registrations
    if (node.type !== 'version') return []
    return [...node.builtBy, ...node.approvedBy, ...node.evaluations, ...node.deployments].map(
      ({ entry }) => entry,
    )
  })
  const shown = new Set([...more, ...edges.flatMap(({ entries }) => entries), ...named])
  look.objects = [...shown].slice(0, OBJECTS_MAX)
  look.count = shown.size
}
