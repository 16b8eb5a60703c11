/** What is kept of records, and what becomes of their fields. */
import { escapeToken } from '@deponent/format'
import { z } from 'zod'
import { faultOf, fieldsSchema, settingsSchema } from '../../privacy/privacy-settings.ts'
import { MET_CLASSES } from '../../vault/classify/fields-met.ts'
import { CAPTURE_LEVELS, MODES } from '../../vault/classify/policy.ts'
import type { Route } from '../route.ts'
import { anyRecord, count } from './schemas.ts'

export const privacyRequest = settingsSchema
  .extend({ reason: z.string().trim().min(1).max(1_000) })
  .superRefine(({ systems }, context) => {
    for (const [name, { fields }] of Object.entries(systems))
      tell(context, fields, ['systems', name, 'fields'])
  })

/** Settings as they might be, and a record to see what they would do to it. */
export const previewRequest = z.strictObject({
  fields: fieldsSchema.superRefine((fields, context) => tell(context, fields, [])).optional(),
  mode: z.enum(MODES).optional(),
  capture: z.enum(CAPTURE_LEVELS).optional(),
  includeInputs: z.boolean().optional(),
  includeOutputs: z.boolean().optional(),
  hashSensitiveData: z.boolean().optional(),
  /** A decision, as it would be sent. */
  record: anyRecord.optional(),
})

function tell(
  context: z.core.$RefinementCtx,
  fields: z.infer<typeof fieldsSchema>,
  path: readonly string[],
): void {
  const fault = faultOf(fields)
  if (fault)
    context.addIssue({ code: 'custom', message: fault.error, path: [...path, escapeToken(fault.key)] })
}

const privacy = settingsSchema.extend({ indexFollows: z.boolean() })
const fieldClass = z.object({ class: z.enum(MET_CLASSES), why: z.string() })
const field = fieldClass.extend({
  pointer: z.string(),
  met: count,
  detected: z.record(z.string(), count),
})

export const PRIVACY: readonly Route[] = [
  {
    operation: 'getPrivacy',
    method: 'GET',
    path: '/v1/privacy',
    action: 'settings',
    look: 'none',
    summary: 'What is kept of records and what becomes of their fields; whether the index follows it already',
    response: privacy,
  },
  {
    operation: 'putPrivacy',
    method: 'PUT',
    path: '/v1/privacy',
    action: 'privacy',
    look: 'none',
    summary: 'Replace these settings; `version` is the one they were made from',
    body: privacyRequest,
    response: privacy,
  },
  {
    operation: 'getFields',
    method: 'GET',
    path: '/v1/systems/:system/fields',
    action: 'systems',
    look: 'none',
    summary: 'Each field a system had, its class and why, and how often each detector found something',
    response: z.object({ system: z.string(), mode: z.enum(MODES), version: count, items: z.array(field) }),
  },
  {
    operation: 'previewFields',
    method: 'POST',
    path: '/v1/systems/:system/fields:preview',
    action: 'privacy',
    look: 'none',
    summary:
      'What changed declarations would do to the fields of a system and to a sample record; nothing is kept',
    body: previewRequest,
    response: z.object({
      system: z.string(),
      changes: z.array(z.object({ pointer: z.string(), before: fieldClass, after: fieldClass })),
      sample: z.object({ record: anyRecord, classification: anyRecord.nullable() }).nullable(),
    }),
  },
]
