/** The parameters of a question read by their schema. */
import type { z } from 'zod'
import { Problem } from './problem.ts'

/** The parameters as their schema says. @throws Problem that names the parameter and never its value */
export function queryAs<T extends z.ZodObject>(query: URLSearchParams, schema: T): z.infer<T> {
  const unknown = [...query.keys()].find((name) => !Object.hasOwn(schema.shape, name))
  if (unknown !== undefined)
    throw new Problem(400, 'unknown_parameter', 'this address has no such parameter', { field: unknown })
  const parsed = schema.safeParse(Object.fromEntries(query))
  if (parsed.success) return parsed.data
  const field = String(parsed.error.issues[0]?.path[0] ?? '')
  throw new Problem(400, 'bad_parameter', 'a parameter is not as the contract says', { field })
}
