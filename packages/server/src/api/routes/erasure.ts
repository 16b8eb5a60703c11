/** Erasing a person, and what came of it. */
import { z } from 'zod'
import { GROUNDS } from '../../erasure/erasure.ts'
import type { Route } from '../route.ts'
import { count, page, paging } from './schemas.ts'

export const erasureRequest = z.strictObject({
  ground: z.enum(GROUNDS).default('other'),
  reason: z.string().min(1).max(4_000).optional(),
  requestRef: z.string().min(1).max(200).optional(),
})

const receipt = z.object({
  erasureId: z.string(),
  ledger: z.string(),
  origin: z.string(),
  ground: z.enum(GROUNDS),
  requestedAt: z.string(),
  completedAt: z.string(),
  records: count,
  keysDestroyed: count,
  setRoot: z.string(),
  entry: z.object({ index: count, id: z.string() }),
  stores: z.array(z.object({ store: z.string(), state: z.string() })),
  replayUntil: z.string(),
  backupHorizon: z.string(),
  statement: z.string(),
})

const erasure = z.object({
  erasureId: z.string(),
  status: z.enum(['pending', 'completed']),
  waitingFor: z.enum(['approval', 'hold']).nullable(),
  holds: z.array(z.string()),
  failure: z.string().nullable(),
  ground: z.enum(GROUNDS),
  requestedAt: z.string(),
  receipt: receipt.nullable(),
})

export const ERASURE: readonly Route[] = [
  {
    operation: 'eraseSubject',
    method: 'DELETE',
    path: '/v1/subjects/:subject',
    action: 'erase',
    look: 'none',
    summary: 'Erase everything recorded about a person, by id or handle; proofs go on holding',
    query: z.object({ class: z.enum(['affected', 'staff']).optional() }),
    body: erasureRequest,
    response: z.object({ erasureId: z.string(), status: z.enum(['pending', 'completed']) }),
  },
  {
    operation: 'listErasures',
    method: 'GET',
    path: '/v1/erasures',
    action: 'erasures',
    look: 'soon',
    summary: 'Erasures that were asked for, the latest first',
    query: paging.extend({ entry: z.string().optional() }),
    response: page.extend({ items: z.array(erasure), pending: count }),
  },
  {
    operation: 'getErasure',
    method: 'GET',
    path: '/v1/erasures/:id',
    action: 'erasures',
    look: 'soon',
    summary: 'How an erasure stands, with its receipt once it is completed',
    response: erasure,
  },
  {
    operation: 'approveErasure',
    method: 'POST',
    path: '/v1/erasures/:id/approve',
    action: 'erase',
    look: 'none',
    summary: 'Agree to an erasure that somebody else asked for, where two people must',
    response: erasure,
  },
]
