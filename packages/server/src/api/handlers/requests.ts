/** Requests of people over their data. */
import { type CanonicalRecord, REQUEST_TYPES } from '@deponent/format'
import { REQUEST_STATES } from '../../rights/fact.ts'
import { isOverdue, type PersonRequest } from '../../rights/requests.ts'
import { bodyAs } from '../body.ts'
import { type Call, type Handler, json } from '../call.ts'
import { chosen, flagged, listParameters, numberPlace, pageOf } from '../list-page.ts'
import { momentsOf } from '../moments.ts'
import { placeOf, readOne, viewOf } from '../read-entry.ts'
import {
  answerRequestBody,
  extensionRequest,
  identityRequest,
  newRequest,
  refusalRequest,
} from '../routes/persons.ts'
import { decisionEntriesOf } from './recording.ts'

export const receiveRequest: Handler = async (call) => {
  const { decisions, identityCheck, ...asked } = await bodyAs(call.request, newRequest)
  const about = decisions && (await decisionEntriesOf(call, decisions, '/decisions'))
  const request = await desk(call).receive(
    {
      ...momentsOf(asked, ['receivedAt']),
      ...(about && { decisions: about.map(({ id }) => id) }),
      ...(identityCheck && { identityCheck: momentsOf(identityCheck, ['at']) }),
    },
    call.caller.actor('rights'),
  )
  return json(toldRequest(request, call.services.clock.now()), 201)
}

export const listRequests: Handler = (call) => {
  const { look, query, services } = call
  const { clock, tenant } = services
  const now = clock.now()
  const parameters = listParameters(query, ['state', 'requestType', 'subject', 'overdue'])
  const found = desk(call)
    .all()
    .filter(askedFor(call, parameters, now))
  const { items, next } = pageOf(found, placeOfRequest, parameters)
  look.count = items.length
  const { requestsOpen: open, requestsOverdue: overdue } = tenant.rights.attention()
  return json({
    items: items.map((request) => toldRequest(request, now)),
    next,
    asOf: { size: tenant.ledger.size },
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

function askedFor(
  { services }: Call,
  parameters: ReadonlyMap<string, string>,
  now: number,
): (request: PersonRequest) => boolean {
  const state = chosen(parameters, 'state', REQUEST_STATES)
  const type = chosen(parameters, 'requestType', REQUEST_TYPES)
  const overdue = flagged(parameters, 'overdue')
  const subject = parameters.get('subject')
  const scopes = subject === undefined ? undefined : services.tenant.rights.scopesOf(subject)
  return (request) =>
    (state === undefined || request.state === state) &&
    (type === undefined || request.requestType === type) &&
    (overdue === undefined || isOverdue(request, now) === overdue) &&
    (scopes === undefined || scopes.includes(request.subject))
}

/** By where it began in the ledger. */
function placeOfRequest({ records }: PersonRequest): string {
  return numberPlace(records[0]!.index)
}
