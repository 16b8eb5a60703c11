/** What is recorded of models, data sets and systems, as far as the caller may see it. */
import { DatasetVersions } from '../lineage/dataset-versions.ts'
import { type LifecycleRecord, textIn } from '../lineage/lifecycle-record.ts'
import type { KnownVersion } from '../lineage/lineage-graph.ts'
import { type ModelVersion, type Use, versionsOf } from '../lineage/model-versions.ts'
import type { Restriction } from '../projection/index.ts'
import type { Call } from './call.ts'
import { isErased, placeOf, readEach, seenBy, viewOf } from './read-entry.ts'

/** Records of each beginning that are read at most, the last ones: what is in force now is told by them. */
const RECORDS_MAX = 10_000

export interface Lifecycle {
  readonly records: readonly LifecycleRecord[]
  /** Whether the caller sees all there is: no part of it is for others, and there is not more than is read. */
  readonly isWhole: boolean
}

/** Records of kinds that begin so. They are found by their entries, which stay in the index whatever becomes of old months. */
export async function lifecycleOf(
  call: Call,
  beginnings: readonly string[],
  restriction: Restriction,
): Promise<Lifecycle> {
  const records: LifecycleRecord[] = []
  let isWhole = restriction.boxes === undefined && restriction.subjects === undefined
  for (const beginning of beginnings) {
    const indices = await call.services.projection.latestOfKind(beginning, RECORDS_MAX, restriction)
    if (indices.length === RECORDS_MAX) isWhole = false
    for await (const read of readEach(call, indices)) {
      const seen = await seenBy(call, read)
      const record = seen && !isErased(seen) ? viewOf(call, seen) : undefined
      if (!seen || !record) continue
      const { id, kind, receivedAt } = read.entry
      const { at, system } = placeOf(read)
      records.push({ id, index: read.index, kind, at, receivedAt, system, record })
    }
  }
  return { records, isWhole }
}

export interface KnownModel {
  readonly modelId: string
  readonly records: readonly LifecycleRecord[]
  readonly uses: readonly Use[]
  readonly versions: readonly ModelVersion[]
}

export interface KnownModels {
  /** By name. Decisions of which the model is sealed are of one without a name. */
  readonly models: readonly KnownModel[]
  readonly datasets: DatasetVersions
  readonly datasetRecords: readonly LifecycleRecord[]
  readonly isWhole: boolean
}

/** Models that are declared or that decided; `modelId`: this one alone. */
export async function modelsKnown(
  call: Call,
  restriction: Restriction,
  uses: readonly Use[],
  modelId?: string,
): Promise<KnownModels> {
  const { records, isWhole } = await lifecycleOf(call, ['model.', 'dataset.'], restriction)
  const datasetRecords = records.filter(({ kind }) => kind.startsWith('dataset.'))
  const datasets = new DatasetVersions(datasetRecords)
  const events = records.filter(({ kind }) => kind.startsWith('model.'))
  const names = new Set([
    ...events.flatMap((record) => textIn(record, 'modelId') ?? []),
    ...uses.map((use) => use.modelId),
  ])
  const now = call.services.clock.now()
  const eventsOf = Map.groupBy(events, (record) => textIn(record, 'modelId'))
  const usesOf = Map.groupBy(uses, (use) => use.modelId)
  const models = [...names]
    .filter((name) => modelId === undefined || name === modelId)
    .toSorted()
    .map((name) => {
      const own = eventsOf.get(name) ?? []
      const theirs = usesOf.get(name) ?? []
      return { modelId: name, records: own, uses: theirs, versions: versionsOf(own, theirs, datasets, now) }
    })
  return { models, datasets, datasetRecords, isWhole }
}

/** All versions of models with the entries that name their training data. */
export function knownVersions({
  datasets,
  models,
}: Pick<KnownModels, 'datasets' | 'models'>): KnownVersion[] {
  return models.flatMap(({ modelId, records, versions }) =>
    versions.map((version) => ({
      modelId,
      version,
      trainings: records
        .filter((record) => textIn(record, 'modelVersion') === version.modelVersion)
        .map(({ id, record }) => ({ entry: id, data: datasets.named(record['trainingDataRef']) })),
    })),
  )
}
