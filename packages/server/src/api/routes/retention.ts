/** How long content is kept, and what was deleted because its time was over. */
import { z } from 'zod'
import { retentionSchema } from '../../retention/settings.ts'
import type { Route } from '../route.ts'
import { count } from './schemas.ts'

const reason = z.string().trim().min(1).max(1_000)

export const retentionRequest = retentionSchema.safeExtend({ reason })

/** `planDigest`: of the plan that was seen; needed once for settings as they are. */
export const runRequest = z.strictObject({
  planDigest: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  reason,
})

const run = z.object({
  runId: z.string(),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  by: z.string(),
  version: count,
  planDigest: z.string(),
  expired: count,
  held: count,
  restricted: count,
  unfinished: count,
  failure: z.string().nullable(),
})

const finding = z.object({
  code: z.string(),
  system: z.string(),
  policy: z.string().optional(),
  message: z.string(),
})

const retention = retentionSchema.safeExtend({
  isConfirmed: z.boolean(),
  waitsForSecondPerson: z.boolean(),
  findings: z.array(finding),
})

const planned = z.object({
  system: z.string(),
  entries: count,
  due: count,
  withinAYear: z.int(),
  policy: z.string().nullable(),
  before: z.string().nullable(),
  why: z.string().nullable(),
})

export const RETENTION: readonly Route[] = [
  {
    operation: 'getRetention',
    method: 'GET',
    path: '/v1/retention',
    action: 'settings',
    look: 'none',
    summary: 'How long content is kept, and what there is to say of that',
    response: retention,
  },
  {
    operation: 'putRetention',
    method: 'PUT',
    path: '/v1/retention',
    action: 'retention',
    look: 'none',
    summary: 'Replace these settings; content goes earlier only when two identities send the same',
    body: retentionRequest,
    response: retention,
  },
  {
    operation: 'planRetention',
    method: 'GET',
    path: '/v1/retention/plan',
    action: 'retention',
    look: 'none',
    summary: 'What would be deleted now, of which systems, and why; nothing is',
    response: z.object({ at: z.string(), version: count, systems: z.array(planned), digest: z.string() }),
  },
  {
    operation: 'listRetentionRuns',
    method: 'GET',
    path: '/v1/retention/runs',
    action: 'erasures',
    look: 'soon',
    summary: 'The last hundred runs, the latest first',
    response: z.object({ items: z.array(run) }),
  },
  {
    operation: 'runRetention',
    method: 'POST',
    path: '/v1/retention/runs',
    action: 'retention',
    look: 'none',
    summary: 'Delete what is due; the first time with the digest of the plan that was agreed to',
    body: runRequest,
    response: run,
  },
]
