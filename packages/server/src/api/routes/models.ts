/** Routes about models, data sets, where decisions come from, and what is declared of all that. */
import { z } from 'zod'
import type { Route } from '../route.ts'
import { anyRecord, count, items, moment, systemQuery } from './schemas.ts'

const asOf = z.object({ size: count })
/** `isWhole`: whether what is missing here is missing at all, rather than not to be seen by this key. */
const about = { isWhole: z.boolean(), asOf }
const act = z.looseObject({ at: z.string(), entry: z.string() })
const deployment = z.looseObject({
  system: z.string(),
  environment: z.string(),
  modelVersion: z.string(),
  from: z.string(),
  to: z.string().nullable(),
  entry: z.string(),
})
const uses = z.object({
  count,
  in: z.array(
    z.object({
      system: z.string(),
      environment: z.string().nullable(),
      count,
      firstAt: z.string().nullable(),
      lastAt: z.string().nullable(),
    }),
  ),
})
const dataset = z.looseObject({
  datasetId: z.string(),
  version: z.string().optional(),
  isRegistered: z.boolean(),
  registrations: z.array(z.string()),
})
const version = z.looseObject({
  modelVersion: z.string(),
  state: z.enum(['undeclared', 'declared', 'in_force', 'replaced', 'retired', 'recalled']),
  isDeprecated: z.boolean(),
  firstAt: z.string().nullable(),
  builtBy: z.array(act),
  approvedBy: z.array(act),
  evaluations: z.array(act),
  trainingData: z.array(dataset),
  deployments: z.array(deployment),
})
const graph = z.object({
  nodes: z.array(z.looseObject({ id: z.string(), type: z.string() })),
  edges: z.array(
    z.object({
      from: z.string(),
      to: z.string(),
      type: z.enum(['transformed', 'trained', 'decided']),
      entries: z.array(z.string()),
    }),
  ),
  isCut: z.boolean(),
})
const inForce = z.object({
  at: z.string(),
  asRecorded: z.array(deployment),
  asKnown: z.array(deployment),
})

export const gateQuery = z.strictObject({
  modelVersion: z.string().min(1),
  environment: z.string().min(1).optional(),
})
export const lineageQuery = z.strictObject({
  datasetId: z.string().min(1).optional(),
  version: z.string().min(1).optional(),
  modelId: z.string().min(1).optional(),
  modelVersion: z.string().min(1).optional(),
})
export const modelQuery = z.strictObject({ at: moment.optional() })
export const noQuery = z.strictObject({})

export const MODELS: readonly Route[] = [
  {
    operation: 'listModels',
    method: 'GET',
    path: '/v1/models',
    action: 'models',
    look: 'soon',
    summary: 'Models that are declared or that decided, with the versions in force',
    query: noQuery,
    response: items.extend(about),
  },
  {
    operation: 'getModel',
    method: 'GET',
    path: '/v1/models/:modelId',
    action: 'models',
    look: 'soon',
    summary:
      'The life of a model: versions, who built and approved them, evaluations, data, deployments, decisions, events; which version was in force at a time',
    query: modelQuery,
    response: z.looseObject({
      modelId: z.string(),
      isDeclared: z.boolean(),
      inForce,
      versions: z.array(version.extend({ decisions: uses })),
      decisions: uses,
      events: z.array(anyRecord),
      eventCount: count,
      ...about,
    }),
  },
  {
    operation: 'getModelGate',
    method: 'GET',
    path: '/v1/models/:modelId/gate',
    action: 'models',
    look: 'soon',
    summary: 'Whether a version may be deployed by what is recorded of it, with every reason',
    query: gateQuery,
    response: z.object({
      modelId: z.string(),
      modelVersion: z.string(),
      environment: z.string().nullable(),
      verdict: z.enum(['passed', 'failed', 'incomplete']),
      reasons: z.array(
        z.object({
          check: z.string(),
          outcome: z.enum(['passed', 'failed', 'unknown']),
          message: z.string(),
          entries: z.array(z.string()),
        }),
      ),
      ...about,
    }),
  },
  {
    operation: 'listDatasets',
    method: 'GET',
    path: '/v1/datasets',
    action: 'models',
    look: 'soon',
    summary:
      'Versions of data sets, what they were made of and which versions of models were trained on them',
    query: noQuery,
    response: items.extend(about),
  },
  {
    operation: 'getLineage',
    method: 'GET',
    path: '/v1/lineage',
    action: 'models',
    look: 'soon',
    summary: 'Where a model comes from and what it decided, or what a data set was made of and went into',
    query: lineageQuery,
    response: z.object({ graph, ...about }),
  },
  {
    operation: 'getDecisionLineage',
    method: 'GET',
    path: '/v1/decisions/:id/lineage',
    action: 'read',
    look: 'soon',
    summary: 'The version, the evaluations, the training data and their sources behind one decision',
    query: systemQuery,
    response: z.looseObject({ decision: anyRecord, inForce, graph, ...about }),
  },
  {
    operation: 'assess',
    method: 'GET',
    path: '/v1/assess',
    action: 'models',
    look: 'soon',
    summary: 'What telemetry shows against what is declared, with the next step for each difference',
    query: noQuery,
    response: z.looseObject({
      verdict: z.enum(['in_order', 'gaps', 'incomplete']),
      findings: z.array(anyRecord),
      checked: z.object({ systems: count, models: count, versions: count, decisions: count }),
      ...about,
    }),
  },
]
