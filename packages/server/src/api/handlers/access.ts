/** Who looked at what. */
import type { JsonValue } from '@deponent/format'
import type { AccessRow } from '../../projection/index.ts'
import { type Call, type Handler, json } from '../call.ts'
import { decisionIndex } from './recording.ts'

export const listAccess: Handler = async (call) => {
  const { id, ...given } = Object.fromEntries(call.query)
  return json(await looksOf(call, id === undefined ? given : { ...given, object: id }))
}

/** Who saw one decision, by whichever id. */
export const getDecisionAccess: Handler = async (call) => {
  const index = await decisionIndex(call)
  const { id } = await call.services.tenant.ledger.entry(index)
  const { system: _, ...given } = Object.fromEntries(call.query)
  return json(await looksOf(call, { ...given, object: id }))
}

/**
 * What a person is told: when and for which purposes decisions about them were looked at, and in which role; not by whom
 * (C-579/21 Pankki S: the identity of employees only where it is essential).
 */
export const getSubjectAccess: Handler = async (call) => {
  const { permit, params, services } = call
  const { projection, tenant } = services
  const asked = params.subject ?? ''
  const handles = asked === 'me' && permit.subject !== undefined ? [permit.subject] : tenant.reader.handlesOf(asked)
  const subjects = permit.subject === undefined ? handles : handles.filter((handle) => handle === permit.subject)
  const rows = await projection.accessesAbout(subjects)
  const items = rows.map(({ at, action, purpose, role, result, repeats }) => ({
    at,
    action,
    result,
    role,
    ...(purpose !== '' && { purpose }),
    ...(repeats > 0 && { repeats }),
  }))
  call.look.count = items.length
  return json({ items })
}

async function looksOf(call: Call, filter: Record<string, string>): Promise<object> {
  const { projection, tenant } = call.services
  const { items, next, asOf } = await projection.accesses(Object.entries(filter))
  const told = []
  for (const row of items) told.push(await lookOf(tenant.reader, row))
  call.look.count = told.length
  return { items: told, next, asOf }
}

/** Members of an access record that are told as they are. */
const TOLD = [
  'actor',
  'action',
  'purpose',
  'result',
  'count',
  'query',
  'objects',
  'fields',
  'code',
  'repeats',
  'from',
  'until',
] as const

/** The whole record from the vault; what the index knows of it where the vault knows no more. */
async function lookOf(
  reader: Call['services']['tenant']['reader'],
  { index, id, at, identity, name, role, action, result }: AccessRow,
): Promise<object> {
  const { record } = await reader.one(index)
  if (!record) return { id, index, at, actor: { id: identity, name, role }, action, result }
  const told: Record<string, JsonValue> = {}
  for (const member of TOLD) if (record[member] !== undefined) told[member] = record[member]
  return { id, index, at, ...told }
}
