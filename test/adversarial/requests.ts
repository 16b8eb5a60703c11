/** One request for every route there is. The type makes a new route impossible to forget: without an entry here nothing compiles. */
import type { Operation } from '../../packages/server/src/api/route.ts'

/** What a request is about. */
export interface Target {
  /** Entry id of a decision. */
  readonly id: string
  readonly decisionId: string
  readonly system: string
  readonly subject: string
  readonly emitter: string
  readonly ledger: string
  /** Id of an identity that may be lost. */
  readonly spareIdentity: string
  readonly requestId: string
  readonly holdId: string
  /** Of an erasure of nobody, which is over. */
  readonly erasureId: string
  /** Of the decision. */
  readonly artifactId: string
}

export interface Probe {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

const PURPOSE = { 'Deponent-Purpose': 'complaint 7' }
const get = (path: string, headers: Record<string, string> = PURPOSE): Probe => ({
  method: 'GET',
  path,
  headers,
})
const post = (path: string, body: unknown, headers: Record<string, string> = PURPOSE): Probe => ({
  method: 'POST',
  path,
  body,
  headers,
})
const about =
  (part: string, body: object) =>
  ({ id }: Target): Probe =>
    post(`/v1/decisions/${id}/${part}`, body)

let sent = 0
/** A different id each time, so that nothing is a duplicate. */
const fresh = (): string => `probe-${(sent += 1)}`

const resourceOf = (system: string) => ({
  attributes: [{ key: 'service.name', value: { stringValue: system } }],
})
const spanIn = (system: string) => {
  const spans = [{ traceId: 'e'.repeat(32), spanId: 'e'.repeat(16), name: fresh() }]
  return { resourceSpans: [{ resource: resourceOf(system), scopeSpans: [{ spans }] }] }
}
const logIn = (system: string) => {
  const logRecords = [{ eventName: fresh() }]
  return { resourceLogs: [{ resource: resourceOf(system), scopeLogs: [{ logRecords }] }] }
}

export const PROBES: Record<Operation, (target: Target) => Probe> = {
  recordDecisions: ({ system }) =>
    post('/v1/decisions', { decisionId: fresh(), system, modelId: 'm', prediction: 'x' }),
  recordRecords: ({ id, system }) =>
    post('/v1/records', { kind: 'outcome', system, outcome: 1, links: [{ rel: 'outcomeOf', id }] }),
  exportTraces: ({ system }) => post('/v1/traces', spanIn(system)),
  exportLogs: ({ system }) => post('/v1/logs', logIn(system)),
  ingestLangfuse: ({ system }) => post('/api/public/ingestion', { batch: [] }, { 'X-Project-Name': system }),
  putArtifact: ({ system }) => post(`/v1/artifacts?system=${system}`, fresh()),
  getArtifact: ({ artifactId }) => get(`/v1/artifacts/${artifactId}`),
  getArtifactContent: ({ artifactId }) => get(`/v1/artifacts/${artifactId}/content`),
  recordReview: about('reviews', { humanDecision: 'upheld', reviewerId: 'r-1' }),
  recordOutcome: about('outcomes', { outcome: 1 }),
  recordExplanation: about('explanations', { explanation: { reasoning: 'because' } }),
  recordContest: about('contests', { statement: 'I disagree' }),
  recordComment: about('comments', { text: 'noted' }),
  recordScore: about('scores', { name: 'quality', value: 0.5 }),
  recordModelEvent: ({ system }) =>
    post('/v1/models/m/events', { eventType: 'deployed', modelVersion: '1', actor: 'x', system }),
  listDecisions: () => get('/v1/decisions?limit=1000'),
  getDecision: ({ id }) => get(`/v1/decisions/${id}`),
  getProof: ({ id }) => get(`/v1/decisions/${id}/proof`),
  getBundle: ({ id }) => get(`/v1/decisions/${id}/bundle?disclose=/modelId`),
  postBundles: ({ id }) => post('/v1/bundles', { ids: [id], disclose: ['/modelId'] }),
  listLabelled: () => get('/v1/labelled-decisions?unstated=true&unlabelled=true'),
  listModels: () => get('/v1/models'),
  getModel: () => get('/v1/models/m?at=2199-01-01T00:00:00Z'),
  getModelGate: () => get('/v1/models/m/gate?modelVersion=1'),
  listDatasets: () => get('/v1/datasets'),
  getLineage: () => get('/v1/lineage?modelId=m'),
  getDecisionLineage: ({ id }) => get(`/v1/decisions/${id}/lineage`),
  assess: () => get('/v1/assess'),
  getTimeline: ({ id }) => get(`/v1/decisions/${id}/timeline`),
  getReproducibility: ({ id }) => get(`/v1/decisions/${id}/reproducibility`),
  getDecisionAccess: ({ id }) => get(`/v1/decisions/${id}/access`),
  lookUpSubject: ({ subject }) => post('/v1/subjects:lookup', { subject }),
  getSubjectAccess: ({ subject }) => get(`/v1/subjects/${subject}/access`),
  getAggregate: () => get('/v1/aggregate?metrics=count&by=system'),
  getUsage: () => get('/v1/stats/usage'),
  getConfidence: () => get('/v1/stats/confidence'),
  getOverrides: () => get('/v1/stats/overrides'),
  getCoverage: () => get('/v1/stats/coverage'),
  getCompleteness: () => get('/v1/stats/completeness'),
  getEmitters: () => get('/v1/emitters'),
  getEmitterProof: ({ emitter }) => get(`/v1/emitters/${emitter}/proof`),
  getSystems: () => get('/v1/systems'),
  postSql: () => post('/v1/sql', { sql: 'SELECT system, decisionId FROM decisions' }),
  getCheckpoint: ({ ledger }) => get(`/ledgers/${ledger}/checkpoint`),
  getTile: ({ ledger }) => get(`/ledgers/${ledger}/tile/entries/000.p/1`),
  getVkey: ({ ledger }) => get(`/ledgers/${ledger}/vkey`),
  getLedgerStatus: ({ ledger }) => get(`/ledgers/${ledger}/status`),
  getHealth: () => get('/healthz'),
  getReadiness: () => get('/readyz'),
  getMetrics: () => get('/metrics'),
  getOpenApi: () => get('/openapi.json'),
  getSession: () => get('/v1/session'),
  beginSession: () => post('/v1/session', {}),
  endSession: () => ({ method: 'DELETE', path: '/v1/session' }),
  listKeys: () => get('/v1/keys'),
  makeKey: () => post('/v1/keys', { name: fresh(), roles: ['auditor'], expiresAt: '2199-01-01T00:00:00Z' }),
  rotateKey: ({ spareIdentity }) => post(`/v1/keys/${spareIdentity}/rotate`, { overlapSeconds: 0 }),
  revokeKey: ({ spareIdentity }) => ({ method: 'DELETE', path: `/v1/keys/${spareIdentity}` }),
  getPolicy: () => get('/v1/policy'),
  // Names a version that is never in force: whoever may change the policy is told so, and it stays as it is.
  putPolicy: () => ({
    method: 'PUT',
    path: '/v1/policy',
    body: { version: 999_999, rules: [], smallCells: 10, revealMinutes: 15, reason: 'a probe' },
  }),
  listAccess: () => get('/v1/access'),
  listLedgers: () => get('/v1/ledgers'),
  // A name no ledger can have: whoever may make ledgers is told so, and none is made.
  createLedger: () => post('/v1/ledgers', { name: 'NOT A NAME' }),
  archiveLedger: ({ ledger }) => post(`/v1/ledgers/${ledger}/archive`, { reason: '' }),
  getSettings: () => get('/v1/settings'),
  // Nobody's id: whoever may erase is told that it is done, and nothing is gone.
  eraseSubject: () => ({ method: 'DELETE', path: `/v1/subjects/${fresh()}` }),
  listErasures: () => get('/v1/erasures'),
  getErasure: ({ erasureId }) => get(`/v1/erasures/${erasureId}`),
  approveErasure: ({ erasureId }) => post(`/v1/erasures/${erasureId}/approve`, {}),
  receiveRequest: ({ subject }) => post('/v1/requests', { requestType: 'access', subject }),
  listRequests: () => get('/v1/requests'),
  getRequest: ({ requestId }) => get(`/v1/requests/${requestId}`),
  checkRequestIdentity: ({ requestId }) =>
    post(`/v1/requests/${requestId}/identity`, { method: 'passport', result: 'confirmed' }),
  extendRequest: ({ requestId }) => post(`/v1/requests/${requestId}/extend`, { reason: 'many records' }),
  answerRequest: ({ requestId }) => post(`/v1/requests/${requestId}/answer`, { outcome: 'granted' }),
  refuseRequest: ({ requestId }) =>
    post(`/v1/requests/${requestId}/refuse`, {
      ground: 'gdpr_12_5_b',
      reason: 'a probe',
      complaintInfoGiven: true,
    }),
  getSubject: ({ subject }) => get(`/v1/subjects/${subject}`),
  listSubjectDecisions: ({ subject }) => get(`/v1/subjects/${subject}/decisions`),
  exportSubject: ({ subject }) => get(`/v1/subjects/${subject}/export`),
  rectifySubject: ({ id, subject }) =>
    post(`/v1/subjects/${subject}/rectifications`, { decision: id, statement: 'a probe', reason: 'a probe' }),
  // Lifts what was never put on.
  restrictSubject: ({ subject }) =>
    post(`/v1/subjects/${subject}/restriction`, {
      isRestricted: false,
      reason: 'a probe',
      informedAt: '2026-01-01T00:00:00Z',
    }),
  // Merging nobody with nobody is refused to whoever may merge, and denied to all others.
  mergeSubjects: () => post('/v1/subjects:merge', { from: '', into: '', reason: '' }),
  splitSubjects: () => post('/v1/subjects:split', { mergeId: '', reason: '' }),
  placeHold: ({ subject }) =>
    post('/v1/holds', {
      ground: 'litigation',
      scope: { subjects: [subject] },
      owner: 'legal',
      reviewAt: '2199-01-01T00:00:00Z',
      reason: 'a probe',
    }),
  listHolds: () => get('/v1/holds'),
  getHold: ({ holdId }) => get(`/v1/holds/${holdId}`),
  reviewHold: ({ holdId }) =>
    post(`/v1/holds/${holdId}/review`, { reviewAt: '2199-01-01T00:00:00Z', reason: 'a probe' }),
  releaseHold: ({ holdId }) => post(`/v1/holds/${holdId}/release`, { reason: 'a probe' }),
  getStorage: () => get('/v1/storage'),
  getStorageCost: () => get('/v1/storage/cost?years=1'),
  getTiers: () => get('/v1/tiers'),
  // Nothing was archived that could come back.
  restoreTiers: () => post('/v1/tiers/restorations', { from: '2001-01', to: '2001-01' }),
  releaseTiers: () => post('/v1/tiers/releases', { from: '2001-01', to: '2001-01' }),
  getRetention: () => get('/v1/retention'),
  // A version that is never in force, and a plan that nobody made.
  putRetention: () => ({
    method: 'PUT',
    path: '/v1/retention',
    body: { version: 999_999, policies: {}, systems: {}, reason: 'a probe' },
  }),
  planRetention: () => get('/v1/retention/plan'),
  listRetentionRuns: () => get('/v1/retention/runs'),
  runRetention: () => post('/v1/retention/runs', { planDigest: '0'.repeat(64), reason: 'a probe' }),
  getPrivacy: () => get('/v1/privacy'),
  // As with the policy: a version that is never in force.
  putPrivacy: () => ({
    method: 'PUT',
    path: '/v1/privacy',
    body: {
      version: 999_999,
      mode: 'strict',
      capture: 'debug',
      includeInputs: true,
      includeOutputs: true,
      hashSensitiveData: false,
      erasure: { twoPersons: false },
      systems: {},
      reason: 'a probe',
    },
  }),
  getFields: ({ system }) => get(`/v1/systems/${system}/fields`),
  previewFields: ({ system }) =>
    post(`/v1/systems/${system}/fields:preview`, { fields: { '/userId': 'seal' } }),
}
