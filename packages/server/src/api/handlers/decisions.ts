/** Finding decisions and opening one. */
import {
  completeness,
  type EntryTime,
  FormatError,
  formatTlogProof,
  recordTime,
  type TimeBound,
} from '@deponent/format'
import { statedTime } from '../../ledger/stated-time.ts'
import { UNRESTRICTED } from '../../projection/index.ts'
import type { ReadEntry } from '../../recording/reader.ts'
import { type Handler, json, objectOf } from '../call.ts'
import type { Tenant } from '../../tenant.ts'
import { Problem } from '../problem.ts'
import { sealedView } from '../sealed-view.ts'
import { purposeOf, recordAccess } from './access-record.ts'
import { notYet } from './ledger.ts'
import { decisionIndex } from './recording.ts'

export const listDecisions: Handler = async ({ query, services }) =>
  json(await services.projection.list(query, UNRESTRICTED))

export const getDecision: Handler = async (call) => {
  const { projection, tenant } = call.services
  const index = await decisionIndex(call)
  const { entry, record, subject, systemName } = await readOne(tenant, index)
  const at = new Date((record && recordTime(record)) ?? entry.receivedAt).toISOString()
  const purpose = purposeOf(call.request)
  if (purpose !== undefined && record) {
    await recordAccess(tenant, { action: 'reveal', purpose, objects: [entry.id], count: 1, result: 'read' })
  }
  return json({
    id: entry.id,
    kind: entry.kind,
    index,
    ledger: tenant.name,
    at,
    receivedAt: new Date(entry.receivedAt).toISOString(),
    ...(await timeOf(tenant, index, entry.receivedAt)),
    system: systemName,
    ...(subject !== undefined && { subject }),
    record:
      record &&
      (purpose !== undefined ? record : sealedView(record, new Set(projection.sealedFields(systemName)))),
    links: record?.links ?? [],
    ...(record && entry.kind === 'decision' && { completeness: completeness(record) }),
  })
}

/** Between which moments outsiders place the entry; nothing where they placed nothing. */
async function timeOf({ ledger }: Tenant, index: number, receivedAt: number): Promise<object> {
  const { notBefore, notAfter } = await intervalOf(ledger, index, receivedAt)
  if (!notBefore && !notAfter) return {}
  return {
    time: {
      receivedAt: new Date(receivedAt).toISOString(),
      ...(notBefore && { notBefore: boundOf(notBefore) }),
      ...(notAfter && { notAfter: boundOf(notAfter) }),
    },
  }
}

async function intervalOf(ledger: Tenant['ledger'], index: number, receivedAt: number): Promise<EntryTime> {
  try {
    return await statedTime(ledger, index, receivedAt)
  } catch (error) {
    // A damaged anchor is a finding of `verify`; the decision itself is none the worse.
    if (error instanceof FormatError) return { receivedAt }
    throw error
  }
}

function boundOf({ timeMs, source }: TimeBound): { at: string; source: string } {
  return { at: new Date(timeMs).toISOString(), source }
}

/** An entry with its record; what does not open as it was sealed is the server's trouble, not the reader's. */
async function readOne({ reader }: Tenant, index: number): Promise<ReadEntry> {
  try {
    return await reader.one(index)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    throw new Problem(
      500,
      error.code,
      'the stored payload is damaged; the entry and its proof are not affected',
      { index },
    )
  }
}

export const getProof: Handler = async (call) => {
  const { ledger } = call.services.tenant
  const index = await decisionIndex(call)
  const { checkpoint } = ledger
  if (!checkpoint || index >= checkpoint.size) throw notYet()
  const hashes = await ledger.inclusionProof(index, checkpoint.size)
  const text = formatTlogProof({ index, hashes, checkpointNote: checkpoint.note })
  return new Response(text, {
    headers: { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' },
  })
}

/** Everything recorded about one decision, oldest first. */
export const getTimeline: Handler = async (call) => {
  const { projection, tenant } = call.services
  const index = await decisionIndex(call)
  const items = []
  for (const about of await projection.about(index, UNRESTRICTED)) {
    const { entry, record, systemName } = await readOne(tenant, about)
    const sealed = new Set(projection.sealedFields(systemName))
    const at = new Date((record && recordTime(record)) ?? entry.receivedAt).toISOString()
    items.push({
      id: entry.id,
      kind: entry.kind,
      index: about,
      at,
      record: record && sealedView(record, sealed),
    })
  }
  return json({ items })
}

/** An opaque handle for a person, so that ids need not appear in addresses. */
export const lookUpSubject: Handler = async (call) => {
  const { subject } = await objectOf(call.request)
  if (typeof subject !== 'string' || subject === '') {
    throw new Problem(400, 'missing_field', 'subject must be a non-empty string', { field: '/subject' })
  }
  return json({ handle: call.services.tenant.reader.subjectHandle(subject) })
}
