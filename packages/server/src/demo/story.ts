import { DAY_MS, HOUR_MS, MINUTE_MS, startOfDay, weekdayOf } from './calendar.ts'

/**
 * What happened at Morrowby Credit, an invented lender, in the half year before `now`:
 *
 * The credit scorer ran as 4.0.0 and then 4.1.0, both sound. On a Tuesday 4.2.0 went live with a new payroll feed as
 * the source of income. The feed knows salaries only; for most pensioners, students and self-employed people it has no
 * entry, and the missing value became an income of 0. They were declined almost without exception, officers overrode
 * more and more of it, and nine days later the release was rolled back. 4.2.1 reads the income from the application
 * again and was watched in shadow first.
 */
export interface Story {
  now: number
  /** The first day of decisions, 182 days before the day of `now`. */
  begins: number
  scorer: ScorerRelease[]
  broken: { deployedAt: number; rolledBackAt: number }
  /** 4.2.1 sees a copy of the traffic without deciding anything. */
  shadow: { from: number; to: number }
  /** The assistant's provider began to serve another model under the name that was asked for. */
  servedModelChangedAt: number
  assistantPrompts: { version: string; from: number }[]
}

export type ScorerVersion = '4.0.0' | '4.1.0' | '4.2.0' | '4.2.1'

/** A version and the moment it took over. */
export interface ScorerRelease {
  version: ScorerVersion
  from: number
}

export function storyUpTo(now: number): Story {
  const today = startOfDay(now)
  const begins = today - 182 * DAY_MS
  const deployedAt = lastTuesday(today - 35 * DAY_MS) + 8 * HOUR_MS + 40 * MINUTE_MS
  const rolledBackAt = deployedAt + 9 * DAY_MS
  const mendedAt = rolledBackAt + 12 * DAY_MS
  return {
    now,
    begins,
    scorer: [
      { version: '4.0.0', from: begins - 20 * DAY_MS + 9 * HOUR_MS },
      { version: '4.1.0', from: begins + 61 * DAY_MS + 9 * HOUR_MS },
      { version: '4.2.0', from: deployedAt },
      { version: '4.1.0', from: rolledBackAt },
      { version: '4.2.1', from: mendedAt },
    ],
    broken: { deployedAt, rolledBackAt },
    shadow: { from: mendedAt - 6 * DAY_MS, to: mendedAt },
    servedModelChangedAt: begins + 104 * DAY_MS + 2 * HOUR_MS,
    assistantPrompts: [
      { version: '7', from: begins },
      { version: '8', from: begins + 47 * DAY_MS + 13 * HOUR_MS },
      { version: '9', from: begins + 131 * DAY_MS + 10 * HOUR_MS },
    ],
  }
}

function lastTuesday(day: number): number {
  return day - ((weekdayOf(day) + 6) % 7) * DAY_MS
}

/** The last of the releases that had begun at `at`. */
export function inForceAt<T extends { from: number }>(releases: readonly T[], at: number): T {
  return releases.findLast((release) => release.from <= at) ?? releases[0]!
}

export function isBroken({ broken }: Story, at: number): boolean {
  return broken.deployedAt <= at && at < broken.rolledBackAt
}
