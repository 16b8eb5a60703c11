/** Finding decisions and opening one. */
import {
  completeness,
  profileOf,
  type EntryTime,
  FormatError,
  formatTlogProof,
  isoTime,
  type TimeBound,
} from '@deponent/format'
import { whyKept } from '../../expiry/plan.ts'
import { statedTime } from '../../ledger/stated-time.ts'
import { dueOf } from '../../retention/due.ts'
import { type Call, type Handler, json, objectOf } from '../call.ts'
import type { Tenant } from '../../tenant.ts'
import { pointersIn } from '../pointers.ts'
import { Problem } from '../problem.ts'
import {
  erasedProblem,
  isErased,
  placeOf,
  readOne,
  readSeen,
  type SeenEntry,
  seenBy,
  viewOf,
} from '../read-entry.ts'
import { restrictionOf, withLeftOut } from '../restriction.ts'
import { notYet } from './ledger.ts'
import { decisionIndex } from './recording.ts'

export const listDecisions: Handler = async (call) => {
  const restriction = restrictionOf(call)
  const list = await call.services.projection.list(call.query, restriction)
  call.look.objects = list.items.map(({ id }) => id)
  call.look.count = list.items.length
  return json(withLeftOut(list, restriction))
}

export const getDecision: Handler = async (call) => json(await shownDecision(call))

/** The decision of the address, or another record by its entry id, as far as its caller may see it. @throws Problem */
export async function shownDecision(call: Call): Promise<object> {
  const { tenant } = call.services
  const index = await decisionIndex(call)
  const seen = await readSeen(call, index)
  const { entry, record, subjects, systemName } = seen
  call.look.objects = [entry.id]
  if (isErased(seen)) throw await erasedProblem(call, seen)
  const reveal = revealFor(call, seen)
  const { classes } = seen
  const subject = call.permit.subject ?? subjects[0]
  const shown = viewOf(call, reveal ? { ...seen, classes: reveal.classes } : seen, reveal?.fields)
  return {
    id: entry.id,
    kind: entry.kind,
    index,
    ledger: tenant.name,
    at: new Date(placeOf(seen).at).toISOString(),
    receivedAt: new Date(entry.receivedAt).toISOString(),
    ...(await timeOf(tenant, index, entry.receivedAt)),
    system: systemName,
    ...(subject !== undefined && classes.has('identifier') && { subject }),
    record: shown,
    ...(seen.erasedFields !== undefined && { erasedFields: seen.erasedFields }),
    links: record?.links ?? [],
    ...(record &&
      shown &&
      entry.kind === 'decision' && { completeness: completeness(record, profileOf(shown)) }),
    ...(call.services.retention.isSet && { retention: retentionOf(call, seen) }),
    ...(await rightsOf(call, seen)),
    ...(reveal && { reveal: { fields: reveal.fields, until: new Date(reveal.until).toISOString() } }),
  }
}

/** Until when its content is kept by the retention in force, or why it does not go; `slug`: what its entry names. */
function retentionOf({ services }: Call, read: SeenEntry): object {
  const due = dueOf(services.retention.settings, read.systemName, placeOf(read).at)
  const goes = due.state === 'until' ? due : undefined
  return {
    slug: read.entry.retention,
    until: goes ? isoTime(goes.at) : null,
    policy: goes?.policy ?? null,
    why: due.state === 'until' ? null : whyKept(due),
  }
}

/** What holds for a record beside what it says: why it is restricted, and what corrects it. */
async function rightsOf({ services }: Call, read: SeenEntry): Promise<object> {
  const { rights } = services.tenant
  const restrictedBy = await rights.restrictionOver(read)
  const correctedBy = rights.correctionsOf(read.entry.id)
  return {
    ...(restrictedBy.length > 0 && { restricted: true, restrictedBy }),
    ...(correctedBy.length > 0 && { correctedBy }),
  }
}

/** What of a record is revealed to its reader, and until when. */
interface Revealing {
  readonly fields: readonly string[] | 'all'
  readonly classes: SeenEntry['classes']
  readonly until: number
}

/** Opens what a stated purpose opens, on record before it is shown; undefined when nothing is revealed. */
function revealFor(call: Call, { entry, record, classes, ...read }: SeenEntry): Revealing | undefined {
  const { caller, purpose, query, services } = call
  const asked = query.get('reveal')
  if (asked !== null && purpose === undefined)
    throw new Problem(
      403,
      'purpose_required',
      'fields are revealed for a stated purpose only (Deponent-Purpose)',
    )
  if (purpose === undefined || !record) return undefined
  const fields: Revealing['fields'] = asked === null ? 'all' : pointersIn(asked.split(','), 'reveal')
  const permit = caller.permit('reveal')
  const revealed = permit?.fieldsOf(placeOf({ entry, record, ...read }), true) ?? new Set()
  if (!revealed.has('sealed')) return undefined
  const { control, reveals } = services
  const reveal = { identity: caller.id, entry: entry.id, purpose, fields }
  const open = reveals.until(reveal)
  call.look.fields = fields === 'all' ? ['all'] : [...fields]
  call.look.isReveal = true
  call.look.isUrgent = open === undefined
  const until = open ?? reveals.open(reveal, control.policy.revealMinutes)
  return { fields, classes: new Set([...classes, ...revealed]), until }
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

/** Everything recorded about one decision, oldest first, as far as its reader may see it. */
export const getTimeline: Handler = async (call) => {
  const { projection } = call.services
  const index = await decisionIndex(call)
  const decision = await readSeen(call, index)
  if (isErased(decision)) throw await erasedProblem(call, decision)
  const items = []
  for (const about of await projection.about(index, restrictionOf(call))) {
    const seen = await seenBy(call, await readOne(call, about))
    if (!seen || isErased(seen)) continue
    const { entry } = seen
    const at = new Date(placeOf(seen).at).toISOString()
    items.push({ id: entry.id, kind: entry.kind, index: about, at, record: viewOf(call, seen) })
  }
  call.look.objects = items.map(({ id }) => id)
  call.look.count = items.length
  return json({ items })
}

/** An opaque handle for a person, so that ids need not appear in addresses. */
export const lookUpSubject: Handler = async (call) => {
  const { subject } = await objectOf(call.request)
  if (typeof subject !== 'string' || subject === '') {
    throw new Problem(400, 'missing_field', 'subject must be a non-empty string', { field: '/subject' })
  }
  const handle = call.services.tenant.reader.subjectHandle(subject)
  call.look.query = { subject: call.services.tenant.reader.tokenOf(subject) }
  return json({ handle })
}
