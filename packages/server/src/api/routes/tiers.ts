/** Months of the index: which lie in files, which are archived, and bringing these back. */
import { z } from 'zod'
import type { Route } from '../route.ts'
import { count } from './schemas.ts'

/** A calendar month, UTC. */
const month = z.string().regex(/^20\d{2}-(?:0[1-9]|1[0-2])$/)

/** Days for which months that were brought back stay at most. */
export const RESTORED_DAYS_MAX = 36_600
const RESTORED_DAYS_DEFAULT = 30

const range = { from: month, to: month }
export const restoreRequest = z.strictObject({
  ...range,
  days: z.int().min(1).max(RESTORED_DAYS_MAX).default(RESTORED_DAYS_DEFAULT),
})
export const releaseRequest = z.strictObject(range)

const restoration = z.object({
  ...range,
  state: z.enum(['running', 'done', 'failed']),
  bytes: count,
  done: count,
})

const tiers = z.object({
  hot: z.object({ rows: count, bytes: count }).nullable(),
  hotDays: count.nullable(),
  warmDays: count.nullable(),
  months: z.array(
    z.object({
      month,
      tier: z.enum(['warm', 'cold']),
      decisions: count,
      rows: count,
      bytes: count,
      restoredUntil: z.string().nullable(),
    }),
  ),
  restoration: restoration.nullable(),
  trouble: z.string(),
})

export const TIERS: readonly Route[] = [
  {
    operation: 'getTiers',
    method: 'GET',
    path: '/v1/tiers',
    action: 'status',
    look: 'none',
    summary: 'Where the rows of the index lie, month by month, and how far a restoration is',
    response: tiers,
  },
  {
    operation: 'restoreTiers',
    method: 'POST',
    path: '/v1/tiers/restorations',
    action: 'operate',
    look: 'soon',
    summary: 'Begin to bring archived months back; GET /v1/tiers tells how far that is',
    body: restoreRequest,
    response: restoration,
  },
  {
    operation: 'releaseTiers',
    method: 'POST',
    path: '/v1/tiers/releases',
    action: 'operate',
    look: 'soon',
    summary: 'Let months that were brought back be archived again',
    body: releaseRequest,
    response: z.object(range),
  },
]
