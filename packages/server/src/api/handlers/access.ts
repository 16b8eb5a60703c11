/** Who looked at what. */
import type { JsonValue } from '@deponent/format'
import type { ListedAccess } from '../../projection/index.ts'
import { type Call, type Handler, json } from '../call.ts'
import { concealed, Problem } from '../problem.ts'
import { decisionIndex } from './recording.ts'

export const listAccess: Handler = async (call) => {
  mustReachAll(call)
  return json(await looksOf(call, Object.fromEntries(call.query)))
}

/** Who saw one decision, by whichever id. */
export const getDecisionAccess: Handler = async (call) => {
  const index = await decisionIndex(call)
  const { id } = await call.services.tenant.ledger.entry(index)
  const { system: _, ...given } = Object.fromEntries(call.query)
  return json(await looksOf(call, { ...given, id }))
}

/** Looks a person is told of at once, the newest. */
const TOLD_MAX = 1_000

/**
 * What a person is told: when and for which purposes decisions about them were looked at, and in which role; not by whom
 * (C-579/21 Pankki S: the identity of employees only where it is essential).
 */
export const getSubjectAccess: Handler = async (call) => {
  const { permit, params, services } = call
  const asked = params.subject ?? ''
  const own = permit.subject
  if (own === undefined) mustReachAll(call)
  const isOwn = own !== undefined && (asked === 'me' || services.tenant.reader.handlesOf(asked).includes(own))
  if (own !== undefined && !isOwn) throw concealed('nobody of this id is known')
  const { items: looks } = await services.projection.accesses([
    ['subject', own ?? asked],
    ['limit', `${TOLD_MAX}`],
  ])
  const items = looks.map(
    ({ identity: _, name: _name, id: _id, index: _index, count: _count, ...look }) => look,
  )
  call.look.count = items.length
  return json({ items })
}

async function looksOf(call: Call, filter: Record<string, string>): Promise<object> {
  const { projection, tenant } = call.services
  const { items, next, asOf } = await projection.accesses(Object.entries(filter))
  const told = []
  for (const row of items) {
    const look = await lookOf(tenant.reader, row)
    told.push(call.permit.isWhole ? look : alone(look, filter.id))
  }
  call.look.count = told.length
  return { items: told, next, asOf }
}

/** Looks go across systems and times: what others asked and were shown is not for whoever sees a part of the records. */
function mustReachAll({ permit }: Call): void {
  if (!permit.isWhole)
    throw new Problem(
      403,
      'forbidden',
      'this key sees who looked one decision at a time: /v1/decisions/{id}/access',
    )
}

/** A look as far as it was one at this entry: without the question and what else it showed. */
function alone(look: Record<string, unknown>, id: string | undefined): Record<string, unknown> {
  const { query: _, count: _count, ...rest } = look
  return { ...rest, ...(id !== undefined && { objects: [id] }) }
}

/** Members of an access record that are told as they are. */
const TOLD = [
  'actor',
  'action',
  'operation',
  'purpose',
  'result',
  'count',
  'query',
  'objects',
  'fields',
  'recipient',
  'code',
  'repeats',
  'from',
  'until',
] as const

/** The whole record from the vault; what the index knows of it where the vault knows no more. */
async function lookOf(
  reader: Call['services']['tenant']['reader'],
  { index, id, at, identity, name, role, action, result }: ListedAccess,
): Promise<Record<string, unknown>> {
  const { record } = await reader.one(index)
  if (!record) return { id, index, at, actor: { id: identity, name, role }, action, result }
  const told: Record<string, JsonValue> = {}
  for (const member of TOLD) if (record[member] !== undefined) told[member] = record[member]
  return { id, index, at, ...told }
}
