/** Routes that bring records in. */
import { z } from 'zod'
import type { Action } from '../../access/action.ts'
import type { Operation, Route } from '../route.ts'
import { anyRecord, count, systemQuery } from './schemas.ts'

const receipt = z.object({
  position: count,
  id: z.string(),
  decisionId: z.string().optional(),
  ledger: z.string(),
  index: count,
  leafHash: z.string(),
  status: z.enum(['recorded', 'duplicate']),
  path: z.array(z.string()).optional(),
})
const recordError = z.object({
  position: count,
  decisionId: z.string().optional(),
  code: z.string(),
  path: z.string(),
  message: z.string(),
})
const envelope = z.object({
  recorded: count,
  duplicates: count,
  rejected: count,
  receipts: z.array(receipt),
  promise: z.string().nullable(),
  errors: z.array(recordError),
})
const records = z.union([anyRecord, z.array(anyRecord)])
const waitQuery = z.object({ wait: z.literal('checkpoint').optional() })

const recording = (
  operation: Operation,
  path: string,
  summary: string,
  query: z.ZodObject,
  action: Action = 'record',
): Route => ({
  operation,
  method: 'POST',
  path,
  action,
  look: 'none',
  summary,
  query,
  body: records,
  response: envelope,
  judges: true,
})

const about = (operation: Operation, part: string, what: string, action: Action = 'review'): Route =>
  recording(
    operation,
    `/v1/decisions/:id/${part}`,
    `Record ${what} a decision`,
    waitQuery.extend(systemQuery.shape),
    action,
  )

export const RECORDING: readonly Route[] = [
  recording(
    'recordDecisions',
    '/v1/decisions',
    'Record decisions: one object, an array, or one object a line',
    waitQuery,
  ),
  recording(
    'recordRecords',
    '/v1/records',
    'Record anything that is not a decision; each record says its kind',
    waitQuery,
  ),
  about('recordReview', 'reviews', 'a human review of'),
  about('recordOutcome', 'outcomes', 'what became of', 'record'),
  about('recordExplanation', 'explanations', 'an explanation of'),
  about('recordContest', 'contests', 'that a person contests'),
  about('recordComment', 'comments', 'a comment on'),
  about('recordScore', 'scores', 'a score of'),
  recording(
    'recordModelEvent',
    '/v1/models/:modelId/events',
    'Record a lifecycle event of a model',
    waitQuery,
  ),
]
