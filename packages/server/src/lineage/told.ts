/** The life of models as it is told to others: times in RFC 3339, what is covered as it is covered. */
import { isoTime } from '@deponent/format'
import type { DatasetVersion } from './dataset-versions.ts'
import type { Deployment } from './deployments.ts'
import type { LineageEdge, LineageGraph, LineageNode } from './lineage-graph.ts'
import type { Act, Evaluation, ModelVersion, Use } from './model-versions.ts'

export function deploymentTold({ from, to, ...deployment }: Deployment): object {
  return { ...deployment, from: isoTime(from), to: to === undefined ? null : isoTime(to) }
}

export function versionTold({ uses, ...version }: ModelVersion): object {
  return { ...factsTold(version), decisions: usesTold(uses) }
}

function factsTold(version: Omit<ModelVersion, 'uses'>): object {
  const { approvedBy, builtBy, deployments, evaluations, firstAt, trainingData, ...facts } = version
  return {
    ...facts,
    firstAt: firstAt === undefined ? null : isoTime(firstAt),
    builtBy: builtBy.map(momentTold),
    approvedBy: approvedBy.map(momentTold),
    evaluations: evaluations.map(momentTold),
    trainingData: trainingData.map(datasetTold),
    deployments: deployments.map(deploymentTold),
  }
}

export function datasetTold({ transformations, ...dataset }: DatasetVersion): object {
  return {
    ...dataset,
    isRegistered: dataset.registrations.length > 0,
    transformations: transformations.map(momentTold),
  }
}

/** How many, where, and since when; `environment` and moments are null where they are not known. */
export function usesTold(uses: readonly Use[]): object {
  return {
    count: uses.reduce((sum, { decisions }) => sum + decisions, 0),
    in: uses.map(({ decisions, environment, firstAt, lastAt, system }) => ({
      system,
      environment: environment === '' ? null : environment,
      count: decisions,
      firstAt: firstAt === undefined ? null : isoTime(firstAt),
      lastAt: lastAt === undefined ? null : isoTime(lastAt),
    })),
  }
}

export function graphTold({ edges, isCut, nodes }: LineageGraph): {
  nodes: object[]
  edges: readonly LineageEdge[]
  isCut: boolean
} {
  return { nodes: nodes.map(nodeTold), edges, isCut }
}

function nodeTold(node: LineageNode): object {
  switch (node.type) {
    case 'dataset':
      return datasetTold(node)
    case 'version':
      return factsTold(node)
    case 'decisions':
      return node
    case 'decision':
      return momentTold(node)
  }
}

function momentTold<T extends Pick<Act | Evaluation, 'at'>>(act: T): Omit<T, 'at'> & { at: string } {
  return { ...act, at: isoTime(act.at) }
}
