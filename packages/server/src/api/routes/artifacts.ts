/** Routes for bytes kept beside records. */
import { z } from 'zod'
import type { Route } from '../route.ts'
import { count, systemQuery } from './schemas.ts'

const named = { artifactId: z.string(), digest: z.string(), bytes: count, parts: count }

export const ARTIFACTS: readonly Route[] = [
  {
    operation: 'putArtifact',
    method: 'POST',
    path: '/v1/artifacts',
    action: 'record',
    look: 'none',
    summary: 'Keep the bytes of the body, of the type they say, beside the records',
    query: systemQuery.extend({
      decision: z.string().optional(),
      subject: z.string().optional(),
      name: z.string().optional(),
    }),
    response: z.object({ ...named, id: z.string(), index: count, status: z.enum(['recorded', 'duplicate']) }),
  },
  {
    operation: 'getArtifact',
    method: 'GET',
    path: '/v1/artifacts/:artifactId',
    action: 'read',
    look: 'soon',
    summary: 'What is told of an artifact, without its content',
    query: systemQuery,
    response: z.looseObject({ ...named, isComplete: z.boolean(), mediaType: z.string() }),
  },
  {
    operation: 'getArtifactContent',
    method: 'GET',
    path: '/v1/artifacts/:artifactId/content',
    action: 'reveal',
    look: 'before',
    summary: 'The content of an artifact, as it came',
    query: systemQuery,
    produces: 'application/octet-stream',
  },
]
