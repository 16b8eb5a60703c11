/** Everything that brings records in. */
import { FormatError, fromHex, isRecordKind, KINDS, type RecordKind } from '@deponent/format'
import { ADMIN_TOKEN_ID } from '../../access/caller.ts'
import { type DecodedItem, decodeBody, type ReadingError } from '../../ingest/decode.ts'
import { SealedBodies } from '../../ingest/sealed-body.ts'
import type { Envelope } from '../../recording/envelope.ts'
import type { IntakeSource } from '../../recording/intake.ts'
import { linkFor } from '../../recording/links.ts'
import type { RecordingRight } from '../../recording/recording-right.ts'
import type { StatedHead } from '../../recording/stated-heads.ts'
import { type Submission, textAsSent } from '../../recording/submission.ts'
import { bodyOf, type Call, type Handler, json } from '../call.ts'
import { concealed, Problem } from '../problem.ts'
import { isReachable, UNKNOWN_ID } from '../read-entry.ts'

const CHECKPOINT_WAIT_MS = 5_000
/** Entries the index may be behind before recording is asked to pause. */
const INDEX_LAG_MAX = 2_000_000

export const recordDecisions: Handler = async (call) => {
  return record(call, await contentOf(call))
}

/** Records of any kind but decisions; each says its `kind`. */
export const recordRecords: Handler = async (call) => {
  const items = await itemsOf(call)
  return record(call, { submissions: items.map((item) => submissionOf(item, kindIn(item))) })
}

/** Records of one kind about the decision in the path, each linked to it. */
export function recordAbout(kind: RecordKind): Handler {
  return async (call) => {
    const items = await itemsOf(call)
    const about = await decisionIndex(call)
    const { id } = await call.services.tenant.ledger.entry(about)
    const submissions = items.map((item) => {
      const asSent = sentOf(item)
      linkTo(item.reading?.value, { rel: linkFor(kind)!, id })
      return { ...submissionOf(item, kind), ...asSent, about }
    })
    return record(call, { submissions })
  }
}

/** A lifecycle event of the model in the path: `{eventType, modelVersion, actor, …}`. */
export const recordModelEvent: Handler = async (call) => {
  const items = await itemsOf(call)
  const modelId = call.params.modelId!
  const submissions = items.map((item) => {
    const asSent = sentOf(item)
    return { ...submissionOf(item, modelEventKind(item, modelId)), ...asSent }
  })
  return record(call, { submissions })
}

/** The index of the decision in the path, by entry id first, then by the sender's id in the system of `?system=`. */
export function decisionIndex(call: Call): Promise<number> {
  return decisionIndexOf(call, call.params.id ?? '')
}

/**
 * The same of an id that stands elsewhere, at `field`. What the caller's permit does not reach is not there, so that nobody learns
 * which ids others use.
 */
export async function decisionIndexOf(call: Call, id: string, field?: string): Promise<number> {
  const { permit, query, services } = call
  const { recorder, ledger } = services.tenant
  const place = field === undefined ? {} : { field }
  const known = await recorder.findDecisions(id, query.get('system') ?? undefined)
  const found: number[] = []
  for (const index of known) if (await isReachable(call, permit, index)) found.push(index)
  if (found.length === 1) return found[0]!
  if (found.length === 0)
    throw known.length > 0 ? concealed(UNKNOWN_ID, place) : new Problem(404, 'not_found', UNKNOWN_ID, place)
  const ids = await Promise.all(found.map(async (index) => (await ledger.entry(index)).id))
  throw new Problem(
    409,
    'ambiguous_id',
    'several systems used this id; name one with ?system= or use an entry id',
    { ...place, ids },
  )
}

/** The same with its entry id. */
export async function decisionEntryOf(
  call: Call,
  id: string,
  field: string,
): Promise<{ id: string; index: number }> {
  const index = await decisionIndexOf(call, id, field)
  return { id: (await call.services.tenant.ledger.entry(index)).id, index }
}

/** Several of them, each named at its place in the list at `field`. */
export async function decisionEntriesOf(
  call: Call,
  names: readonly string[],
  field: string,
): Promise<{ id: string; index: number }[]> {
  const found = []
  for (const [i, name] of names.entries()) found.push(await decisionEntryOf(call, name, `${field}/${i}`))
  return found
}

/** The body as its sender wrote it, whether it came in clear or sealed. */
async function contentOf({
  request,
  services,
}: Call): Promise<{ contentType: string | undefined; body: Uint8Array }> {
  const contentType = request.headers.get('content-type') ?? undefined
  const body = await bodyOf(request)
  if (!SealedBodies.isType(contentType)) return { contentType, body }
  return { contentType: 'application/x-ndjson', body: await services.tenant.sealedBodies.open(body) }
}

async function itemsOf(call: Call): Promise<DecodedItem[]> {
  const { contentType, body } = await contentOf(call)
  return decodeBody(contentType, body)
}

function submissionOf(item: DecodedItem, kind: RecordKind | ReadingError): Submission {
  const { position } = item
  if (item.error) return { position, error: item.error }
  return typeof kind === 'string' ? { position, kind, reading: item.reading } : { position, error: kind }
}

/** What a numbered record looked like before anything from the address was added to it: that is what its emitter hashed. */
function sentOf({ reading }: DecodedItem): { sent?: string } {
  if (!isObject(reading?.value) || reading.value.emitter === undefined) return {}
  try {
    return { sent: textAsSent(reading) }
  } catch (error) {
    // What cannot be written down is refused by validation, which says where.
    if (error instanceof FormatError) return {}
    throw error
  }
}

function refused(code: string, path: string, message: string): ReadingError {
  return { code, path, message }
}

/** Kinds whose records do something: they are recorded by what they do. */
const OF_THE_DESK = /^(request|rectification|hold\..*|subject\..*)$/

function kindIn({ reading }: DecodedItem): RecordKind | ReadingError {
  const kind = isObject(reading?.value) ? reading.value.kind : undefined
  if (kind === 'decision') return refused('wrong_endpoint', '/kind', 'decisions are sent to /v1/decisions')
  if (typeof kind === 'string' && kind.startsWith('trace.'))
    return refused('wrong_endpoint', '/kind', 'spans and log records are sent to /v1/traces and /v1/logs')
  if (typeof kind === 'string' && /^artifact(?:\.|$)/.test(kind))
    return refused('wrong_endpoint', '/kind', 'artifacts are sent to /v1/artifacts')
  if (kind === 'emitter.declared')
    return refused('bad_value', '/kind', 'emitters are declared by the server when it first hears from them')
  if (kind === 'vault.sealed')
    return refused('bad_value', '/kind', 'segments of the vault are sealed and recorded by the server')
  if (kind === 'erasure')
    return refused('bad_value', '/kind', 'erasures are recorded by the server when it has erased')
  if (kind === 'retention.expired')
    return refused('bad_value', '/kind', 'what expired is recorded by the server when it has deleted it')
  if (kind === 'access')
    return refused(
      'bad_value',
      '/kind',
      'the server records looks at its own records; others are access.external',
    )
  if (typeof kind === 'string' && kind.startsWith('key.'))
    return refused('bad_value', '/kind', 'the server records what becomes of its keys')
  if (typeof kind === 'string' && OF_THE_DESK.test(kind))
    return refused(
      'wrong_endpoint',
      '/kind',
      'requests, holds and what becomes of a person have addresses of their own',
    )
  if (typeof kind === 'string' && isRecordKind(kind)) return kind
  return refused('bad_value', '/kind', 'kind must be one of the documented kinds of record')
}

const MODEL_EVENTS = KINDS.filter((kind) => kind.startsWith('model.')).map((kind) =>
  kind.slice('model.'.length),
)

/** The kind of a model event; puts the model of the address into the record, which may not name another. */
function modelEventKind({ reading }: DecodedItem, modelId: string): RecordKind | ReadingError {
  const value = reading?.value
  if (!isObject(value)) return refused('wrong_type', '', 'expected an object')
  const named = value.modelId ?? value.model_id ?? modelId
  if (named !== modelId) return refused('bad_value', '/modelId', 'the address names another model')
  Object.assign(value, { modelId })
  const event = value.eventType ?? value.event_type
  const kind = `model.${typeof event === 'string' ? event : ''}`
  return isRecordKind(kind)
    ? kind
    : refused('bad_value', '/eventType', `eventType must be one of ${MODEL_EVENTS.join(', ')}`)
}

/** Adds a link as if the sender had written it; what cannot be added to is left for validation to refuse. */
function linkTo(value: unknown, link: { rel: string; id: string }): void {
  if (!isObject(value)) return
  const links = value.links ?? []
  if (Array.isArray(links)) value.links = [...links, link]
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

async function record(call: Call, source: IntakeSource): Promise<Response> {
  const head = statedHead(call.request.headers.get('deponent-emitter-head'))
  const envelope = await take(call, source, head)
  if (call.query.get('wait') === 'checkpoint')
    await call.services.tenant.ledger.published(endOf(envelope), CHECKPOINT_WAIT_MS)
  return json(envelope, statusOf(envelope))
}

/** Records on behalf of the caller, and counts it. @throws Problem `index_behind` */
export async function take(call: Call, source: IntakeSource, head?: StatedHead): Promise<Envelope> {
  const { metrics, tenant } = call.services
  mustKeepUp(call)
  const envelope = await tenant.recorder.recordFrom(source, { right: rightOf(call), ...(head && { head }) })
  metrics.recorded.inc(envelope.recorded)
  metrics.duplicates.inc(envelope.duplicates)
  metrics.rejected.inc(envelope.rejected)
  return envelope
}

/** @throws Problem `index_behind` while the index has too much to catch up with */
export function mustKeepUp({ services }: Call): void {
  if (services.projection.lag() <= INDEX_LAG_MAX) return
  throw new Problem(503, 'index_behind', 'the index is too far behind', {}, { 'Retry-After': '10' })
}

function rightOf({ caller, permit }: Call): RecordingRight {
  return {
    ...(caller.keyId !== ADMIN_TOKEN_ID && { owner: caller.id }),
    mayRecordFor: (name) => caller.mayRecordFor(name),
    mayRecordIn: (system) => permit.touchesSystem(system),
  }
}

const STATED_HEAD =
  /^([A-Za-z0-9][A-Za-z0-9._-]{0,63}) (0|[1-9][0-9]{0,15}) (0|[1-9][0-9]{0,15}) ([0-9a-f]{64})$/

/** The head an emitter states with its batch: `<id> <epoch> <seq> <hex>`. */
function statedHead(header: string | null): StatedHead | undefined {
  if (header === null) return undefined
  const [, emitter, epoch, seq, head] = STATED_HEAD.exec(header) ?? []
  if (head === undefined || ![epoch, seq].every((number) => Number.isSafeInteger(Number(number))))
    throw new Problem(
      400,
      'bad_emitter_head',
      'Deponent-Emitter-Head is <id> <epoch> <seq> <64 lower-case hex digits>',
    )
  return { emitter: emitter!, epoch: Number(epoch), seq: Number(seq), head: fromHex(head) }
}

function endOf({ receipts }: Envelope): number {
  return receipts.reduce((end, { index }) => Math.max(end, index + 1), 0)
}

function statusOf({ recorded, duplicates, errors }: Envelope): number {
  const kept = recorded + duplicates
  if (errors.length === 0) return 201
  if (kept > 0) return 207
  return errors.every(({ code }) => code === 'id_conflict') ? 409 : 400
}
