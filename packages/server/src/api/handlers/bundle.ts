/** Evidence to hand on: bundles of entries with chosen fields, as JSON or as a page that verifies itself. */
import {
  BUNDLE_ENTRIES_MAX,
  type CanonicalRecord,
  formatBundle,
  FormatError,
  type JsonValue,
} from '@deponent/format'
import { ChoiceRefused, FieldsSealed, makeBundle } from '../../evidence/make-bundle.ts'
import { type Call, type Handler, objectOf } from '../call.ts'
import { pointersIn } from '../pointers.ts'
import { Problem } from '../problem.ts'
import { purposeRequired, recipientOf } from '../purpose.ts'
import { mustMayProcess, notThere, placeOf, readEach, sealingOf } from '../read-entry.ts'
import { recordView } from '../record-view.ts'
import { notYet } from './ledger.ts'
import { decisionIndex, decisionIndexOf } from './recording.ts'

const PUBLISHED_WAIT_MS = 5_000
/** Ids in one request, each of which the access record names. */
const IDS_MAX = 1_000

/** Which entries, and what the record of this look says of the choice. */
interface Choice {
  indices: number[]
  access: { objects?: readonly string[]; query?: JsonValue }
}

export const getBundle: Handler = async (call) => {
  const index = await decisionIndex(call)
  const { id } = await call.services.tenant.ledger.entry(index)
  const disclose = pointersOf(
    call.query.getAll('disclose').flatMap((list) => list.split(',')),
    'disclose',
  )
  return answer(call, { indices: [index], access: { objects: [id] } }, disclose)
}

export const postBundles: Handler = async (call) => {
  const { ids, from, to, disclose, ...unknown } = await objectOf(call.request)
  const [extra] = Object.keys(unknown)
  if (extra !== undefined)
    throw new Problem(
      400,
      'unknown_parameter',
      'a bundle is asked for with ids, or from and to, and disclose',
    )
  const choice = ids === undefined ? rangeOf(from, to) : await named(call, ids)
  return answer(call, choice, pointersOf(disclose ?? [], '/disclose'))
}

function rangeOf(from: unknown, to: unknown): Choice {
  const [first, end] = [position(from, '/from'), position(to, '/to')]
  if (end <= first) throw new Problem(400, 'out_of_range', 'to must be greater than from', { field: '/to' })
  if (end - first > BUNDLE_ENTRIES_MAX)
    throw new Problem(413, 'bundle_too_large', `a bundle has at most ${BUNDLE_ENTRIES_MAX} entries`)
  const indices = Array.from({ length: end - first }, (_, i) => first + i)
  return { indices, access: { query: { from: first, to: end } } }
}

function position(value: unknown, field: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw new Problem(400, 'wrong_type', 'expected an index, an integer from 0', { field })
}

async function named(call: Call, ids: unknown): Promise<Choice> {
  if (!Array.isArray(ids) || ids.length === 0 || !ids.every((id) => typeof id === 'string'))
    throw new Problem(400, 'wrong_type', 'ids must be a list of at least one id', { field: '/ids' })
  if (ids.length > IDS_MAX)
    throw new Problem(
      413,
      'bundle_too_large',
      `one request names at most ${IDS_MAX} ids; ask for a range instead`,
    )
  const found = new Map<number, string>()
  for (const [i, id] of ids.entries()) {
    const index = await decisionIndexOf(call, id, `/ids/${i}`)
    found.set(index, (await call.services.tenant.ledger.entry(index)).id)
  }
  const indices = [...found.keys()].toSorted((a, b) => a - b)
  return { indices, access: { objects: indices.map((index) => found.get(index)!) } }
}

/** JSON pointers, or `all`. */
function pointersOf(value: unknown, field: string): readonly string[] | 'all' {
  if (value === 'all') return 'all'
  if (!Array.isArray(value))
    throw new Problem(400, 'wrong_type', 'expected a list of JSON pointers, or all', { field })
  const given: unknown[] = value.filter((pointer) => pointer !== '')
  return given.length === 1 && given[0] === 'all' ? 'all' : pointersIn(given, field)
}

async function answer(
  call: Call,
  { indices, access }: Choice,
  disclose: readonly string[] | 'all',
): Promise<Response> {
  const { services, request, look } = call
  const { tenant, evidence, clock, version } = services
  const end = indices.at(-1)! + 1
  if (end > tenant.ledger.size) throw new Problem(404, 'not_found', 'the ledger does not reach this index')
  if (!(await tenant.ledger.published(end, PUBLISHED_WAIT_MS))) throw notYet()
  const disclosed = disclose === 'all' ? 'all' : disclose.join(',').slice(0, 1_000)
  const statement = {
    exportedAt: new Date(clock.now()).toISOString(),
    exportedBy: `deponent ${version}`,
    disclosed: disclosed === '' ? 'names of fields only' : disclosed,
  }
  const bundle = await made(call, { indices, disclose, statement })
  const asPage = prefersPage(request)
  const text = asPage ? await evidence.pageOf(bundle) : bundle
  Object.assign(look, access)
  look.result = 'exported'
  const recipient = recipientOf(request)
  if (recipient !== undefined) look.recipient = recipient
  look.fields = disclose === 'all' ? ['all'] : [...disclose]
  look.count = indices.length
  const name = `evidence-${indices[0]}${indices.length > 1 ? `-${indices.at(-1)}` : ''}.${asPage ? 'html' : 'json'}`
  return new Response(text, {
    headers: {
      'Content-Type': asPage ? 'text/html; charset=utf-8' : 'application/json',
      // Never opened under the address of the operator: a page from a file has no one's rights.
      'Content-Disposition': `attachment; filename="${name}"`,
      'Cache-Control': 'no-store',
      Vary: 'Accept',
    },
  })
}

interface Making {
  indices: readonly number[]
  disclose: readonly string[] | 'all'
  statement: Readonly<Record<string, string>>
}

async function made(call: Call, { indices, disclose, statement }: Making): Promise<string> {
  const { tenant } = call.services
  const views = await viewsOf(call, indices)
  const view = ({ id }: { id: string }, record: CanonicalRecord): CanonicalRecord => views.get(id)!(record)
  try {
    return formatBundle(await makeBundle(tenant, { indices, disclose, view, statement }))
  } catch (error) {
    throw problemOfMaking(error)
  }
}

type View = (record: CanonicalRecord) => CanonicalRecord

/** How much of each entry its exporter may hand on. @throws Problem for one that may not be handed on at all */
async function viewsOf(call: Call, indices: readonly number[]): Promise<Map<string, View>> {
  const { permit, purpose } = call
  const views = new Map<string, View>()
  for await (const read of readEach(call, indices)) {
    const place = placeOf(read)
    const classes = permit.fieldsOf(place, purpose !== undefined)
    // First what is out of reach: that something there is restricted is not for the caller to know either.
    if (classes.size === 0) throw permit.fieldsOf(place, true).size > 0 ? needsPurpose() : notThere()
    await mustMayProcess(call, read)
    const sealing = sealingOf(call, read)
    const revealed = purpose === undefined ? {} : { revealed: 'all' as const }
    const { id, kind } = read.entry
    views.set(id, (record) => recordView(kind, record, { classes, ...sealing, ...revealed }))
  }
  return views
}

function needsPurpose(members: Record<string, unknown> = {}): Problem {
  const detail =
    'sealed fields are exported for a stated purpose only (header Deponent-Purpose, option --purpose)'
  return purposeRequired(detail, members)
}

function problemOfMaking(error: unknown): unknown {
  if (error instanceof FieldsSealed) return needsPurpose({ fields: error.fields })
  if (error instanceof ChoiceRefused)
    return new Problem(error.code === 'bundle_too_large' ? 413 : 400, error.code, error.message)
  if (error instanceof FormatError)
    return new Problem(
      500,
      error.code,
      'a stored payload is damaged; the entries and their proofs are not affected',
    )
  return error
}

/** A page when the first type named is one; a browser that follows a link names it first. */
function prefersPage(request: Request): boolean {
  return (request.headers.get('accept') ?? '').trimStart().startsWith('text/html')
}
