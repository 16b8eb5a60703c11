/** From the route table to a web-standard handler: find the route, admit the caller, run the handler, record the look, answer every failure. */
import { toBase64, utf8 } from '@deponent/format'
import { Hono } from 'hono'
import type { Connection } from '../platform/connection.ts'
import type { Call, Handler, LedgerServices, ServerServices } from './call.ts'
import { ROUTES } from './contract.ts'
import { ANYBODY, Doorkeeper, type Visitor } from './doorkeeper.ts'
import * as access from './handlers/access.ts'
import * as artifacts from './handlers/artifacts.ts'
import { assess } from './handlers/assess.ts'
import * as bundle from './handlers/bundle.ts'
import { getDashboard } from './handlers/dashboard.ts'
import * as decisions from './handlers/decisions.ts'
import { getEmitterProof } from './handlers/emitter-proof.ts'
import * as erasures from './handlers/erasures.ts'
import * as health from './handlers/health.ts'
import * as holds from './handlers/holds.ts'
import * as ledger from './handlers/ledger.ts'
import * as lineage from './handlers/lineage.ts'
import { listLabelled } from './handlers/labelled.ts'
import { getLedgerStatus } from './handlers/ledger-status.ts'
import * as models from './handlers/models.ts'
import { exportSubject } from './handlers/person-export.ts'
import * as persons from './handlers/persons.ts'
import { getReproducibility } from './handlers/reproducibility.ts'
import * as recording from './handlers/recording.ts'
import * as requests from './handlers/requests.ts'
import { ingestLangfuse, noSuchLangfuse } from './handlers/langfuse.ts'
import { exportSignal } from './handlers/telemetry.ts'
import * as statistics from './handlers/statistics.ts'
import * as keys from './handlers/keys.ts'
import * as privacy from './handlers/privacy.ts'
import * as retention from './handlers/retention.ts'
import * as ledgers from './handlers/ledgers.ts'
import * as session from './handlers/session.ts'
import * as storage from './handlers/storage.ts'
import * as tiers from './handlers/tiers.ts'
import { recordDenial, recordLook } from './looks.ts'
import { otlpProblem } from './otlp.ts'
import { Problem, problemOf, problemResponse } from './problem.ts'
import { purposeOf, purposeRequired } from './purpose.ts'
import type { Operation, Route } from './route.ts'
import { secured } from './security-headers.ts'

const HANDLERS: Record<Operation, Handler> = {
  recordDecisions: recording.recordDecisions,
  recordRecords: recording.recordRecords,
  recordReview: recording.recordAbout('review'),
  recordOutcome: recording.recordAbout('outcome'),
  recordExplanation: recording.recordAbout('explanation'),
  recordContest: recording.recordAbout('contest'),
  recordComment: recording.recordAbout('comment'),
  recordScore: recording.recordAbout('score'),
  recordModelEvent: recording.recordModelEvent,
  exportTraces: exportSignal('traces'),
  exportLogs: exportSignal('logs'),
  ingestLangfuse,
  putArtifact: artifacts.putArtifact,
  getArtifact: artifacts.getArtifact,
  getArtifactContent: artifacts.getArtifactContent,
  listDecisions: decisions.listDecisions,
  getDecision: decisions.getDecision,
  getProof: decisions.getProof,
  getBundle: bundle.getBundle,
  postBundles: bundle.postBundles,
  listLabelled,
  getTimeline: decisions.getTimeline,
  getReproducibility,
  lookUpSubject: decisions.lookUpSubject,
  getAggregate: statistics.getAggregate,
  getUsage: statistics.getUsage,
  getConfidence: statistics.getConfidence,
  getOverrides: statistics.getOverrides,
  getCoverage: statistics.getCoverage,
  getEmitters: statistics.getEmitters,
  getEmitterProof,
  getCompleteness: statistics.getCompleteness,
  getSystems: statistics.getSystems,
  postSql: statistics.postSql,
  getCheckpoint: ledger.getCheckpoint,
  getTile: ledger.getTile,
  getVkey: ledger.getVkey,
  getLedgerStatus,
  getHealth: health.getHealth,
  getReadiness: health.getReadiness,
  getMetrics: health.getMetrics,
  getOpenApi: health.getOpenApi,
  getSession: session.getSession,
  beginSession: session.beginSession,
  endSession: session.endSession,
  listKeys: keys.listKeys,
  makeKey: keys.makeKey,
  rotateKey: keys.rotateKey,
  revokeKey: keys.revokeKey,
  getPolicy: keys.getPolicy,
  putPolicy: keys.putPolicy,
  listAccess: access.listAccess,
  getDecisionAccess: access.getDecisionAccess,
  getSubjectAccess: access.getSubjectAccess,
  listLedgers: ledgers.listLedgers,
  createLedger: ledgers.createLedger,
  archiveLedger: ledgers.archiveLedger,
  getSettings: ledgers.getSettings,
  eraseSubject: erasures.eraseSubject,
  listErasures: erasures.listErasures,
  getErasure: erasures.getErasure,
  approveErasure: erasures.approveErasure,
  receiveRequest: requests.receiveRequest,
  listRequests: requests.listRequests,
  getRequest: requests.getRequest,
  checkRequestIdentity: requests.checkRequestIdentity,
  extendRequest: requests.extendRequest,
  answerRequest: requests.answerRequest,
  refuseRequest: requests.refuseRequest,
  getSubject: persons.getSubject,
  listSubjectDecisions: persons.listSubjectDecisions,
  exportSubject,
  rectifySubject: persons.rectifySubject,
  restrictSubject: persons.restrictSubject,
  mergeSubjects: persons.mergeSubjects,
  splitSubjects: persons.splitSubjects,
  placeHold: holds.placeHold,
  listHolds: holds.listHolds,
  getHold: holds.getHold,
  reviewHold: holds.reviewHold,
  releaseHold: holds.releaseHold,
  getPrivacy: privacy.getPrivacy,
  putPrivacy: privacy.putPrivacy,
  getTiers: tiers.getTiers,
  restoreTiers: tiers.restoreTiers,
  releaseTiers: tiers.releaseTiers,
  getRetention: retention.getRetention,
  putRetention: retention.putRetention,
  planRetention: retention.planRetention,
  listRetentionRuns: retention.listRetentionRuns,
  runRetention: retention.runRetention,
  getStorage: storage.getStorage,
  getStorageCost: storage.getStorageCost,
  getFields: privacy.getFields,
  previewFields: privacy.previewFields,
  listModels: models.listModels,
  getModel: models.getModel,
  getModelGate: models.getModelGate,
  listDatasets: models.listDatasets,
  getLineage: lineage.getLineage,
  getDecisionLineage: lineage.getDecisionLineage,
  assess,
}

/** Who is connected when nobody says: a test, or a caller within the process. */
const LOCAL: Connection = { remoteAddress: '127.0.0.1', isSecure: false }

interface Asked {
  route: Route
  request: Request
  params: Record<string, string>
  from: Connection
}

/** Builds the handler of the whole port. */
export function createHandler(
  server: ServerServices,
): (request: Request, from?: Connection) => Promise<Response> {
  const doorkeeper = new Doorkeeper(server)
  const router = new Hono<{ Bindings: { from: Connection } }>()
  for (const route of ROUTES) {
    router.on(route.method, patternsOf(route), ({ req, env }) =>
      answer(server, doorkeeper, { route, request: req.raw, params: req.param(), from: env.from }),
    )
  }
  for (const [pattern, methods] of methodsByPattern())
    router.all(pattern, () => problemResponse(methodNotAllowed(methods)))
  router.all('/api/public/*', () => problemResponse(noSuchLangfuse()))
  router.get('*', ({ req }) => pageOrProblem(server, req.raw))
  router.all('*', ({ req }) =>
    problemResponse(isApi(req.raw) ? noSuchAddress() : methodNotAllowed(['GET', 'HEAD'])),
  )
  router.onError((error) => problemResponse(unexpected(server, error)))
  return async (request, from = LOCAL) => secured(await router.fetch(request, { from }), from.isSecure)
}

/** The paths of a route in the words of the router. */
function patternsOf({ path, aliases = [] }: Route): string[] {
  return [path, ...aliases].map(patternOf)
}

function patternOf(path: string): string {
  return path
    .replace(/:(\w+)\*$/, ':$1{.+}')
    .replace(/\/(\w+:\w+)$/, (_, verb: string) => `/:${verb.split(':')[0]}{${verb}}`)
}

function methodsByPattern(): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const route of ROUTES) {
    const methods = route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]
    for (const pattern of patternsOf(route)) found.set(pattern, [...(found.get(pattern) ?? []), ...methods])
  }
  return found
}

function methodNotAllowed(methods: readonly string[]): Problem {
  const headers = { Allow: methods.join(', ') }
  return new Problem(405, 'method_not_allowed', 'this address does not take that method', {}, headers)
}

function noSuchAddress(): Problem {
  return new Problem(404, 'not_found', 'no such address')
}

function isApi(request: Request): boolean {
  return /^\/(v1|ledgers|api|mcp)(\/|$)/.test(new URL(request.url).pathname)
}

async function answer(server: ServerServices, doorkeeper: Doorkeeper, asked: Asked): Promise<Response> {
  const started = server.clock.monotonicMs()
  const { route, request } = asked
  const query = new URL(request.url).searchParams
  let visitor: Visitor = { caller: ANYBODY, ledger: server.ledgers.default }
  let response: Response
  try {
    visitor = doorkeeper.admit(route, request, asked.from)
    visitor = doorkeeper.enter(visitor, route, asked.params)
    response = await serve(server, doorkeeper, visitor, asked, query)
  } catch (error) {
    response = refused(server, visitor, asked, query, error)
  }
  const { metrics } = visitor.ledger
  if (route.judges) stateHead(visitor.ledger, response)
  const seconds = (server.clock.monotonicMs() - started) / 1_000
  metrics.requestSeconds.observe({ operation: route.operation, status: String(response.status) }, seconds)
  return response
}

/** What is asked for, its look on record. */
async function serve(
  server: ServerServices,
  doorkeeper: Doorkeeper,
  visitor: Visitor,
  { route, request, params, from }: Asked,
  query: URLSearchParams,
): Promise<Response> {
  const { caller, ledger, session: browser } = visitor
  if (caller !== ANYBODY) doorkeeper.pace(visitor, route, from)
  const permit = doorkeeper.permitFor(visitor, route)
  const purpose = purposeOf(request, caller)
  if (permit.isForPurposes && purpose === undefined)
    throw purposeRequired('this key reads for a stated purpose only (header Deponent-Purpose)')
  const seen = caller === ANYBODY ? null : request.headers.get('deponent-seen')
  if (seen !== null) await ledger.tenant.seen.consider(seen)
  const call: Call = {
    request,
    from,
    caller,
    permit,
    purpose,
    params,
    query,
    services: { ...server, ...ledger },
    look: {},
    ...(browser && { browser }),
  }
  const response = await HANDLERS[route.operation](call)
  await recordLook(route, call)
  return response
}

function refused(
  server: ServerServices,
  { caller, ledger }: Visitor,
  { route, params, request }: Asked,
  query: URLSearchParams,
  error: unknown,
): Response {
  const problem = unexpected(server, error)
  ledger.metrics.refused.inc({ code: problem.code })
  const isDenial = problem.status === 403 || problem.isConcealing
  if (isDenial && caller !== ANYBODY) recordDenial(route, ledger, caller, problem, { params, query })
  return route.speaks === 'otlp' ? otlpProblem(request, problem) : problemResponse(problem)
}

/** The problem an error stands for, told to whoever runs the server when nobody foresaw it. */
function unexpected(server: ServerServices, error: unknown): Problem {
  const problem = problemOf(error)
  if (problem.status === 500) server.onUnexpected(error)
  return problem
}

/** Whoever records is told the latest checkpoint, to be brought back as `Deponent-Seen`, and what key to seal to. */
function stateHead({ tenant }: LedgerServices, response: Response): void {
  response.headers.set('Deponent-Sealing-Key', tenant.sealedBodies.publicKey)
  const { checkpoint } = tenant.ledger
  if (checkpoint) response.headers.set('Deponent-Checkpoint', toBase64(utf8(checkpoint.note)))
}

async function pageOrProblem(server: ServerServices, request: Request): Promise<Response> {
  if (isApi(request)) return problemResponse(noSuchAddress())
  try {
    return await getDashboard(request, server)
  } catch (error) {
    return problemResponse(problemOf(error))
  }
}
