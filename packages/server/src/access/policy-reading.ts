/** A policy as somebody sends it, or as it lies in a file. */
import { z } from 'zod'
import { ACTION_NAMES } from './action.ts'
import { FIELD_CLASSES } from './field-class.ts'
import { ROLES } from './role.ts'

const RULES_MAX = 200
const SYSTEMS_MAX = 200
const SMALL_CELLS_MAX = 1_000
const REVEAL_MINUTES_MAX = 24 * 60

export const spanSchema = z
  .strictObject({ from: z.int().nonnegative().optional(), to: z.int().nonnegative().optional() })
  .refine(({ from, to }) => from === undefined || to === undefined || from < to, {
    error: 'from must be before to',
  })

const ruleSchema = z.strictObject({
  role: z.enum(ROLES),
  actions: z.array(z.enum(ACTION_NAMES)).min(1),
  fields: z.array(z.enum(FIELD_CLASSES)).min(1),
  systems: z.array(z.string().min(1).max(200)).min(1).max(SYSTEMS_MAX).nullable(),
  period: spanSchema.optional(),
  valid: spanSchema.optional(),
  purpose: z.boolean(),
})

export const policySchema = z.strictObject({
  version: z.int().positive(),
  rules: z.array(ruleSchema).max(RULES_MAX),
  smallCells: z.int().min(2).max(SMALL_CELLS_MAX),
  revealMinutes: z.int().min(1).max(REVEAL_MINUTES_MAX),
})
