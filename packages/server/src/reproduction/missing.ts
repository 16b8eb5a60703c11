/** What of a record a reader is not given, and why. */
import { classificationOf, escapeToken, isObject, type JsonObject, type JsonValue } from '@deponent/format'

/**
 * - `not_recorded`: nobody reported it.
 * - `sealed`: shown for a stated purpose.
 * - `withheld`: not shown to this key, whatever the purpose.
 * - `erased`: it was there, and was erased.
 * - `pseudonymised`, `dropped`: replaced or left out before it was recorded.
 * - `not_found`: the record refers to it, and it was not found.
 */
export type MissingReason =
  | 'not_recorded'
  | 'sealed'
  | 'withheld'
  | 'erased'
  | 'pseudonymised'
  | 'dropped'
  | 'not_found'

export interface Missing {
  /** JSON pointer into the record; '' for all of it. */
  readonly path: string
  readonly reason: MissingReason
  /** Whether a replay cannot be compared without it. */
  readonly isNeeded: boolean
}

/** Why a value is covered; undefined when it is not. */
export function coverOf(value: JsonValue | undefined): 'sealed' | 'withheld' | undefined {
  if (!isObject(value) || value['sealed'] !== true) return undefined
  const { withheld } = value
  const members = Object.keys(value).length
  if (members === 1) return 'sealed'
  return members === 2 && typeof withheld === 'string' ? 'withheld' : undefined
}

/** The covered parts at and below `path`. */
export function coveredIn(value: JsonValue, path: string): { path: string; reason: 'sealed' | 'withheld' }[] {
  const reason = coverOf(value)
  if (reason) return [{ path, reason }]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => coveredIn(inner, `${path}/${escapeToken(name)}`))
}

/** What was replaced or left out below these fields before the record was kept. */
export function alteredIn(
  record: JsonObject,
  fields: readonly string[],
): { path: string; reason: 'pseudonymised' | 'dropped' }[] {
  const { pseudonymised = [], dropped = [] } = classificationOf(record) ?? {}
  const within = (path: string): boolean =>
    fields.some((field) => path === '' || path === `/${field}` || path.startsWith(`/${field}/`))
  return [
    ...pseudonymised.filter(within).map((path) => ({ path, reason: 'pseudonymised' as const })),
    ...dropped.filter(within).map((path) => ({ path, reason: 'dropped' as const })),
  ]
}
