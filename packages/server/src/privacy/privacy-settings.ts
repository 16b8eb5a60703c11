/** What is kept of records and what becomes of their fields on one ledger, as somebody sends it or as it lies in a file. */
import { placesOf, pointerOf, tokensOf } from '@deponent/format'
import { z } from 'zod'
import {
  CAPTURE_LEVELS,
  type ClassificationPolicy,
  DEFAULT_CLASSIFICATION,
  KEPT_FIELDS,
  MODES,
  type Treatment,
  TREATMENTS,
} from '../vault/classify/policy.ts'

export interface PrivacySettings extends ClassificationPolicy {
  readonly erasure: {
    /** Whether an erasure needs a second person's word. */
    readonly twoPersons: boolean
  }
}

export const SYSTEMS_MAX = 1_000
export const FIELDS_MAX = 1_000
export const FIELD_CHARACTERS_MAX = 512
export const STARS_MAX = 3

export const DEFAULT_PRIVACY: PrivacySettings = { ...DEFAULT_CLASSIFICATION, erasure: { twoPersons: false } }

const treatment = z.enum(TREATMENTS)

const field = z
  .string()
  .min(1)
  .max(FIELD_CHARACTERS_MAX)
  .refine((key) => !key.startsWith('/') || !/~(?![01])/.test(key), {
    error: 'a key that begins with / is a JSON pointer: ~ is written ~0, / in a name ~1',
  })
  .refine((key) => key.startsWith('/') || !key.includes('/'), {
    error: 'a key that does not begin with / is a pattern for names, without /',
  })
  .refine((key) => key.split('*').length - 1 <= STARS_MAX, { error: `a key has at most ${STARS_MAX} *` })

/** Declared fields of one system. */
export const fieldsSchema = z
  .record(field, treatment)
  .refine((fields) => Object.keys(fields).length <= FIELDS_MAX, {
    error: `a system has at most ${FIELDS_MAX} declared fields`,
  })
  .refine((fields) => Object.entries(fields).every(([key, value]) => isAllowed(key, value)), {
    error: `these are never replaced or left out, at most sealed: ${[...KEPT_FIELDS].join(', ')}`,
  })

/** A key that is neither pointer nor pattern for what is kept as it is, or does not change it. */
function isAllowed(key: string, value: z.infer<typeof treatment>): boolean {
  const [, name = ''] = /^\/([^/]*)/.exec(key) ?? []
  return value === 'queryable' || value === 'seal' || !KEPT_FIELDS.has(name)
}

/**
 * What is wrong with declarations that somebody makes now, by key; undefined when nothing is. Settings that were made before are read
 * whatever they say here: the stricter of two counts, and what is never left out is sealed.
 */
export function faultOf(
  fields: Readonly<Record<string, Treatment>>,
): { key: string; error: string } | undefined {
  const said = new Map<string, readonly [key: string, treatment: Treatment]>()
  for (const [key, treatment] of Object.entries(fields)) {
    if (!key.startsWith('/')) continue
    const places = placesOf(tokensOf(key.normalize('NFC')), true)
    if (!places.some(([top = '']) => isAllowed(`/${top}`, treatment)))
      return {
        key,
        error: `${key} is ${pointerOf(places[0]!)}, which is never replaced or left out, at most sealed`,
      }
    if (places.length > 1) continue
    const pointer = pointerOf(places[0]!)
    const other = said.get(pointer)
    if (other !== undefined && other[1] !== treatment)
      return { key, error: `${key} and ${other[0]} are one field, ${pointer}: declare it once` }
    said.set(pointer, [key, treatment])
  }
  return undefined
}

const system = z.strictObject({ mode: z.enum(MODES).optional(), fields: fieldsSchema.default({}) })

export const settingsSchema = z.strictObject({
  /** The version these were made from; the server counts it up. */
  version: z.int().positive(),
  mode: z.enum(MODES),
  capture: z.enum(CAPTURE_LEVELS),
  includeInputs: z.boolean(),
  includeOutputs: z.boolean(),
  hashSensitiveData: z.boolean(),
  erasure: z.strictObject({ twoPersons: z.boolean() }),
  systems: z
    .record(z.string().min(1).max(200), system)
    .refine((systems) => Object.keys(systems).length <= SYSTEMS_MAX, {
      error: `at most ${SYSTEMS_MAX} systems are declared`,
    }),
})

/** Settings without members that are there and undefined. */
export function settingsOf(parsed: z.infer<typeof settingsSchema>): PrivacySettings {
  const systems = Object.entries(parsed.systems).map(([name, { mode, fields }]) => [
    name,
    { ...(mode !== undefined && { mode }), fields },
  ])
  return { ...parsed, systems: Object.fromEntries(systems) }
}
