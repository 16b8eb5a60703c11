/** Requests of people over their data. */
import type { CanonicalRecord } from '@deponent/format'
import type { PersonRequest } from '../../rights/requests.ts'
import { isOverdue } from '../../rights/requests.ts'
import { bodyAs } from '../body.ts'
import { type Call, type Handler, json } from '../call.ts'
import { momentsOf } from '../moments.ts'
import { Problem } from '../problem.ts'
import { placeOf, readOne, viewOf } from '../read-entry.ts'
import {
  answerRequestBody,
  extensionRequest,
  identityRequest,
  newRequest,
  refusalRequest,
} from '../routes/persons.ts'

const PAGE_DEFAULT = 100
const PAGE_MAX = 1_000

export const receiveRequest: Handler = async (call) => {
  const { identityCheck, ...asked } = await bodyAs(call.request, newRequest)
  const request = await desk(call).receive(
    {
      ...momentsOf(asked, ['receivedAt']),
      ...(identityCheck && { identityCheck: momentsOf(identityCheck, ['at']) }),
    },
    call.caller.actor('rights'),
  )
  return json(toldRequest(request, call.services.clock.now()), 201)
}

export const listRequests: Handler = (call) => {
  const { query, services } = call
  const now = services.clock.now()
  const limit = limitIn(query)
  const before = cursorIn(query)
  const found = desk(call)
    .all()
    .filter((request) => isAsked(call, request, now))
    .toSorted((a, b) => positionOf(b) - positionOf(a))
    .filter((request) => positionOf(request) < before)
  const shown = found.slice(0, limit)
  const last = found.length > limit ? shown.at(-1) : undefined
  call.look.count = shown.length
  const { requestsOpen: open, requestsOverdue: overdue } = services.tenant.rights.attention()
  return json({
    items: shown.map((request) => toldRequest(request, now)),
    next: last ? `${positionOf(last)}` : null,
    open,
    overdue,
  })
}

export const getRequest: Handler = async (call) => {
  const { clock } = call.services
  const request = desk(call).get(call.params.id ?? '')
  const history = await historyOf(call, request.records)
  return json({ ...toldRequest(request, clock.now()), history })
}

export const checkRequestIdentity: Handler = async (call) => {
  const check = momentsOf(await bodyAs(call.request, identityRequest), ['at'])
  return stepped(call, (id, by) => desk(call).checkIdentity(id, check, by))
}

export const extendRequest: Handler = async (call) => {
  const { reason } = await bodyAs(call.request, extensionRequest)
  return stepped(call, (id, by) => desk(call).extend(id, reason, by))
}

export const answerRequest: Handler = async (call) => {
  const answer = await bodyAs(call.request, answerRequestBody)
  return stepped(call, (id, by) => desk(call).answer(id, answer, by))
}

export const refuseRequest: Handler = async (call) => {
  const refusal = await bodyAs(call.request, refusalRequest)
  return stepped(call, (id, by) => desk(call).refuse(id, refusal, by))
}

/** A request as it is told: no words of anybody. */
export function toldRequest(request: PersonRequest, now: number): object {
  const { closedAt, dueAt, records, receivedAt, ...told } = request
  return {
    ...told,
    receivedAt: new Date(receivedAt).toISOString(),
    dueAt: new Date(dueAt).toISOString(),
    isOverdue: isOverdue(request, now),
    ...(closedAt !== undefined && { closedAt: new Date(closedAt).toISOString() }),
    entry: records[0],
  }
}

interface HistoryStep {
  readonly id: string
  readonly index: number
  readonly at: string
  readonly kind: string
  readonly record: CanonicalRecord | null
}

/**
 * What the records of something say, oldest first, as far as the caller may see them: words for a stated purpose only, which is on record
 * before they leave. Null for one that cannot be opened.
 */
export async function historyOf(
  call: Call,
  records: readonly { readonly index: number; readonly id: string }[],
): Promise<HistoryStep[]> {
  const { caller, look, permit, purpose } = call
  const reveals = purpose === undefined ? undefined : caller.permit('reveal')
  const told: HistoryStep[] = []
  for (const { id, index } of records) {
    const read = await readOne(call, index)
    const place = placeOf(read)
    const own = permit.fieldsOf(place, purpose !== undefined)
    const opened = reveals?.fieldsOf(place, true) ?? new Set()
    const isReveal = opened.has('sealed')
    const seen = { ...read, classes: new Set(isReveal ? [...own, ...opened] : own) }
    if (isReveal) Object.assign(look, { isReveal, isUrgent: true, fields: ['all'] })
    const record = viewOf(call, seen, isReveal ? 'all' : undefined) ?? null
    told.push({ id, index, at: new Date(read.entry.receivedAt).toISOString(), kind: read.entry.kind, record })
  }
  look.objects = records.map(({ id }) => id)
  return told
}

type RequestDesk = Call['services']['tenant']['rights']['requests']

function desk({ services }: Call): RequestDesk {
  return services.tenant.rights.requests
}

async function stepped(
  { caller, params, services }: Call,
  step: (id: string, by: ReturnType<Call['caller']['actor']>) => Promise<PersonRequest>,
): Promise<Response> {
  const request = await step(params.id ?? '', caller.actor('rights'))
  return json(toldRequest(request, services.clock.now()))
}

function isAsked({ query, services }: Call, request: PersonRequest, now: number): boolean {
  const subject = query.get('subject')
  const [state, type, overdue] = [query.get('state'), query.get('requestType'), query.get('overdue')]
  if (state !== null && request.state !== state) return false
  if (type !== null && request.requestType !== type) return false
  if (overdue !== null && isOverdue(request, now) !== (overdue === 'true')) return false
  return subject === null || services.tenant.rights.scopesOf(subject).includes(request.subject)
}

/** Where it began in the ledger. */
function positionOf({ records }: PersonRequest): number {
  return records[0]!.index
}

function limitIn(query: URLSearchParams): number {
  const limit = Number(query.get('limit') ?? PAGE_DEFAULT)
  if (Number.isInteger(limit) && limit >= 1 && limit <= PAGE_MAX) return limit
  throw new Problem(400, 'out_of_range', `limit is a number from 1 to ${PAGE_MAX}`, { field: 'limit' })
}

function cursorIn(query: URLSearchParams): number {
  const text = query.get('cursor')
  if (text === null) return Infinity
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new Problem(400, 'bad_cursor', 'the cursor is not one this list gave', { field: 'cursor' })
}
