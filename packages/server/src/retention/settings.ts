/** Which retention policies are in force for which systems, as somebody sends it or as it lies in a file. */
import { FormatError, fromUtf8, readJson } from '@deponent/format'
import { z } from 'zod'
import { parsePeriod } from '../calendar/period.ts'
import {
  type Bound,
  BOUNDS,
  type Layer,
  LAYERS,
  type Preset,
  presetOf,
  SYSTEM_TRIGGERS,
  type SystemTrigger,
  type Trigger,
  TRIGGERS,
} from './presets.ts'

export const SYSTEMS_MAX = 1_000
export const POLICIES_MAX = 200
/** Policies of one system. */
export const APPLIED_MAX = 20
/** When what is due is deleted: every day, or only when somebody asks for it. Either way not before a plan was confirmed. */
export const SCHEDULES = ['daily', 'by_hand'] as const
/** The system whose policies are those of every system that has none of its own. */
export const EVERY_SYSTEM = '*'

/** A policy with everything known that decides when it ends. */
export interface Policy extends Omit<Preset, 'confidence' | 'note'> {
  readonly justification?: string
  readonly reviewEvery?: string
}

/** A preset with what the operator says of it, or a policy of their own. */
export interface StatedPolicy {
  readonly bound?: Bound | undefined
  readonly period?: string | undefined
  readonly trigger?: Trigger | undefined
  readonly layer?: Layer | undefined
  readonly basis?: string | undefined
  readonly justification?: string | undefined
  readonly reviewEvery?: string | undefined
}

export interface SystemRetention {
  /** Ids of presets, and of policies stated below. */
  readonly policies: readonly string[]
  /** Dates from which periods count that do not count from the record itself. */
  readonly triggers: Readonly<Partial<Record<SystemTrigger, string>>>
  readonly isHighRisk: boolean
}

export interface RetentionSettings {
  readonly version: number
  readonly schedule: (typeof SCHEDULES)[number]
  readonly policies: Readonly<Record<string, StatedPolicy>>
  readonly systems: Readonly<Record<string, SystemRetention>>
}

/** Nothing configured: nothing is deleted. */
export const NO_RETENTION: RetentionSettings = { version: 1, schedule: 'daily', policies: {}, systems: {} }

const id = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, {
  error: 'an id is up to 64 of a to z, 0 to 9, - and _, and begins with a letter or digit',
})
const period = z.string().refine((text) => text === 'permanent' || parsePeriod(text) !== undefined, {
  error: 'expected a period of ISO 8601 such as P6M, P7Y or P3650D, up to a thousand years, or permanent',
})
const words = z.string().min(1).max(4_000)
const stated = z.strictObject({
  bound: z.enum(BOUNDS).optional(),
  period: period.optional(),
  trigger: z.enum(TRIGGERS).optional(),
  layer: z.enum(LAYERS).optional(),
  basis: words.optional(),
  justification: words.optional(),
  reviewEvery: period.optional(),
})
const system = z.strictObject({
  policies: z.array(id).max(APPLIED_MAX),
  triggers: z.partialRecord(z.enum(SYSTEM_TRIGGERS), z.iso.date()).default({}),
  isHighRisk: z.boolean().default(false),
})

export const retentionSchema = z
  .strictObject({
    /** The version these were made from; the server counts it up. */
    version: z.int().positive(),
    schedule: z.enum(SCHEDULES).default('daily'),
    policies: z.record(id, stated).default({}),
    systems: z.record(z.string().min(1).max(256), system).default({}),
  })
  .refine(({ policies }) => Object.keys(policies).length <= POLICIES_MAX, {
    error: `at most ${POLICIES_MAX} policies`,
    path: ['policies'],
  })
  .refine(({ systems }) => Object.keys(systems).length <= SYSTEMS_MAX, {
    error: `at most ${SYSTEMS_MAX} systems`,
    path: ['systems'],
  })
  .superRefine(({ policies, systems }, context) => {
    for (const [name, one] of Object.entries(policies))
      for (const missing of missingOf(name, one))
        context.addIssue({
          code: 'custom',
          path: ['policies', name, missing],
          message: `a policy that is no preset states its ${missing}`,
        })
    for (const [name, { policies: applied }] of Object.entries(systems))
      for (const [i, one] of applied.entries())
        if (!presetOf(one) && !Object.hasOwn(policies, one))
          context.addIssue({
            code: 'custom',
            path: ['systems', name, 'policies', i],
            message: 'neither a preset nor a policy stated here',
          })
  })

/** The settings in a JSON text. @throws FormatError that names the member */
export function retentionIn(bytes: Uint8Array): RetentionSettings {
  const { value, faults } = readJson(fromUtf8(bytes))
  const [fault] = faults
  if (fault) throw new FormatError(fault.code, fault.message, fault.path)
  const parsed = retentionSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const at = `/${issue?.path.join('/') ?? ''}`
  throw new FormatError('bad_value', `${at}: ${issue?.message ?? 'not as expected'}`, at)
}

function missingOf(name: string, { bound, period: length, basis }: StatedPolicy): string[] {
  if (presetOf(name)) return []
  return Object.entries({ bound, period: length, basis }).flatMap(([member, value]) =>
    value === undefined ? [member] : [],
  )
}

/** The policy of an id: a preset, what is stated of it taking the place of its own. */
export function policyOf(settings: RetentionSettings, name: string): Policy | undefined {
  const given: Preset | undefined = presetOf(name)
  const said = Object.hasOwn(settings.policies, name) ? settings.policies[name] : undefined
  if (!given && !said) return undefined
  const { justification, reviewEvery } = said ?? {}
  return {
    id: name,
    bound: said?.bound ?? given?.bound ?? 'period',
    period: said?.period ?? given?.period ?? null,
    trigger: said?.trigger ?? given?.trigger ?? 'event',
    layer: said?.layer ?? given?.layer ?? 'payload',
    basis: said?.basis ?? given?.basis ?? '',
    ...(justification !== undefined && { justification }),
    ...(reviewEvery !== undefined && { reviewEvery }),
  }
}

/** What is in force for a system; undefined when nothing is. */
export function retentionOf(settings: RetentionSettings, name: string): SystemRetention | undefined {
  const { systems } = settings
  return Object.hasOwn(systems, name) ? systems[name] : systems[EVERY_SYSTEM]
}
