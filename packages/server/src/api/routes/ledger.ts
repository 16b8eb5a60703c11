/** The raw ledger, and the state of the process. */
import { z } from 'zod'
import type { Route } from '../route.ts'
import { anyRecord, count } from './schemas.ts'

const trouble = z.object({ code: z.string(), message: z.string() })
const ledgerStatus = z.object({
  origin: z.string(),
  size: count,
  checkpoint: z.object({ size: count, publishedAt: z.string() }).nullable(),
  writable: z.object({ ok: z.boolean(), code: z.string().optional(), message: z.string().optional() }),
  witnesses: z.array(
    z.object({
      name: z.string(),
      size: count,
      lagEntries: count,
      lagMs: count,
      lastAt: z.string().nullable(),
      error: trouble.optional(),
    }),
  ),
  quorum: z.object({ name: z.string(), met: z.boolean() }).nullable(),
  timestamps: z.array(
    z.object({ authority: z.string(), size: count, at: z.string().nullable(), error: trouble.optional() }),
  ),
  signer: z.object({
    vkey: z.string(),
    process: z.enum(['server', 'own']),
    answers: z.boolean(),
    since: count.optional(),
    message: z.string().optional(),
    lagEntries: count,
  }),
  scrub: anyRecord,
  offsite: z
    .object({
      store: z.string(),
      description: z.string().nullable(),
      isWorm: z.boolean().nullable(),
      lockDays: count,
      size: count,
      lagEntries: count,
      lastCopiedAt: z.string().nullable(),
      locks: z.object({
        compliance: count,
        governance: count,
        weak: count,
        oldestCheckAt: z.string().nullable(),
      }),
      trouble: z.object({ since: z.string(), message: z.string() }).nullable(),
    })
    .nullable(),
})

export const LEDGER: readonly Route[] = [
  {
    operation: 'getCheckpoint',
    method: 'GET',
    path: '/ledgers/:name/checkpoint',
    action: 'ledger',
    look: 'none',
    summary: 'The latest signed checkpoint (C2SP tlog-checkpoint)',
    produces: 'text/plain',
  },
  {
    operation: 'getTile',
    method: 'GET',
    path: '/ledgers/:name/tile/:path*',
    action: 'ledger',
    look: 'none',
    summary: 'A tile of hashes or entries (C2SP tlog-tiles)',
    produces: 'application/octet-stream',
  },
  {
    operation: 'getVkey',
    method: 'GET',
    path: '/ledgers/:name/vkey',
    action: 'ledger',
    look: 'none',
    summary: 'The verification key of checkpoints (C2SP vkey); as JSON also the receipt key and the origin',
    produces: 'text/plain',
  },
  {
    operation: 'getLedgerStatus',
    method: 'GET',
    path: '/ledgers/:name/status',
    action: 'ledger',
    look: 'none',
    summary: 'What the ledger holds, what of it is signed and witnessed, whether it takes entries',
    response: ledgerStatus,
  },
  {
    operation: 'getHealth',
    method: 'GET',
    path: '/healthz',
    action: 'open',
    look: 'none',
    summary: 'The process lives',
  },
  {
    operation: 'getReadiness',
    method: 'GET',
    path: '/readyz',
    action: 'open',
    look: 'none',
    summary: 'The process can record and answer',
  },
  {
    operation: 'getMetrics',
    method: 'GET',
    path: '/metrics',
    action: 'metrics',
    look: 'none',
    summary: 'Metrics in the Prometheus text format',
    produces: 'text/plain',
  },
  {
    operation: 'getOpenApi',
    method: 'GET',
    path: '/openapi.json',
    action: 'open',
    look: 'none',
    summary: 'This document',
  },
]
