/** What is kept of people, and what they ask for. */
import { REQUEST_TYPES } from '@deponent/format'
import { z } from 'zod'
import { REQUEST_STATES } from '../../rights/fact.ts'
import type { Operation, Route } from '../route.ts'
import { anyRecord, count, moment, page, paging, words } from './schemas.ts'

/** A subject id or a handle. */
const subject = z.string().min(1).max(1_024)
const entryIds = z.array(z.string().min(1).max(1_024)).min(1).max(1_000)

const identityCheck = z.strictObject({
  method: z.string().min(1).max(200),
  result: z.enum(['confirmed', 'failed']),
  at: moment.optional(),
})

export const newRequest = z.strictObject({
  requestType: z.enum(REQUEST_TYPES),
  subject,
  receivedAt: moment.optional(),
  channel: z.string().min(1).max(200).optional(),
  statement: z.string().min(1).max(20_000).optional(),
  representative: z.string().min(1).max(1_000).optional(),
  isMarketing: z.boolean().optional(),
  decisions: entryIds.optional(),
  identityCheck: identityCheck.optional(),
})

export const identityRequest = identityCheck
export const extensionRequest = z.strictObject({ reason: words })
export const answerRequestBody = z.strictObject({
  outcome: z.enum(['granted', 'partly_granted', 'nothing_held']),
  words: words.optional(),
  actions: z.array(words).max(100).optional(),
})
export const refusalRequest = z.strictObject({
  /** Article, paragraph, point: `gdpr_17_3_e`; another law by name. */
  ground: z.string().regex(/^[a-z][a-z0-9_]{2,63}$/),
  reason: words,
  assessment: words.optional(),
  complaintInfoGiven: z.literal(true),
})

export const mergeRequest = z.strictObject({ from: subject, into: subject, reason: words })
export const splitRequest = z.strictObject({ mergeId: z.string().min(1).max(200), reason: words })
export const restrictionRequest = z.strictObject({
  isRestricted: z.boolean(),
  ground: z.enum(['gdpr_18_1_a', 'gdpr_18_1_b', 'gdpr_18_1_c', 'gdpr_18_1_d']).optional(),
  reason: words,
  requestRef: z.string().min(1).max(200).optional(),
  decisions: entryIds.optional(),
  informedAt: moment.optional(),
})
/** Anything: a body is JSON already. */
const jsonValue = z.unknown().refine((value) => value !== undefined, 'expected a value')
export const rectificationRequest = z.strictObject({
  decision: z.string().min(1).max(1_024),
  values: z
    .array(z.strictObject({ pointer: z.string().startsWith('/').max(1_024), value: jsonValue }))
    .min(1)
    .max(200)
    .optional(),
  statement: words.optional(),
  reason: words,
  requestRef: z.string().min(1).max(200).optional(),
})

const listQuery = paging.extend({
  state: z.enum(REQUEST_STATES).optional(),
  requestType: z.enum(REQUEST_TYPES).optional(),
  subject: z.string().optional(),
  overdue: z.enum(['true', 'false']).optional(),
})

const step = (operation: Operation, part: string, summary: string, body: z.ZodType): Route => ({
  operation,
  method: 'POST',
  path: `/v1/requests/:id/${part}`,
  action: 'rights',
  look: 'none',
  summary,
  body,
  response: anyRecord,
})

const REQUESTS: readonly Route[] = [
  {
    operation: 'receiveRequest',
    method: 'POST',
    path: '/v1/requests',
    action: 'rights',
    look: 'none',
    summary: 'A person exercises a right: recorded, with the date an answer is due',
    body: newRequest,
    response: anyRecord,
  },
  {
    operation: 'listRequests',
    method: 'GET',
    path: '/v1/requests',
    action: 'persons',
    look: 'soon',
    summary: 'Requests of people and their clocks, newest first',
    query: listQuery,
    response: page.extend({ open: count, overdue: count }),
  },
  {
    operation: 'getRequest',
    method: 'GET',
    path: '/v1/requests/:id',
    action: 'persons',
    look: 'before',
    summary: 'One request with its history',
    response: anyRecord,
  },
  step('checkRequestIdentity', 'identity', 'Record how it was checked who asks', identityRequest),
  step(
    'extendRequest',
    'extend',
    'Extend by two months, with the reason, within the first',
    extensionRequest,
  ),
  step('answerRequest', 'answer', 'Record the answer', answerRequestBody),
  step('refuseRequest', 'refuse', 'Record a refusal, with the exception it rests on', refusalRequest),
]

const SUBJECTS: readonly Route[] = [
  {
    operation: 'getSubject',
    method: 'GET',
    path: '/v1/subjects/:subject',
    action: 'persons',
    look: 'soon',
    summary: 'What is kept of a person, in numbers, and what stands: requests, restriction, holds, erasures',
    response: anyRecord,
  },
  {
    operation: 'listSubjectDecisions',
    method: 'GET',
    path: '/v1/subjects/:subject/decisions',
    action: 'list',
    look: 'soon',
    summary: 'Decisions about a person, under every id of theirs',
    query: z.object({ limit: z.int(), cursor: z.string(), order: z.enum(['at', '-at']) }).partial(),
    response: page,
  },
  {
    operation: 'exportSubject',
    method: 'GET',
    path: '/v1/subjects/:subject/export',
    action: 'own_export',
    look: 'before',
    summary: 'Everything recorded about a person, for them: as JSON or as a page to read and print',
    query: z
      .object({
        format: z.enum(['json', 'html']),
        scope: z.enum(['all', 'provided']),
        from: moment,
        to: moment,
        request: z.string(),
      })
      .partial(),
    response: anyRecord,
  },
  {
    operation: 'rectifySubject',
    method: 'POST',
    path: '/v1/subjects/:subject/rectifications',
    action: 'rights',
    look: 'none',
    summary: 'Record what is right where a decision says something wrong of a person',
    body: rectificationRequest,
    response: anyRecord,
  },
  {
    operation: 'restrictSubject',
    method: 'POST',
    path: '/v1/subjects/:subject/restriction',
    action: 'rights',
    look: 'none',
    summary: 'Restrict processing of a person or of some decisions about them, or lift it',
    body: restrictionRequest,
    response: anyRecord,
  },
  {
    operation: 'mergeSubjects',
    method: 'POST',
    path: '/v1/subjects:merge',
    action: 'rights',
    look: 'none',
    summary: 'Two ids are one person',
    body: mergeRequest,
    response: anyRecord,
  },
  {
    operation: 'splitSubjects',
    method: 'POST',
    path: '/v1/subjects:split',
    action: 'rights',
    look: 'none',
    summary: 'Undo a merge',
    body: splitRequest,
    response: anyRecord,
  },
]

export const PERSONS: readonly Route[] = [...REQUESTS, ...SUBJECTS]
