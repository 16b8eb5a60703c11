/** Small JSON bodies read by their schema. */
import type { z } from 'zod'
import { objectOf, optionalObjectOf } from './call.ts'
import { Problem } from './problem.ts'

/** The body as its schema says. @throws Problem that names the member, what was expected, and never the value */
export async function bodyAs<Shape extends z.ZodType>(
  request: Request,
  schema: Shape,
): Promise<z.output<Shape>> {
  return as(schema, await objectOf(request))
}

/** The same of a body that may be left out. */
export async function optionalBodyAs<Shape extends z.ZodType>(
  request: Request,
  schema: Shape,
): Promise<z.output<Shape>> {
  return as(schema, await optionalObjectOf(request))
}

function as<Shape extends z.ZodType>(schema: Shape, body: Record<string, unknown>): z.output<Shape> {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const field = `/${issue?.path.join('/') ?? ''}`
  throw new Problem(400, 'bad_value', detailOf(issue), { field })
}

/** What was expected: zod's own words but for those that would repeat what came. */
function detailOf(issue: z.core.$ZodIssue | undefined): string {
  if (!issue) return 'the body is not as expected'
  if (issue.code === 'unrecognized_keys') return 'the body has a member nobody knows'
  if (issue.code === 'invalid_value') return `expected one of ${issue.values.map(String).join(', ')}`
  if (issue.code === 'invalid_type') return `expected ${issue.expected}`
  return issue.message
}
