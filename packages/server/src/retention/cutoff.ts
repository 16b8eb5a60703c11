/** Up to which day the content of a system has had its time: what a plan counts, before anything is touched. */
import { dueOf } from './due.ts'
import type { RetentionSettings } from './settings.ts'

const DAY_MS = 86_400_000
/** No record is older: the year 1. */
const FIRST_DAY = Math.floor(new Date(0).setUTCFullYear(1, 0, 1) / DAY_MS)

/**
 * The first day, as the Unix milliseconds of its beginning, of which not everything is due at `now`: all content from before it is. Undefined
 * when nothing is due. Whole days, because a month later at noon may come before a month later at ten of the day before.
 */
export function cutoffOf(settings: RetentionSettings, system: string, now: number): number | undefined {
  const isDue = (day: number): boolean => {
    const due = dueOf(settings, system, (day + 1) * DAY_MS - 1)
    return due.state === 'until' && due.at <= now
  }
  if (!isDue(FIRST_DAY)) return undefined
  let [due, open] = [FIRST_DAY, Math.floor(now / DAY_MS) + 1]
  while (open - due > 1) {
    const middle = Math.floor((due + open) / 2)
    if (isDue(middle)) due = middle
    else open = middle
  }
  return open * DAY_MS
}
