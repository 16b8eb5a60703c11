/** The OpenAPI 3.1 document, made from the route table. */
import { z } from 'zod'
import { type Route, ROUTES } from './contract.ts'

type Json = Record<string, unknown>

/** The document for the given product version. */
export function openApi(version: string): Json {
  const paths: Record<string, Json> = {}
  for (const route of ROUTES) {
    const path = route.path.replaceAll(/:(\w+)\*?(?=\/|$)/g, '{$1}')
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
    ...(route.right === 'open' ? { security: [] } : { security: [{ key: [] }] }),
    ...(parameters.length > 0 && { parameters }),
    ...(route.body && {
      requestBody: { required: true, content: { 'application/json': { schema: schemaOf(route.body) } } },
    }),
    responses: {
      '2XX': {
        description: 'As asked',
        content: { [route.produces ?? 'application/json']: { schema: answerOf(route) } },
      },
      default: {
        description: 'A problem',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  }
}

function answerOf({ produces, response }: Route): unknown {
  if (produces) return { type: 'string' }
  return response ? schemaOf(response) : { type: 'object' }
}

function pathParameters({ path }: Route): Json[] {
  return [...path.matchAll(/:(\w+)\*?(?=\/|$)/g)].map(([, name]) => ({
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

function schemaOf(schema: z.ZodType): unknown {
  const { $schema: _, ...json } = z.toJSONSchema(schema) as Json
  return json
}
