/** Erasing a person: asked for, agreed to, and told how it stands. */
import { type CanonicalRecord, isoTime, toHex } from '@deponent/format'
import type { ErasureRequest } from '../../erasure/erasure.ts'
import type { ErasureStatus } from '../../erasure/erasures.ts'
import type { Actor } from '../../access/actor.ts'
import { optionalBodyAs } from '../body.ts'
import { type Call, type Handler, json } from '../call.ts'
import { listParameters, numberPlace, pageOf } from '../list-page.ts'
import { Problem } from '../problem.ts'
import { erasureRequest } from '../routes/erasure.ts'

/** Of a scope its first half is kept, and shown as a handle. */
const SCOPE_BYTES = 16
const CLASSES: ReadonlySet<string> = new Set(['affected', 'staff'])
const REQUEST_ID = /^r-[0-9a-f]{16}$/

/** What a receipt says of itself. Erased is what the operator states and signs; nobody can show that no copy exists. */
const STATEMENT =
  'The operator states that the content of these records was erased. The entry shows that the statement was made and what set of entries ' +
  'it covers; it does not show that no copy exists elsewhere.'

const BACKUP_HORIZON =
  'Copies of the data directory made before hold what was erased until they are deleted; one that is put back erases it again.'

const STORES = [
  { store: 'keyring', state: 'keys destroyed: their pages were written again under new page keys' },
  { store: 'vault', state: 'sealed payloads replaced by tombstones' },
  { store: 'write-ahead log', state: 'written again without the payloads' },
  { store: 'index', state: 'rows deleted, and the parts that held them' },
  { store: 'state', state: 'names deleted; resends are refused until the time given' },
] as const

const OFFSITE = {
  store: 'offsite copy',
  state: 'every version that held a payload removed past its lock, which is on record',
}

export const eraseSubject: Handler = async (call) => {
  const { caller, params, request, services } = call
  const { named, scopes } = scopesOf(call, params.subject ?? '')
  const { ground, reason, requestRef } = await optionalBodyAs(request, erasureRequest)
  const status = await services.erasures.request({
    scopes,
    ...(named && { named }),
    ground,
    ...(reason !== undefined && { reason }),
    ...(requestRef !== undefined && { requestRef: referenceTold(call, requestRef) }),
    by: recorded(caller.actor('erase')),
  })
  const { erasure } = status
  return json({ erasureId: erasure.id, status: erasure.outcome ? 'completed' : 'pending' }, 202)
}

export const listErasures: Handler = (call) => {
  const { look, query, services } = call
  const parameters = listParameters(query, ['entry'])
  const entry = parameters.get('entry')
  const all = services.erasures.all()
  const found = entry === undefined ? all : all.filter(({ erasure }) => erasure.outcome?.entry.id === entry)
  const { items, next } = pageOf(found, placeOfErasure, parameters)
  look.count = items.length
  return json({
    items: items.map((status) => told(call, status)),
    next,
    asOf: { size: services.tenant.ledger.size },
    pending: all.filter(({ erasure }) => !erasure.outcome).length,
  })
}

/** The latest first. */
function placeOfErasure({ erasure: { id, requestedAt } }: ErasureStatus): string {
  return `${numberPlace(requestedAt)}-${id}`
}

export const getErasure: Handler = (call) => {
  const { params, services } = call
  return json(told(call, services.erasures.status(params.id ?? '') ?? missing()))
}

export const approveErasure: Handler = async (call) => {
  const { caller, params, services } = call
  const status = await services.erasures.approve(params.id ?? '', recorded(caller.actor('erase')))
  return json(told(call, status ?? missing()))
}

function told({ services }: Call, { erasure, failure, holds, waitingFor }: ErasureStatus): object {
  const { id, ground, outcome, requestedAt } = erasure
  return {
    erasureId: id,
    status: outcome ? 'completed' : 'pending',
    waitingFor: waitingFor ?? null,
    holds,
    failure: failure ?? null,
    ground,
    requestedAt: isoTime(requestedAt),
    receipt: outcome
      ? {
          erasureId: id,
          ledger: services.tenant.name,
          origin: services.tenant.ledger.origin,
          ground,
          requestedAt: isoTime(requestedAt),
          completedAt: isoTime(outcome.completedAt),
          records: outcome.records,
          keysDestroyed: outcome.keysDestroyed,
          setRoot: outcome.setRoot,
          entry: outcome.entry,
          stores: services.offsite ? [...STORES, OFFSITE] : STORES,
          replayUntil: isoTime(outcome.replayUntil),
          backupHorizon: BACKUP_HORIZON,
          statement: STATEMENT,
        }
      : null,
  }
}

function missing(): never {
  throw new Problem(404, 'not_found', 'no erasure with this id is known')
}

/**
 * The scopes of a person, and those of the id they were named by: of one affected, or, with `class=staff`, of a member of staff by the id
 * that reviews or looks name them by.
 */
function scopesOf({ query, services }: Call, id: string): Pick<ErasureRequest, 'named' | 'scopes'> {
  const { reader, vault } = services.tenant
  const unknown = [...query.keys()].find((name) => name !== 'class')
  if (unknown !== undefined)
    throw new Problem(400, 'unknown_parameter', 'this address takes the parameter class only')
  const [asked = 'affected', ...more] = query.getAll('class')
  if (more.length > 0 || !CLASSES.has(asked))
    throw new Problem(400, 'bad_value', 'class is affected or staff, once', { field: 'class' })
  if (asked === 'staff') return { scopes: [toHex(vault.staffScope(id).subarray(0, SCOPE_BYTES))] }
  return { scopes: reader.handlesOf(id), named: [reader.handleOf(id)] }
}

/** A reference outlives the person: what is no id of a request here could be their name, and stands as a token. */
function referenceTold({ services }: Call, requestRef: string): string {
  return REQUEST_ID.test(requestRef) ? requestRef : services.tenant.reader.tokenOfWord(requestRef)
}

function recorded({ id, name, role }: Actor): CanonicalRecord {
  return { id, name, role }
}
