/** What is stored, and what that costs. */
import { z } from 'zod'
import { TIERS } from '../../cost/layer.ts'
import { recoveryTold } from '../../recovery/notes.ts'
import { HISTORY_DAYS_MAX } from '../../sizes/history.ts'
import type { Route } from '../route.ts'
import { count } from './schemas.ts'

const DAYS_MAX = 36_500
const days = z.coerce.number().int().min(1).max(DAYS_MAX)

/** How many days of the history are told; a year when nobody says. */
export const storageQuery = z.strictObject({
  days: z.coerce.number().int().min(1).max(HISTORY_DAYS_MAX).default(366),
})

export const costQuery = z.strictObject({
  decisionsPerDay: z.coerce.number().int().min(1).max(1e12).default(1_000_000),
  years: z.coerce.number().int().min(1).max(100).default(7),
  keepDays: days.optional(),
  hotDays: days.optional(),
  warmDays: days.optional(),
  offsite: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
})

const layer = z.object({
  name: z.string(),
  tier: z.enum(TIERS),
  stay: z.string(),
  bytes: count,
  allocatedBytes: count.optional(),
  files: count.optional(),
  entries: count,
  isShared: z.boolean().optional(),
})

const storage = z.object({
  ledger: z.string(),
  measuredAt: z.string(),
  entries: count,
  decisions: count.nullable(),
  bytes: count,
  bytesPerDecision: z.string().nullable(),
  layers: z.array(layer),
  hotDays: count.nullable(),
  warmDays: count.nullable(),
  offsite: z.boolean(),
  history: z.array(z.object({ day: z.string(), entries: count, layers: z.record(z.string(), count) })),
  recovery: recoveryTold,
})

const byTier = z.object(Object.fromEntries(TIERS.map((tier) => [tier, count])))
const amounts = z.record(z.string(), z.string())
const standing = z.object({ bytes: byTier, amounts })

const bill = z.object({
  prices: z.string(),
  currency: z.string(),
  gigabyte: z.enum(['GB', 'GiB']),
  scenario: z.object({ decisionsPerDay: count, years: count, offsite: z.boolean() }).loose(),
  layers: z.array(
    z.object({
      name: z.string(),
      tier: z.enum(TIERS),
      stay: z.string(),
      bytesPerDecision: z.string().nullable(),
      bytes: count,
    }),
  ),
  notMeasured: z.array(z.string()),
  years: z.array(standing.extend({ year: count, decisions: count })),
  total: amounts,
  now: standing,
  lastMonth: standing,
  steadyFromMonth: count.nullable(),
})

export const STORAGE: readonly Route[] = [
  {
    operation: 'getStorage',
    method: 'GET',
    path: '/v1/storage',
    action: 'settings',
    look: 'none',
    summary: 'What the ledger takes by layer, and how large it was day by day',
    query: storageQuery,
    response: storage,
  },
  {
    operation: 'getStorageCost',
    method: 'GET',
    path: '/v1/storage/cost',
    action: 'settings',
    look: 'none',
    summary:
      'What storing, asking and reporting would cost by measured sizes and the prices the server was given',
    query: costQuery,
    response: bill,
  },
]
