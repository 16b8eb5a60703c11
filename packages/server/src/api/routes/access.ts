/** Who may do what and who saw what: sessions, keys, policy, looks, ledgers. */
import { z } from 'zod'
import { ACTION_NAMES } from '../../access/action.ts'
import { FIELD_CLASSES } from '../../access/field-class.ts'
import { policySchema, spanSchema } from '../../access/policy-reading.ts'
import { ROLES } from '../../access/role.ts'
import type { Route } from '../route.ts'
import { anyRecord, count, items, page } from './schemas.ts'

const name = z.string().min(1).max(200)
const names = z.array(name).min(1).max(200)

const session = z.object({
  identity: z.object({
    id: z.string(),
    name: z.string(),
    roles: z.array(z.enum(ROLES)),
    systems: names.nullable(),
    subject: z.string().optional(),
  }),
  ledger: z.string(),
  ledgers: z.array(z.string()),
  actions: z.array(z.enum(ACTION_NAMES)),
  fields: z.array(z.enum(FIELD_CLASSES)),
  smallCells: count.nullable(),
  purposes: z.array(z.string()).nullable(),
  csrf: z.string().nullable(),
  expiresAt: z.string().nullable(),
})

/** Whom a key is made for. */
export const keyRequest = z.strictObject({
  name,
  roles: z.array(z.enum(ROLES)).min(1).max(ROLES.length),
  systems: names.nullable().default(null),
  purposes: z.array(z.string().min(1).max(500)).min(1).max(100).nullable().default(null),
  period: spanSchema.default({}),
  emitter: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
    .optional(),
  subject: z.string().min(1).max(1_024).optional(),
  expiresAt: z.iso.datetime({ offset: true }).nullable().default(null),
})

const OVERLAP_SECONDS_MAX = 90 * 86_400

export const rotateRequest = z.strictObject({
  overlapSeconds: z.int().nonnegative().max(OVERLAP_SECONDS_MAX).default(86_400),
})

export const policyRequest = policySchema.extend({ reason: z.string().min(1).max(1_000) })
export const ledgerRequest = z.strictObject({ name: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/) })
export const archiveRequest = z.strictObject({ reason: z.string().min(1).max(1_000) })

const madeKey = z.object({ identity: anyRecord, keyId: z.string(), key: z.string() })
const policy = policySchema.extend({ changedAt: z.string().nullable(), changedBy: anyRecord.nullable() })
const ledger = z.object({
  name: z.string(),
  origin: z.string(),
  size: count,
  state: z.enum(['open', 'archived']),
  vkey: z.string(),
})

const accessFilters = z
  .object({
    identity: z.string(),
    role: z.string(),
    action: z.string(),
    result: z.string(),
    id: z.string(),
    from: z.string(),
    to: z.string(),
    limit: z.int().min(1).max(1_000),
    cursor: z.string(),
  })
  .partial()

const SESSIONS: readonly Route[] = [
  {
    operation: 'getSession',
    method: 'GET',
    path: '/v1/session',
    action: 'any',
    look: 'none',
    summary: 'Who the caller is and what they may do',
    response: session,
  },
  {
    operation: 'beginSession',
    method: 'POST',
    path: '/v1/session',
    action: 'any',
    look: 'none',
    summary: 'Exchange the key for a session cookie of this browser',
    response: session,
  },
  {
    operation: 'endSession',
    method: 'DELETE',
    path: '/v1/session',
    action: 'any',
    look: 'none',
    summary: 'End the session of this browser',
  },
]

const KEYS: readonly Route[] = [
  {
    operation: 'listKeys',
    method: 'GET',
    path: '/v1/keys',
    action: 'keys',
    look: 'soon',
    summary: 'Identities and their keys, without any secret',
    response: items,
  },
  {
    operation: 'makeKey',
    method: 'POST',
    path: '/v1/keys',
    action: 'keys',
    look: 'none',
    summary: 'Make an identity with a key, which is shown this once',
    body: keyRequest,
    response: madeKey,
  },
  {
    operation: 'rotateKey',
    method: 'POST',
    path: '/v1/keys/:id/rotate',
    action: 'keys',
    look: 'none',
    summary: 'A further key for an identity; those it has end after the overlap',
    body: rotateRequest,
    response: madeKey,
  },
  {
    operation: 'revokeKey',
    method: 'DELETE',
    path: '/v1/keys/:id',
    action: 'keys',
    look: 'none',
    summary: 'Revoke an identity, or one of its keys',
    response: z.object({ identity: anyRecord }),
  },
  {
    operation: 'getPolicy',
    method: 'GET',
    path: '/v1/policy',
    action: 'settings',
    look: 'none',
    summary: 'Who may do what: the rules in force',
    response: policy,
  },
  {
    operation: 'putPolicy',
    method: 'PUT',
    path: '/v1/policy',
    action: 'policy',
    look: 'none',
    summary: 'Replace the rules; `version` is the one they were made from',
    body: policyRequest,
    response: policy,
  },
]

const LOOKS: readonly Route[] = [
  {
    operation: 'listAccess',
    method: 'GET',
    path: '/v1/access',
    action: 'access',
    look: 'soon',
    summary: 'Who looked at what, and who was denied',
    query: accessFilters,
    response: page,
  },
  {
    operation: 'getDecisionAccess',
    method: 'GET',
    path: '/v1/decisions/:id/access',
    action: 'access',
    look: 'soon',
    summary: 'Who saw this decision',
    query: z.object({ system: z.string(), limit: z.int(), cursor: z.string() }).partial(),
    response: page,
  },
  {
    operation: 'getSubjectAccess',
    method: 'GET',
    path: '/v1/subjects/:subject/access',
    action: 'own_access',
    look: 'soon',
    summary: 'When, and for which purposes, decisions about a person were looked at; without names',
    response: items,
  },
]

const LEDGERS: readonly Route[] = [
  {
    operation: 'listLedgers',
    method: 'GET',
    path: '/v1/ledgers',
    action: 'any',
    look: 'none',
    summary: 'The ledgers the caller belongs to',
    response: z.object({ items: z.array(ledger) }),
  },
  {
    operation: 'createLedger',
    method: 'POST',
    path: '/v1/ledgers',
    action: 'installation',
    look: 'none',
    summary: 'Make a ledger, with an origin, keys and a policy of its own',
    body: ledgerRequest,
    response: ledger,
  },
  {
    operation: 'archiveLedger',
    method: 'POST',
    path: '/v1/ledgers/:name/archive',
    action: 'ledgers',
    look: 'none',
    summary: 'Close a ledger to new records for good; it is read, proven and verified as before',
    body: archiveRequest,
    response: ledger,
  },
  {
    operation: 'getSettings',
    method: 'GET',
    path: '/v1/settings',
    action: 'settings',
    look: 'none',
    summary: 'What the server and the ledger are set to',
    response: anyRecord,
  },
]

export const ACCESS: readonly Route[] = [...SESSIONS, ...KEYS, ...LOOKS, ...LEDGERS]
