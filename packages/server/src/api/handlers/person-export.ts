/** Everything known of a person, handed out: found, counted and put on record first, then written piece by piece. */
import { type CanonicalRecord, type JsonValue, parseTime, toHex, utf8 } from '@deponent/format'
import { type AccessList, type ListedAccess, LOOKED_AT_MAX } from '../../projection/index.ts'
import { headingsOf } from '../../rights/article-15.ts'
import { exportPage } from '../../rights/export-page.ts'
import {
  type Choosing,
  chosenIn,
  type Consultation,
  EXPORT_RECORDS_MAX,
  exportedRecords,
  type ExportHead,
  exportJson,
} from '../../rights/person-export.ts'
import type { Hold } from '../../rights/holds.ts'
import { mustBeConfirmed } from '../../rights/request-desk.ts'
import { type Survey, surveyOf } from '../../rights/survey.ts'
import type { ReadEntry } from '../../recording/reader.ts'
import type { Call, Handler } from '../call.ts'
import { concealed, Problem } from '../problem.ts'
import { recipientOf } from '../purpose.ts'
import { placeOf } from '../read-entry.ts'
import { recordView } from '../record-view.ts'
import { toldWithoutStaff } from './holds.ts'
import { nobody, toldStanding } from './persons.ts'

/** Looks an export tells of at most, the newest. */
const CONSULTATIONS_MAX = 10_000
const PAGE = 1_000

interface Order {
  readonly subject: string
  readonly scopes: readonly string[]
  readonly format: 'json' | 'html'
  readonly scope: ExportHead['scope']
  readonly from: number | undefined
  readonly to: number | undefined
}

export const exportSubject: Handler = async (call) => {
  const { look, request, services } = call
  const { rights } = services.tenant
  const order = orderOf(call)
  const survey = await surveyOf(entriesFor(call, order), order)
  const isKnown = order.scope === 'provided' && order.scopes.some((scope) => rights.entries.knows(scope))
  if (survey.entries.length === 0 && !isKnown) throw nobody()
  if (survey.entries.length > EXPORT_RECORDS_MAX)
    throw new Problem(
      413,
      'export_too_large',
      `one export has at most ${EXPORT_RECORDS_MAX} records: ask for parts of the time with from and to`,
    )
  const head = await headOf(call, order, survey)
  look.objects = survey.entries.map(({ id }) => id)
  look.count = survey.entries.length
  look.result = 'exported'
  look.fields = [order.scope]
  look.query = {
    ':subject': services.tenant.reader.tokenOf(order.scopes[0]!),
    format: order.format,
    scope: order.scope,
  }
  const recipient = recipientOf(request)
  if (recipient !== undefined) look.recipient = recipient
  return answer(order, head, recordsOf(call, order, survey))
}

/** What is asked for, of whom. @throws Problem · RightsRefused */
function orderOf(call: Call): Order {
  const { params, permit, query, services } = call
  const { rights } = services.tenant
  const subject = permit.subject === undefined ? (params.subject ?? '') : ownOf(call, permit.subject)
  if (permit.subject === undefined && !permit.isWhole)
    throw new Problem(
      403,
      'forbidden',
      'an export is of all records, and the key is narrowed to a part of them',
    )
  const scopes = rights.scopesOf(subject)
  const named = query.get('request')
  if (named !== null) {
    const request = rights.requests.get(named)
    if (!scopes.includes(request.subject))
      throw new Problem(404, 'not_found', 'the person has no request of this id', { field: 'request' })
    mustBeConfirmed(request)
  }
  return {
    subject,
    scopes,
    format: choiceOf(query, 'format', ['json', 'html']),
    scope: choiceOf(query, 'scope', ['all', 'provided']),
    from: momentOf(query, 'from'),
    to: momentOf(query, 'to'),
  }
}

/** The handle of the caller, whichever of their own names was asked for. */
function ownOf({ params, services }: Call, own: string): string {
  const asked = params.subject ?? ''
  if (asked === 'me' || services.tenant.rights.scopesOf(asked).includes(own)) return own
  throw concealed('nobody of this id is known')
}

async function headOf(call: Call, { scope, scopes, subject }: Order, survey: Survey): Promise<ExportHead> {
  const { purpose, services } = call
  const { clock, tenant, version } = services
  const { ledger, rights, name } = tenant
  const ids = []
  for (const handle of scopes) ids.push(await rights.entries.idOf(handle))
  return {
    format: 'deponent subject export 1',
    subject: { handle: scopes[0]!, ids: ids.filter((id) => id !== undefined) },
    exportedAt: new Date(clock.now()).toISOString(),
    exportedBy: `deponent ${version}`,
    ledger: name,
    origin: ledger.origin,
    asOf: { size: ledger.size },
    scope,
    ...(purpose !== undefined && { purpose }),
    records: survey.entries.length,
    ...(scope === 'all' && (await besideRecords(call, subject, scopes, survey))),
  }
}

type Beside = Pick<ExportHead, 'headings' | 'rights' | 'consultations'>

/** What the person is told beside the records (Art. 15). */
async function besideRecords(
  call: Call,
  subject: string,
  scopes: readonly string[],
  survey: Survey,
): Promise<Beside> {
  const { clock, tenant } = call.services
  const standing = tenant.rights.standingOf(subject, survey.entries)
  const ids = new Set(survey.entries.map(({ id }) => id))
  const holds = standing.holds.map((hold) => toldWithoutStaff(partOf(hold, scopes, ids), clock.now()))
  const told = { ...toldStanding(standing, clock.now()), holds }
  return {
    headings: headingsOf(survey, await tenant.rights.recipientsOf(survey.entries)),
    rights: JSON.parse(JSON.stringify(told)) as Record<string, JsonValue>,
    consultations: await consultationsOf(call, [...ids]),
  }
}

/** A hold as far as it is about the person: whom and what else it holds is not theirs to know. */
function partOf(hold: Hold, scopes: readonly string[], ids: ReadonlySet<string>): Hold {
  const { scope, subjects } = hold
  const decisions = scope.decisions?.filter((id) => ids.has(id))
  return {
    ...hold,
    subjects: subjects.filter((handle) => scopes.includes(handle)),
    scope: { ...scope, ...(decisions && { decisions }) },
  }
}

/** Who looked at these records of the person, without names (C-579/21 Pankki S), newest first. */
async function consultationsOf({ services }: Call, ids: readonly string[]): Promise<Consultation[]> {
  const found = new Map<number, ListedAccess>()
  for (let at = 0; at < ids.length; at += LOOKED_AT_MAX)
    for await (const look of looksAt(services.projection, ids.slice(at, at + LOOKED_AT_MAX)))
      found.set(look.index, look)
  return [...found.values()]
    .filter(({ result }) => result !== 'denied')
    .toSorted((a, b) => (a.at === b.at ? b.index - a.index : a.at < b.at ? 1 : -1))
    .slice(0, CONSULTATIONS_MAX)
    .map(({ action = '', at, purpose, result = '', role = '' }) => ({
      at,
      role,
      action,
      result,
      ...(purpose !== undefined && { purpose }),
    }))
}

/** The newest looks at any of these entries. */
async function* looksAt(
  projection: Call['services']['projection'],
  ids: readonly string[],
): AsyncGenerator<ListedAccess> {
  let cursor: string | null = null
  let count = 0
  do {
    const asked: [string, string][] = [
      ['limit', `${PAGE}`],
      ...(cursor === null ? [] : [['cursor', cursor] as [string, string]]),
    ]
    const page: AccessList = await projection.accesses(asked, ids)
    yield* page.items
    count += page.items.length
    cursor = page.next
  } while (cursor !== null && count < CONSULTATIONS_MAX)
}

function recordsOf(call: Call, order: Order, survey: Survey): ReturnType<typeof exportedRecords> {
  const { ledger, rights } = call.services.tenant
  return exportedRecords({
    ...choosing(call, order),
    reads: readsOf(call, survey),
    leafHash: async (index) => toHex(await ledger.leafHash(index)),
    restrictedBy: (read) => rights.restrictionOver(read),
    correctedBy: (id) => rights.correctionsOf(id),
  })
}

function choosing(call: Call, { scope, scopes }: Order): Choosing {
  const { reader } = call.services.tenant
  return {
    scope,
    isOwn: (id) => scopes.includes(reader.subjectHandle(id)),
    view: (read) => viewOf(call, read),
  }
}

/** The entries an export is of. */
async function* entriesFor(call: Call, order: Order): AsyncGenerator<ReadEntry> {
  const { entries } = call.services.tenant.rights
  const choice = choosing(call, order)
  for await (const read of entries.entries(order.scopes))
    if (order.scope === 'all' || chosenIn(read, choice) !== undefined) yield read
}

async function* readsOf({ services }: Call, { entries }: Survey): AsyncGenerator<ReadEntry> {
  for (const { index } of entries) yield await services.tenant.reader.one(index)
}

/** The record as far as the policy lets its exporter see it: all of these records are about the person. */
function viewOf({ permit, purpose }: Call, read: ReadEntry): CanonicalRecord | undefined {
  const place = { ...placeOf(read), ...(permit.subject !== undefined && { subjects: [permit.subject] }) }
  const classes = permit.fieldsOf(place, purpose !== undefined)
  const { entry, record } = read
  return record && recordView(entry.kind, record, { classes, sealedFeatures: new Set(), revealed: 'all' })
}

function answer(
  { format, scope, scopes }: Order,
  head: ExportHead,
  records: ReturnType<typeof exportedRecords>,
): Response {
  const isPage = format === 'html'
  const pieces = isPage ? exportPage(head, records) : exportJson(head, records)
  const name = `person-${scopes[0]!.slice(0, 8)}${scope === 'provided' ? '-provided' : ''}.${format}`
  return new Response(streamOf(pieces), {
    headers: {
      'Content-Type': isPage ? 'text/html; charset=utf-8' : 'application/json',
      // Never opened under the address of the operator: a page from a file has no one's rights.
      'Content-Disposition': `attachment; filename="${name}"`,
      'Cache-Control': 'no-store',
    },
  })
}

/** Nothing is read before somebody reads it: the look is on record by then. */
function streamOf(pieces: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next()
        if (done) controller.close()
        else controller.enqueue(utf8(value))
      },
      async cancel() {
        await pieces.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}

function choiceOf<Choice extends string>(
  query: URLSearchParams,
  name: string,
  choices: readonly [Choice, ...Choice[]],
): Choice {
  const text = query.get(name)
  if (text === null) return choices[0]
  const found = choices.find((choice) => choice === text)
  if (found !== undefined) return found
  throw new Problem(400, 'bad_value', `expected one of ${choices.join(', ')}`, { field: name })
}

function momentOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const moment = parseTime(text)?.ms
  if (moment !== undefined) return moment
  throw new Problem(400, 'bad_time', 'expected a time (RFC 3339)', { field: name })
}
