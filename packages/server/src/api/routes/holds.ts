/** What must not be erased, and why. */
import { z } from 'zod'
import { HOLD_GROUNDS, HOLD_STATES } from '../../rights/holds.ts'
import type { Operation, Route } from '../route.ts'
import { anyRecord, count, moment, page, paging, words } from './schemas.ts'

const scope = z.strictObject({
  subjects: z.array(z.string().min(1).max(1_024)).min(1).max(100).optional(),
  systems: z.array(z.string().min(1).max(200)).min(1).max(200).optional(),
  from: moment.optional(),
  to: moment.optional(),
  decisions: z.array(z.string().min(1).max(1_024)).min(1).max(1_000).optional(),
})

export const newHold = z.strictObject({
  ground: z.enum(HOLD_GROUNDS),
  scope,
  owner: z.string().min(1).max(200),
  reviewAt: moment,
  reason: words,
})
export const holdReview = z.strictObject({ reviewAt: moment, reason: words })
export const holdRelease = z.strictObject({ reason: words })

const step = (operation: Operation, part: string, summary: string, body: z.ZodType): Route => ({
  operation,
  method: 'POST',
  path: `/v1/holds/:id/${part}`,
  action: 'hold',
  look: 'none',
  summary,
  body,
  response: anyRecord,
})

export const HOLDS: readonly Route[] = [
  {
    operation: 'placeHold',
    method: 'POST',
    path: '/v1/holds',
    action: 'hold',
    look: 'none',
    summary: 'Suspend erasure of some records on a legal ground',
    body: newHold,
    response: anyRecord,
  },
  {
    operation: 'listHolds',
    method: 'GET',
    path: '/v1/holds',
    action: 'holds',
    look: 'soon',
    summary: 'Holds, those that stand first',
    query: paging.extend({
      state: z.enum(HOLD_STATES).optional(),
      overdue: z.enum(['true', 'false']).optional(),
    }),
    response: page.extend({ standing: count, pastReview: count }),
  },
  {
    operation: 'getHold',
    method: 'GET',
    path: '/v1/holds/:id',
    action: 'holds',
    look: 'soon',
    summary: 'One hold with its history',
    response: anyRecord,
  },
  step('reviewHold', 'review', 'It was looked at and is still needed, until the next review', holdReview),
  step('releaseHold', 'release', 'Ask for its release, or confirm what another asked for', holdRelease),
]
