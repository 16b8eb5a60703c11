/** Numbers over many decisions. */
import { listedEmitters, fullCoverage } from '../coverage.ts'
import { UNRESTRICTED } from '../../projection/index.ts'
import { type Handler, json, objectOf } from '../call.ts'
import { Problem } from '../problem.ts'

export const getAggregate: Handler = async ({ query, services }) =>
  json(await services.projection.aggregate(query, UNRESTRICTED))
export const getUsage: Handler = async ({ query, services }) =>
  json(await services.projection.statsUsage(query, UNRESTRICTED))
export const getConfidence: Handler = async ({ query, services }) =>
  json(await services.projection.statsConfidence(query, UNRESTRICTED))
export const getOverrides: Handler = async ({ query, services }) =>
  json(await services.projection.statsOverrides(query, UNRESTRICTED))
export const getCoverage: Handler = async ({ query, services }) => {
  refuseParameters(query)
  const { clock, projection, tenant } = services
  return json(await fullCoverage(projection, tenant, clock.now()))
}
export const getEmitters: Handler = ({ query, services }) => {
  refuseParameters(query)
  const { clock, tenant } = services
  return json({ items: listedEmitters(tenant.emitters, clock.now()), asOf: { size: tenant.ledger.size } })
}
export const getCompleteness: Handler = async ({ query, services }) =>
  json(await services.projection.statsCompleteness(query, UNRESTRICTED))
export const getSystems: Handler = async ({ query, services }) => {
  refuseParameters(query)
  return json(await services.projection.systems(UNRESTRICTED))
}

export const postSql: Handler = async ({ request, services }) => {
  const { sql } = await objectOf(request)
  if (typeof sql !== 'string')
    throw new Problem(400, 'missing_field', 'sql must be a string', { field: '/sql' })
  return json(await services.projection.sql(sql, UNRESTRICTED))
}

/** For answers about everything: a filter that would be ignored is refused instead. */
function refuseParameters(query: URLSearchParams): void {
  if (query.size === 0) return
  throw new Problem(400, 'unknown_parameter', 'this address takes no parameters')
}
