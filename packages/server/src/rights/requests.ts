/** Requests of people over their data, folded from their records, and the clock each runs by (GDPR Art. 12(3) and (4)). */
import { addMonths } from '../calendar/months.ts'
import type { Fact, RequestFact } from './fact.ts'
import { RightsRefused } from './refusal.ts'

/** Months within which a request is answered, and by how many they may be extended with reasons. */
const ANSWER_MONTHS = 1
const EXTENSION_MONTHS = 2

export type RequestState = RequestFact['status']

export interface PersonRequest {
  readonly requestId: string
  readonly requestType: string
  /** Handle of the person. */
  readonly subject: string
  readonly state: RequestState
  /** When it came; ms since the epoch, like the others. */
  readonly receivedAt: number
  readonly dueAt: number
  readonly isExtended: boolean
  readonly closedAt?: number
  readonly identity: 'unchecked' | 'confirmed' | 'failed'
  readonly isMarketing: boolean
  /** Its records, oldest first. */
  readonly records: readonly { readonly index: number; readonly id: string }[]
}

/** When a request that came at `receivedAt` is due. */
export function dueAtOf(receivedAt: number): number {
  return addMonths(receivedAt, ANSWER_MONTHS)
}

/** When it is due once it is extended: three months after it came, not two after the first month ended. */
export function extendedTo(receivedAt: number): number {
  return addMonths(receivedAt, ANSWER_MONTHS + EXTENSION_MONTHS)
}

/** Requests by id. */
export function requestsOf(facts: readonly Fact[]): Map<string, PersonRequest> {
  const found = new Map<string, PersonRequest>()
  for (const fact of facts) {
    if (fact.what !== 'request') continue
    const next = stepped(found.get(fact.requestId), fact)
    if (next) found.set(fact.requestId, next)
  }
  return found
}

function stepped(before: PersonRequest | undefined, fact: RequestFact): PersonRequest | undefined {
  const { index, id, status, requestType, handles, identity } = fact
  const subject = before?.subject ?? handles[0]
  if (subject === undefined) return undefined
  const receivedAt = before?.receivedAt ?? fact.requestedAt
  const isClosing = status === 'answered' || status === 'refused'
  const isExtended = before?.isExtended === true || status === 'extended'
  return {
    requestId: fact.requestId,
    requestType: before?.requestType ?? requestType,
    subject,
    state: status,
    receivedAt,
    dueAt: isExtended ? extendedTo(receivedAt) : dueAtOf(receivedAt),
    isExtended,
    identity: identity ?? before?.identity ?? 'unchecked',
    isMarketing: before?.isMarketing === true || fact.isMarketing,
    records: [...(before?.records ?? []), { index, id }],
    ...(isClosing && { closedAt: fact.receivedAt }),
  }
}

export function isPending({ state }: PersonRequest): boolean {
  return state === 'open' || state === 'extended'
}

/** Whether it waits for an answer that is due no more. */
export function isOverdue(request: PersonRequest, now: number): boolean {
  return isPending(request) && now > request.dueAt
}

/** @throws RightsRefused unless it waits for an answer */
export function mustBePending(request: PersonRequest): void {
  if (!isPending(request)) throw new RightsRefused('request_closed', 'this request is answered or refused')
}

/** @throws RightsRefused once the first month is over: the person is told of an extension within it (Art. 12(3)) */
export function mustBeExtensible(request: PersonRequest, now: number): void {
  mustBePending(request)
  if (request.isExtended) throw new RightsRefused('already_extended', 'a request is extended once')
  if (now > request.dueAt)
    throw new RightsRefused('request_late', 'an extension is told within the first month, which is over')
}
