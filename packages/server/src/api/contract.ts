/**
 * The HTTP contract: one table from which the router, the access check and the OpenAPI document are made. A route that is not in
 * this table does not exist.
 */
import { z } from 'zod'
import type { Right } from '../access/right.ts'

export interface Route {
  operation: Operation
  method: 'GET' | 'POST'
  /** Path with `:name` parameters; a last `:path*` takes the rest. */
  path: string
  right: Right
  summary: string
  query?: z.ZodObject
  /** Schema of a JSON request body, for the document; bodies are judged by the code that reads them. */
  body?: z.ZodType
  response?: z.ZodType
  /** Media type of the answer when it is not JSON. */
  produces?: string
  /** Takes and judges records one by one: NDJSON too, and the answer's status tells how many were kept. */
  judges?: true
}

export type Operation =
  | 'recordDecisions'
  | 'recordRecords'
  | 'recordReview'
  | 'recordOutcome'
  | 'recordExplanation'
  | 'recordContest'
  | 'recordComment'
  | 'recordScore'
  | 'recordModelEvent'
  | 'listDecisions'
  | 'getDecision'
  | 'getProof'
  | 'getBundle'
  | 'postBundles'
  | 'getTimeline'
  | 'lookUpSubject'
  | 'getAggregate'
  | 'getUsage'
  | 'getConfidence'
  | 'getOverrides'
  | 'getCoverage'
  | 'getCompleteness'
  | 'getEmitters'
  | 'getEmitterProof'
  | 'getSystems'
  | 'postSql'
  | 'getCheckpoint'
  | 'getTile'
  | 'getVkey'
  | 'getLedgerStatus'
  | 'getHealth'
  | 'getReadiness'
  | 'getMetrics'
  | 'getOpenApi'

const count = z.int().nonnegative()
const receipt = z.object({
  position: count,
  id: z.string(),
  decisionId: z.string().optional(),
  ledger: z.string(),
  index: count,
  leafHash: z.string(),
  status: z.enum(['recorded', 'duplicate']),
  path: z.array(z.string()).optional(),
})
const recordError = z.object({
  position: count,
  decisionId: z.string().optional(),
  code: z.string(),
  path: z.string(),
  message: z.string(),
})
const envelope = z.object({
  recorded: count,
  duplicates: count,
  rejected: count,
  receipts: z.array(receipt),
  promise: z.string().nullable(),
  errors: z.array(recordError),
})
const anyRecord = z.looseObject({})
const records = z.union([anyRecord, z.array(anyRecord)])
const items = z.object({ items: z.array(anyRecord) })

const filters = {
  decisionId: z.string(),
  system: z.string(),
  modelId: z.string(),
  modelVersion: z.string(),
  modelType: z.string(),
  provider: z.string(),
  subject: z.string(),
  userId: z.string(),
  caseId: z.string(),
  traceId: z.string(),
  sessionId: z.string(),
  from: z.string(),
  to: z.string(),
  minConfidence: z.number(),
  maxConfidence: z.number(),
  minLatencyMs: z.number(),
  maxLatencyMs: z.number(),
  overridden: z.boolean(),
  reviewed: z.boolean(),
  riskTier: z.string(),
  consequenceLevel: z.string(),
  decisionCategory: z.string(),
  environment: z.string(),
  prediction: z.string(),
  outcome: z.string(),
  status: z.string(),
  q: z.string(),
}
const filterQuery = z.object(filters).partial()
const listQuery = filterQuery.extend({
  order: z.enum(['at', '-at']).optional(),
  limit: z.int().min(1).max(1000).optional(),
  cursor: z.string().optional(),
})
const aggregateQuery = filterQuery.extend({ metrics: z.string().optional(), by: z.string().optional() })
const waitQuery = z.object({ wait: z.literal('checkpoint').optional() })
const systemQuery = z.object({ system: z.string().optional() })

const trouble = z.object({ code: z.string(), message: z.string() })
const ledgerStatus = z.object({
  origin: z.string(),
  size: count,
  checkpoint: z.object({ size: count, publishedAt: z.string() }).nullable(),
  writable: z.object({ ok: z.boolean(), code: z.string().optional(), message: z.string().optional() }),
  witnesses: z.array(
    z.object({
      name: z.string(),
      size: count,
      lagEntries: count,
      lagMs: count,
      lastAt: z.string().nullable(),
      error: trouble.optional(),
    }),
  ),
  quorum: z.object({ name: z.string(), met: z.boolean() }).nullable(),
  timestamps: z.array(
    z.object({ authority: z.string(), size: count, at: z.string().nullable(), error: trouble.optional() }),
  ),
  signer: z.object({
    vkey: z.string(),
    process: z.enum(['server', 'own']),
    answers: z.boolean(),
    since: count.optional(),
    message: z.string().optional(),
    lagEntries: count,
  }),
  scrub: anyRecord,
})

const recording = (operation: Operation, path: string, summary: string, query: z.ZodObject): Route => ({
  operation,
  method: 'POST',
  path,
  right: 'record',
  summary,
  query,
  body: records,
  response: envelope,
  judges: true,
})

const about = (operation: Operation, part: string, what: string): Route =>
  recording(
    operation,
    `/v1/decisions/:id/${part}`,
    `Record ${what} a decision`,
    waitQuery.extend(systemQuery.shape),
  )

const statistic = (
  operation: Operation,
  name: string,
  summary: string,
  query: z.ZodObject = filterQuery,
): Route => ({
  operation,
  method: 'GET',
  path: `/v1/stats/${name}`,
  right: 'read',
  summary,
  query,
  response: anyRecord,
})

export const ROUTES: readonly Route[] = [
  recording(
    'recordDecisions',
    '/v1/decisions',
    'Record decisions: one object, an array, or one object a line',
    waitQuery,
  ),
  recording(
    'recordRecords',
    '/v1/records',
    'Record anything that is not a decision; each record says its kind',
    waitQuery,
  ),
  about('recordReview', 'reviews', 'a human review of'),
  about('recordOutcome', 'outcomes', 'what became of'),
  about('recordExplanation', 'explanations', 'an explanation of'),
  about('recordContest', 'contests', 'that a person contests'),
  about('recordComment', 'comments', 'a comment on'),
  about('recordScore', 'scores', 'a score of'),
  recording(
    'recordModelEvent',
    '/v1/models/:modelId/events',
    'Record a lifecycle event of a model',
    waitQuery,
  ),
  {
    operation: 'listDecisions',
    method: 'GET',
    path: '/v1/decisions',
    right: 'read',
    summary: 'Find decisions; feature.NAME=VALUE filters by an input feature',
    query: listQuery,
    response: z.object({
      items: z.array(anyRecord),
      next: z.string().nullable(),
      asOf: z.object({ size: count }),
    }),
  },
  {
    operation: 'getDecision',
    method: 'GET',
    path: '/v1/decisions/:id',
    right: 'read',
    summary: 'One decision, by entry id or by the id its sender gave it',
    query: systemQuery,
    response: anyRecord,
  },
  {
    operation: 'getProof',
    method: 'GET',
    path: '/v1/decisions/:id/proof',
    right: 'read',
    summary: 'The inclusion proof under the latest checkpoint, as C2SP tlog-proof',
    query: systemQuery,
    produces: 'text/plain',
  },
  {
    operation: 'getBundle',
    method: 'GET',
    path: '/v1/decisions/:id/bundle',
    right: 'read',
    summary: 'Evidence of one decision with chosen fields, as JSON, or as a page that verifies itself',
    query: systemQuery.extend({ disclose: z.string().optional() }),
    response: anyRecord,
  },
  {
    operation: 'postBundles',
    method: 'POST',
    path: '/v1/bundles',
    right: 'read',
    summary: 'Evidence of many entries, by ids or by a range of indices',
    query: systemQuery,
    body: z.object({
      ids: z.array(z.string()).optional(),
      from: count.optional(),
      to: count.optional(),
      disclose: z.union([z.literal('all'), z.array(z.string())]).optional(),
    }),
    response: anyRecord,
  },
  {
    operation: 'getTimeline',
    method: 'GET',
    path: '/v1/decisions/:id/timeline',
    right: 'read',
    summary: 'Everything recorded about a decision, oldest first',
    query: systemQuery,
    response: items,
  },
  {
    operation: 'lookUpSubject',
    method: 'POST',
    path: '/v1/subjects:lookup',
    right: 'read',
    summary: 'An opaque handle for a person',
    body: z.object({ subject: z.string() }),
    response: z.object({ handle: z.string() }),
  },
  {
    operation: 'getAggregate',
    method: 'GET',
    path: '/v1/aggregate',
    right: 'read',
    summary: 'Metrics over decisions, grouped',
    query: aggregateQuery,
    response: items,
  },
  statistic('getUsage', 'usage', 'Decisions per day, system and model'),
  statistic('getConfidence', 'confidence', 'Distribution of confidence'),
  statistic('getOverrides', 'overrides', 'Human reviews and overrides'),
  statistic(
    'getCoverage',
    'coverage',
    'Recorded decisions against what their emitters declare',
    z.object({}),
  ),
  statistic(
    'getCompleteness',
    'completeness',
    'Completeness against the profile of each tier, missing fields named',
  ),
  {
    operation: 'getEmitters',
    method: 'GET',
    path: '/v1/emitters',
    right: 'read',
    summary:
      'The sources that number their records: ranges, gaps, forks, losses, chain and silence of each epoch',
    response: z.object({ items: z.array(anyRecord), asOf: z.object({ size: count }) }),
  },
  {
    operation: 'getEmitterProof',
    method: 'GET',
    path: '/v1/emitters/:emitter/proof',
    right: 'read',
    summary: 'A file that shows a stranger which numbers of an emitter the ledger has',
    query: z.object({ epoch: count, from: count, to: count }).partial(),
    response: anyRecord,
  },
  {
    operation: 'getSystems',
    method: 'GET',
    path: '/v1/systems',
    right: 'read',
    summary: 'The AI systems that recorded, and the class of each of their fields',
    response: items,
  },
  {
    operation: 'postSql',
    method: 'POST',
    path: '/v1/sql',
    right: 'read',
    summary: 'One read-only SQL query, bounded in time, memory and rows',
    body: z.object({ sql: z.string() }),
    response: anyRecord,
  },
  {
    operation: 'getCheckpoint',
    method: 'GET',
    path: '/ledgers/:name/checkpoint',
    right: 'ledger',
    summary: 'The latest signed checkpoint (C2SP tlog-checkpoint)',
    produces: 'text/plain',
  },
  {
    operation: 'getTile',
    method: 'GET',
    path: '/ledgers/:name/tile/:path*',
    right: 'ledger',
    summary: 'A tile of hashes or entries (C2SP tlog-tiles)',
    produces: 'application/octet-stream',
  },
  {
    operation: 'getVkey',
    method: 'GET',
    path: '/ledgers/:name/vkey',
    right: 'ledger',
    summary: 'The verification key of checkpoints (C2SP vkey); as JSON also the receipt key and the origin',
    produces: 'text/plain',
  },
  {
    operation: 'getLedgerStatus',
    method: 'GET',
    path: '/ledgers/:name/status',
    right: 'ledger',
    summary: 'What the ledger holds, what of it is signed and witnessed, whether it takes entries',
    response: ledgerStatus,
  },
  { operation: 'getHealth', method: 'GET', path: '/healthz', right: 'open', summary: 'The process lives' },
  {
    operation: 'getReadiness',
    method: 'GET',
    path: '/readyz',
    right: 'open',
    summary: 'The process can record and answer',
  },
  {
    operation: 'getMetrics',
    method: 'GET',
    path: '/metrics',
    right: 'metrics',
    summary: 'Metrics in the Prometheus text format',
    produces: 'text/plain',
  },
  { operation: 'getOpenApi', method: 'GET', path: '/openapi.json', right: 'open', summary: 'This document' },
]
