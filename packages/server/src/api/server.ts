/** From the route table to a web-standard handler: find the route, check the key, run the handler, answer every failure. */
import { toBase64, utf8 } from '@deponent/format'
import { Hono } from 'hono'
import { ANYBODY, type Caller } from '../access/keys.ts'
import { bearerOf } from '../access/token.ts'
import type { Connection } from '../platform/connection.ts'
import type { Call, Handler, Services } from './call.ts'
import { type Operation, type Route, ROUTES } from './contract.ts'
import * as bundle from './handlers/bundle.ts'
import { getDashboard } from './handlers/dashboard.ts'
import * as decisions from './handlers/decisions.ts'
import { getEmitterProof } from './handlers/emitter-proof.ts'
import * as health from './handlers/health.ts'
import * as ledger from './handlers/ledger.ts'
import { getLedgerStatus } from './handlers/ledger-status.ts'
import * as recording from './handlers/recording.ts'
import * as statistics from './handlers/statistics.ts'
import { Problem, problemOf, problemResponse } from './problem.ts'
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
  listDecisions: decisions.listDecisions,
  getDecision: decisions.getDecision,
  getProof: decisions.getProof,
  getBundle: bundle.getBundle,
  postBundles: bundle.postBundles,
  getTimeline: decisions.getTimeline,
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
}

/** Builds the handler of the whole port. */
export function createHandler(
  services: Services,
): (request: Request, connection: Connection) => Promise<Response> {
  const router = new Hono()
  for (const route of ROUTES) {
    router.on(route.method, patternOf(route), (context) =>
      answer(services, route, {
        request: context.req.raw,
        caller: ANYBODY,
        params: context.req.param(),
        query: new URL(context.req.url).searchParams,
        services,
      }),
    )
  }
  for (const [pattern, methods] of methodsByPattern())
    router.all(pattern, () => problemResponse(methodNotAllowed(methods)))
  router.get('*', (context) => pageOrProblem(services, context.req.raw))
  router.all('*', ({ req }) =>
    problemResponse(isApi(req.raw) ? noSuchAddress() : methodNotAllowed(['GET', 'HEAD'])),
  )
  router.onError((error) => failed(services, error))
  return async (request, { isSecure }) => secured(await router.fetch(request), isSecure)
}

/** The path of a route in the words of the router. */
function patternOf({ path }: Route): string {
  return path.replace(/:(\w+)\*$/, ':$1{.+}').replace('/subjects:lookup', '/:subjects{subjects:lookup}')
}

function methodsByPattern(): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const route of ROUTES) {
    const methods = route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]
    found.set(patternOf(route), [...(found.get(patternOf(route)) ?? []), ...methods])
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

async function answer(services: Services, route: Route, call: Call): Promise<Response> {
  const started = services.clock.monotonicMs()
  const response = await attempt(services, route, call)
  if (route.right === 'record') stateHead(services, response)
  const seconds = (services.clock.monotonicMs() - started) / 1_000
  services.metrics.requestSeconds.observe(
    { operation: route.operation, status: String(response.status) },
    seconds,
  )
  return response
}

/** Whoever records is told the latest checkpoint, to be brought back as `Deponent-Seen`. */
function stateHead({ tenant }: Services, response: Response): void {
  const { checkpoint } = tenant.ledger
  if (checkpoint) response.headers.set('Deponent-Checkpoint', toBase64(utf8(checkpoint.note)))
}

async function attempt(services: Services, route: Route, call: Call): Promise<Response> {
  try {
    const caller = await authorise(services, route, call.request)
    const seen = caller === ANYBODY ? null : call.request.headers.get('deponent-seen')
    if (seen !== null) await services.tenant.seen.consider(seen)
    return await HANDLERS[route.operation]({ ...call, caller })
  } catch (error) {
    return failed(services, error)
  }
}

function failed(services: Services, error: unknown): Response {
  const problem = problemOf(error)
  services.metrics.refused.inc({ code: problem.code })
  if (problem.status === 500) services.onUnexpected(error)
  return problemResponse(problem)
}

async function authorise(services: Services, { right }: Route, request: Request): Promise<Caller> {
  if (right === 'open') return ANYBODY
  const given = bearerOf(request.headers.get('authorization'))
  const caller = given === undefined ? undefined : await services.keys.callerOf(given)
  if (caller?.has(right)) return caller
  if (caller) throw new Problem(403, 'forbidden', 'this key has no right to this address')
  throw new Problem(
    401,
    'unauthorized',
    'a valid key is needed: Authorization: Bearer KEY',
    {},
    { 'WWW-Authenticate': 'Bearer' },
  )
}

async function pageOrProblem(services: Services, request: Request): Promise<Response> {
  if (isApi(request)) return problemResponse(noSuchAddress())
  try {
    return await getDashboard({
      request,
      caller: ANYBODY,
      params: {},
      query: new URLSearchParams(),
      services,
    })
  } catch (error) {
    return problemResponse(problemOf(error))
  }
}
