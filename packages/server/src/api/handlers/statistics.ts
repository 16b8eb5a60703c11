/** Numbers over many decisions. */
import { fullCoverage, listedEmitters, type Reach } from '../coverage.ts'
import { type Call, type Handler, json, objectOf } from '../call.ts'
import { Problem } from '../problem.ts'
import { statementTold } from '../question.ts'
import { freeRestrictionOf, restrictionOf, withLeftOut } from '../restriction.ts'

export const getAggregate: Handler = async (call) => {
  const restriction = restrictionOf(call)
  const answer = await call.services.projection.aggregate(call.query, restriction)
  call.look.count = answer.items.length
  return json(withLeftOut(answer, restriction))
}
export const getUsage: Handler = async (call) => {
  const restriction = restrictionOf(call)
  return json(withLeftOut(await call.services.projection.statsUsage(call.query, restriction), restriction))
}
export const getConfidence: Handler = async (call) => {
  const restriction = restrictionOf(call)
  return json(
    withLeftOut(await call.services.projection.statsConfidence(call.query, restriction), restriction),
  )
}
export const getOverrides: Handler = async (call) => {
  const restriction = restrictionOf(call)
  return json(
    withLeftOut(await call.services.projection.statsOverrides(call.query, restriction), restriction),
  )
}
export const getCoverage: Handler = async (call) => {
  refuseParameters(call.query)
  const { clock, projection, tenant } = call.services
  return json(await fullCoverage(projection, tenant, clock.now(), reachOf(call)))
}
export const getEmitters: Handler = (call) => {
  refuseParameters(call.query)
  const { clock, tenant } = call.services
  const items = listedEmitters(tenant.emitters, clock.now(), reachOf(call))
  return json({ items, asOf: { size: tenant.ledger.size } })
}
export const getCompleteness: Handler = async (call) => {
  const restriction = restrictionOf(call)
  return json(
    withLeftOut(await call.services.projection.statsCompleteness(call.query, restriction), restriction),
  )
}
/** The names of fields are told to whoever may see systems; their values are another matter. */
export const getSystems: Handler = async (call) => {
  refuseParameters(call.query)
  return json(await call.services.projection.systems({ ...restrictionOf(call), withholds: () => false }))
}

export const postSql: Handler = async (call) => {
  const { request, services, look } = call
  const { sql } = await objectOf(request)
  if (typeof sql !== 'string')
    throw new Problem(400, 'missing_field', 'sql must be a string', { field: '/sql' })
  look.query = statementTold(sql, services)
  const restriction = freeRestrictionOf(call)
  if (restriction.smallCells !== undefined)
    throw new Problem(403, 'sql_not_allowed', 'SQL is for whoever may see single decisions')
  const answer = await services.projection.sql(sql, restriction)
  look.count = answer.rows.length
  return json(withLeftOut(answer, restriction))
}

/** What the caller sees whole. */
function reachOf(call: Call): Reach {
  const { permit } = call
  return {
    restriction: restrictionOf(call),
    reaches: (system) => permit.reachesSystem(system),
    isWhole: permit.isWhole,
  }
}

/** For answers about everything: a filter that would be ignored is refused instead. */
function refuseParameters(query: URLSearchParams): void {
  if (query.size === 0) return
  throw new Problem(400, 'unknown_parameter', 'this address takes no parameters')
}
