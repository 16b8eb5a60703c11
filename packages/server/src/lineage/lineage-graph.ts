/**
 * Where a decision comes from and where data go: a graph of data sets, versions of models and what these decided. Edges point the way data
 * go, and each names the entries that bear it out.
 */
import {
  concerns,
  type DatasetReference,
  type DatasetVersion,
  type DatasetVersions,
  referenceText,
} from './dataset-versions.ts'
import type { ModelVersion } from './model-versions.ts'

export type LineageNode =
  | ({ readonly id: string; readonly type: 'dataset' } & DatasetVersion)
  | ({ readonly id: string; readonly type: 'version'; readonly modelId: string } & Omit<ModelVersion, 'uses'>)
  | {
      readonly id: string
      readonly type: 'decisions'
      readonly modelId: string
      readonly modelVersion: string
      readonly decisions: number
      readonly href: string
    }
  | { readonly id: string; readonly type: 'decision'; readonly entry: string; readonly at: number }

export interface LineageEdge {
  readonly from: string
  readonly to: string
  readonly type: 'transformed' | 'trained' | 'decided'
  readonly entries: readonly string[]
}

export interface LineageGraph {
  readonly nodes: readonly LineageNode[]
  readonly edges: readonly LineageEdge[]
  /** There is more than a graph may hold. */
  readonly isCut: boolean
}

/** A version of a model among all of them. */
export interface KnownVersion {
  readonly modelId: string
  readonly version: ModelVersion
  /** The entries that name its training data. */
  readonly trainings: readonly Training[]
}

export interface Training {
  readonly entry: string
  readonly data: readonly DatasetReference[]
}

const NODES_MAX = 500

export class LineageBuilder {
  readonly #datasets: DatasetVersions
  /** By the id of what they were made of, or trained on. */
  readonly #madeFrom: ReadonlyMap<string, readonly DatasetVersion[]>
  readonly #trainedOn: ReadonlyMap<string, readonly KnownVersion[]>
  readonly #followed = new Set<string>()
  readonly #nodes = new Map<string, LineageNode>()
  readonly #edges = new Map<string, LineageEdge>()
  #isCut = false

  constructor(datasets: DatasetVersions, versions: readonly KnownVersion[]) {
    this.#datasets = datasets
    this.#madeFrom = byInput(datasets.all(), ({ transformations }) =>
      transformations.flatMap(({ inputs }) => inputs),
    )
    this.#trainedOn = byInput(versions, ({ trainings }) => trainings.flatMap(({ data }) => data))
  }

  graph(): LineageGraph {
    return { nodes: [...this.#nodes.values()], edges: [...this.#edges.values()], isCut: this.#isCut }
  }

  /** A data set with what it was made of, what was made of it, and what that decided. */
  addDataset(reference: DatasetReference): void {
    this.#addSources(reference)
    this.#addUses(reference)
  }

  /** A version with the data it was trained on, and, unless one decision is in question, all it decided. */
  addVersion(known: KnownVersion, withDecisions: boolean): string {
    const { uses: _, ...version } = known.version
    const { modelId } = known
    const id = `version:${modelId}@${version.modelVersion}`
    if (!this.#add({ id, type: 'version', modelId, ...version })) return id
    for (const { data, entry } of known.trainings)
      for (const reference of data) {
        this.#addSources(reference)
        this.#connect(datasetId(reference), id, 'trained', [entry])
      }
    if (withDecisions) this.#addDecisions(id, known)
    return id
  }

  addDecision(entry: string, at: number, madeBy: string): void {
    const id = `decision:${entry}`
    this.#add({ id, type: 'decision', entry, at })
    this.#connect(madeBy, id, 'decided', [entry])
  }

  #addDecisions(from: string, { modelId, version: { modelVersion, uses } }: KnownVersion): void {
    const decisions = uses.reduce((sum, use) => sum + use.decisions, 0)
    if (decisions === 0) return
    const id = `decisions:${modelId}@${modelVersion}`
    const href = `/v1/decisions?${new URLSearchParams({ modelId, modelVersion }).toString()}`
    this.#add({ id, type: 'decisions', modelId, modelVersion, decisions, href })
    this.#connect(from, id, 'decided', [])
  }

  /** A data set and everything it was made of. */
  #addSources(reference: DatasetReference): void {
    const id = datasetId(reference)
    if (this.#nodes.has(id)) return
    const dataset = this.#datasets.of(reference)
    if (!this.#add({ id, type: 'dataset', ...dataset })) return
    for (const { entry, inputs } of dataset.transformations)
      for (const input of inputs) {
        this.#addSources(input)
        this.#connect(datasetId(input), id, 'transformed', [entry])
      }
  }

  /** What was made of a data set, what was trained on that, and what it decided. */
  #addUses(reference: DatasetReference): void {
    const id = datasetId(reference)
    if (this.#isCut || this.#followed.has(id)) return
    this.#followed.add(id)
    for (const made of this.#madeFrom.get(reference.datasetId) ?? []) {
      const from = made.transformations.filter(({ inputs }) =>
        inputs.some((input) => concerns(input, reference)),
      )
      if (from.length === 0) continue
      this.#addSources(made)
      this.#connect(
        id,
        datasetId(made),
        'transformed',
        from.map(({ entry }) => entry),
      )
      this.#addUses(made)
    }
    for (const known of this.#trainedOn.get(reference.datasetId) ?? []) {
      const trained = known.trainings.filter(({ data }) => data.some((data) => concerns(data, reference)))
      if (trained.length === 0) continue
      const versionId = this.addVersion(known, true)
      this.#connect(
        id,
        versionId,
        'trained',
        trained.map(({ entry }) => entry),
      )
    }
  }

  /** Whether it is new and there is room for it. */
  #add(node: LineageNode): boolean {
    if (this.#nodes.has(node.id)) return false
    if (this.#nodes.size >= NODES_MAX) {
      this.#isCut = true
      return false
    }
    this.#nodes.set(node.id, node)
    return true
  }

  #connect(from: string, to: string, type: LineageEdge['type'], entries: readonly string[]): void {
    if (from === to || !this.#nodes.has(from) || !this.#nodes.has(to)) return
    const key = JSON.stringify([from, to])
    const known = this.#edges.get(key)?.entries ?? []
    this.#edges.set(key, { from, to, type, entries: [...new Set([...known, ...entries])] })
  }
}

function datasetId(reference: DatasetReference): string {
  return `dataset:${referenceText(reference)}`
}

function byInput<T>(
  all: readonly T[],
  inputsOf: (one: T) => readonly DatasetReference[],
): ReadonlyMap<string, readonly T[]> {
  const found = new Map<string, T[]>()
  for (const one of all)
    for (const input of new Set(inputsOf(one).map((reference) => reference.datasetId))) {
      const known = found.get(input)
      if (known) known.push(one)
      else found.set(input, [one])
    }
  return found
}
