/** Whether content would go earlier by some settings than by others: that is what takes two people. */
import { canonicalJson, type JsonValue } from '@deponent/format'
import { dueOf } from './due.ts'
import { EVERY_SYSTEM, policyOf, type RetentionSettings, retentionOf } from './settings.ts'

const DAY_MS = 86_400_000
/** Two leap years apart: every way a period can fall on the calendar. */
const YEARS = 8
const MONTHS = 12
/** Days of a month by which periods of months and of days differ. */
const DAYS = [1, 15, 28, 29, 30, 31]

/** The names of systems of which content would go earlier by `after`; `*` for those that neither names. */
export function goingEarlier(before: RetentionSettings, after: RetentionSettings, now: number): string[] {
  const named = new Set([EVERY_SYSTEM, ...Object.keys(before.systems), ...Object.keys(after.systems)])
  return [...named].filter((system) => {
    // Most of the time nearly all systems are as they were, and nothing need be reckoned.
    if (retentionText(before, system) === retentionText(after, system)) return false
    return timesToTry(before, after, system, now).some(
      (at) => goesAt(after, system, at) < goesAt(before, system, at),
    )
  })
}

/** All that decides when content of a system goes, as text; the same text is the same retention. Undefined when nothing is in force. */
export function retentionText(settings: RetentionSettings, system: string): string | undefined {
  const retention = retentionOf(settings, system)
  if (!retention || retention.policies.length === 0) return undefined
  const policies = retention.policies.map((id) => policyOf(settings, id)!)
  return canonicalJson({ policies, triggers: retention.triggers } as unknown as JsonValue)
}

/** When content goes; Infinity when it does not, or when people must decide. */
function goesAt(settings: RetentionSettings, system: string, at: number): number {
  const due = dueOf(settings, system, at)
  return due.state === 'until' ? due.at : Number.POSITIVE_INFINITY
}

/** Times of records that between them meet every case: the days of eight years, and the dates that are stated, with the days beside them. */
function timesToTry(
  before: RetentionSettings,
  after: RetentionSettings,
  system: string,
  now: number,
): number[] {
  const stated = [before, after].flatMap((settings) =>
    Object.values(retentionOf(settings, system)?.triggers ?? {}).map((date) => Date.parse(date)),
  )
  const today = new Date(now)
  const days = Array.from({ length: YEARS * MONTHS }, (_, month) =>
    DAYS.map((day) => Date.UTC(today.getUTCFullYear() - YEARS + 1, month, day)),
  )
  return [...days.flat(), ...stated.flatMap((at) => [at - DAY_MS, at, at + DAY_MS])]
}
