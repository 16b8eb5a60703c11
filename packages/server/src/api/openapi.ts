/** The OpenAPI 3.1 document, made from the route table. */
import { z } from 'zod'
import { ROUTES } from './contract.ts'
import type { Route } from './route.ts'

type Json = Record<string, unknown>

/** `:name` or `:name*` as a whole segment; a colon within one (`subjects:lookup`) is no parameter. */
const PARAMETER = /\/:(\w+)\*?(?=\/|$)/g

/** The document for the given product version. */
export function openApi(version: string): Json {
  const paths: Record<string, Json> = {}
  for (const route of ROUTES) {
    const path = route.path.replaceAll(PARAMETER, '/{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Deponent',
      version,
      description: 'The record an AI system testifies from.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: PROBLEM },
    },
  }
}

const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string' },
    detail: { type: 'string' },
  },
}

function operationOf(route: Route): Json {
  const parameters = [...pathParameters(route), ...queryParameters(route)]
  return {
    operationId: route.operation,
    summary: route.summary,
    ...(route.action === 'open' ? { security: [] } : { security: [{ key: [] }] }),
    ...(parameters.length > 0 && { parameters }),
    ...(route.body && { requestBody: { required: true, content: bodiesOf(route, route.body) } }),
    responses: { ...(route.judges ? judgements(route) : answers(route)), default: A_PROBLEM },
  }
}

const PROBLEM_CONTENT = {
  'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
}
const A_PROBLEM = { description: 'A problem', content: PROBLEM_CONTENT }

function bodiesOf({ judges }: Route, body: z.ZodType): Json {
  return {
    'application/json': { schema: schemaOf(body) },
    ...(judges && {
      'application/x-ndjson': { schema: { type: 'string', description: 'One object a line' } },
    }),
  }
}

function answers(route: Route): Json {
  const content = { [route.produces ?? 'application/json']: { schema: answerOf(route) } }
  return { '200': { description: 'As asked', content } }
}

/** The statuses of an answer that judged records one by one. */
function judgements(route: Route): Json {
  const content = { 'application/json': { schema: answerOf(route) } }
  return {
    '201': { description: 'All records are kept', content },
    '207': { description: 'Some records are kept', content },
    '400': {
      description: 'None is kept; or the body is empty or cannot be parsed',
      content: { ...content, ...PROBLEM_CONTENT },
    },
    '409': {
      description: 'None is kept: each id is recorded with other content; or the address is ambiguous',
      content: { ...content, ...PROBLEM_CONTENT },
    },
  }
}

function answerOf({ produces, response }: Route): unknown {
  if (produces) return { type: 'string' }
  return response ? schemaOf(response) : { type: 'object' }
}

function pathParameters({ path }: Route): Json[] {
  return [...path.matchAll(PARAMETER)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
}

function queryParameters({ query }: Route): Json[] {
  if (!query) return []
  return Object.entries(query.shape).map(([name, schema]) => ({
    name,
    in: 'query',
    required: !schema.safeParse(undefined).success,
    schema: schemaOf(schema),
  }))
}

/** The schema; what it says of objects leaves room for members of later releases. */
function schemaOf(schema: z.ZodType): unknown {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input' }) as Json
  return json
}
