/** What a record says of rights and holds, as far as it is kept in memory: no words of anybody, no id of a person but by handle. */
import { type CanonicalRecord, type JsonValue, parseTime } from '@deponent/format'
import { linkedIds, subjectsOf } from '../recording/links.ts'
import type { Registered } from '../recording/register.ts'

interface Told {
  readonly index: number
  /** Entry id. */
  readonly id: string
  readonly receivedAt: number
  /** Handles of the people it is about, in the order of the record. */
  readonly handles: readonly string[]
}

export interface RequestFact extends Told {
  readonly what: 'request'
  readonly requestId: string
  readonly requestType: string
  readonly status: 'open' | 'extended' | 'answered' | 'refused'
  readonly requestedAt: number
  readonly dueAt?: number
  readonly identity?: 'confirmed' | 'failed'
  readonly isMarketing: boolean
}

export interface HoldFact extends Told {
  readonly what: 'hold'
  readonly step: 'placed' | 'reviewed' | 'release_asked' | 'released'
  readonly holdId: string
  readonly ground?: string
  readonly scope: HoldScope
  readonly reviewAt?: number
  /** Ids of the identities that ask for its release. */
  readonly releasedBy: readonly string[]
}

/** What is held beside the people: all that lies within every member that is given. */
export interface HoldScope {
  readonly systems?: readonly string[]
  /** By `receivedAt`, ms since the epoch, `to` excluded. */
  readonly from?: number
  readonly to?: number
  /** Entry ids of decisions, and their indices in the same order. */
  readonly decisions?: readonly string[]
  readonly indices?: readonly number[]
}

export interface PersonFact extends Told {
  readonly what: 'merged' | 'split' | 'restricted' | 'unrestricted' | 'rectified'
  readonly mergeId?: string
  /** Entry ids it is about; empty for all of the person. */
  readonly entries: readonly string[]
}

/** Somebody outside got a copy. What of, stands in the record. */
export interface CopyFact extends Told {
  readonly what: 'copy'
}

export type Fact = RequestFact | HoldFact | PersonFact | CopyFact

/** The fact of a registered record; undefined when it says nothing that is kept track of. */
export function factIn(
  index: number,
  { entry, record }: Registered,
  handleOf: (subject: string) => string,
): Fact | undefined {
  const { id, kind, receivedAt } = entry
  const told = { index, id, receivedAt, handles: subjectsOf(record).map(handleOf) }
  if (kind === 'request') return requestIn(told, record)
  if (kind.startsWith('hold.')) return holdIn(told, kind.slice('hold.'.length), record)
  if (kind.startsWith('subject.')) return personIn(told, kind.slice('subject.'.length), record)
  if (kind === 'rectification') return { ...told, what: 'rectified', entries: linkedIds(record, 'corrects') }
  return isCopy(kind, record) ? { ...told, what: 'copy' } : undefined
}

export const REQUEST_STATES = ['open', 'extended', 'answered', 'refused'] as const

function requestIn(told: Told, record: CanonicalRecord): RequestFact | undefined {
  const { requestId, requestType } = record
  const status = REQUEST_STATES.find((state) => state === record.status)
  if (typeof requestId !== 'string' || typeof requestType !== 'string' || !status) return undefined
  const check = membersOf(record.identityCheck).result
  const dueAt = momentIn(record.extendedTo) ?? momentIn(record.dueAt)
  return {
    ...told,
    what: 'request',
    requestId,
    requestType,
    status,
    requestedAt: momentIn(record.requestedAt) ?? told.receivedAt,
    isMarketing: record.isMarketing === true,
    ...(dueAt !== undefined && { dueAt }),
    ...((check === 'confirmed' || check === 'failed') && { identity: check }),
  }
}

const HOLD_STEPS = ['placed', 'reviewed', 'release_asked', 'released'] as const

function holdIn(told: Told, named: string, record: CanonicalRecord): HoldFact | undefined {
  const step = HOLD_STEPS.find((one) => one === named)
  if (!step || typeof record.holdId !== 'string') return undefined
  const reviewAt = momentIn(record.reviewAt)
  const by = Array.isArray(record.releasedBy) ? record.releasedBy : []
  return {
    ...told,
    what: 'hold',
    step,
    holdId: record.holdId,
    scope: scopeIn(record.scope),
    releasedBy: by.map((actor) => textOf(membersOf(actor).id)),
    ...(typeof record.ground === 'string' && { ground: record.ground }),
    ...(reviewAt !== undefined && { reviewAt }),
  }
}

function scopeIn(value: JsonValue | undefined): HoldScope {
  const { systems, from, to, decisions, indices } = membersOf(value)
  const [first, end] = [momentIn(from), momentIn(to)]
  return {
    ...(Array.isArray(systems) && { systems: systems.map(textOf) }),
    ...(first !== undefined && { from: first }),
    ...(end !== undefined && { to: end }),
    ...(Array.isArray(decisions) && { decisions: decisions.map(textOf) }),
    ...(Array.isArray(indices) && { indices: indices.map(Number) }),
  }
}

const PERSON_STEPS = ['merged', 'split', 'restricted', 'unrestricted'] as const

function personIn(told: Told, named: string, record: CanonicalRecord): PersonFact | undefined {
  const what = PERSON_STEPS.find((one) => one === named)
  if (!what) return undefined
  const entries = Array.isArray(record.decisions) ? record.decisions.map(textOf) : []
  return { ...told, what, entries, ...(typeof record.mergeId === 'string' && { mergeId: record.mergeId }) }
}

function isCopy(kind: string, record: CanonicalRecord): boolean {
  if (kind === 'access.external') return true
  return kind === 'access' && record.result === 'exported' && record.recipient !== undefined
}

function momentIn(value: JsonValue | undefined): number | undefined {
  return value === undefined ? undefined : parseTime(value)?.ms
}

function membersOf(value: JsonValue | undefined): CanonicalRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}
