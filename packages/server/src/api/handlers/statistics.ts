/** Numbers over many decisions. */
import { type Handler, json, objectOf } from '../call.ts'
import { Problem } from '../problem.ts'
import { pseudonymised } from './decisions.ts'

export const getAggregate: Handler = async (call) => json(await call.services.projection.aggregate(pseudonymised(call)))
export const getUsage: Handler = async (call) => json(await call.services.projection.usage(pseudonymised(call)))
export const getConfidence: Handler = async (call) => json(await call.services.projection.confidence(pseudonymised(call)))
export const getOverrides: Handler = async (call) => json(await call.services.projection.overrides(pseudonymised(call)))
export const getCoverage: Handler = async (call) => json(await call.services.projection.coverage(pseudonymised(call)))
export const getCompleteness: Handler = async (call) => json(await call.services.projection.completeness(pseudonymised(call)))
export const getSystems: Handler = async (call) => json(await call.services.projection.systems())

export const postSql: Handler = async ({ request, services }) => {
  const { sql } = await objectOf(request)
  if (typeof sql !== 'string') throw new Problem(400, 'missing_field', 'sql must be a string', { field: '/sql' })
  return json(await services.projection.sql(sql))
}
