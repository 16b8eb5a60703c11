/** Periods of time in the notation of ISO 8601, counted by the calendar: `P6M` is no number of days. */
import { addMonths } from './months.ts'

const DAY_MS = 86_400_000
const DAYS_A_WEEK = 7
const MONTHS_A_YEAR = 12
/** The calendar repeats itself after 400 years. */
const CYCLE_YEARS = 400
const CYCLE_FROM = Date.UTC(2000, 0)
/** The longest period that is understood: a thousand years. */
const YEARS_MAX = 1_000
const DAYS_MAX = 366_000

/** Calendar months, then days. */
export interface Period {
  readonly months: number
  readonly days: number
}

const PATTERN = /^P(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?$/

/** The period of a text such as `P7Y`, `P25M`, `P1Y6M`, `P2W` or `P3650D`; undefined for anything else, for nothing, and beyond a thousand years. */
export function parsePeriod(text: string): Period | undefined {
  const match = PATTERN.exec(text)
  if (!match) return undefined
  const [years, months, weeks, days] = match.slice(1).map((digits) => Number(digits ?? 0)) as [
    number,
    number,
    number,
    number,
  ]
  const period = { months: years * MONTHS_A_YEAR + months, days: weeks * DAYS_A_WEEK + days }
  const isNothing = period.months === 0 && period.days === 0
  const isTooLong = period.months > YEARS_MAX * MONTHS_A_YEAR || period.days > DAYS_MAX
  return isNothing || isTooLong ? undefined : period
}

/** When a period ends that begins at `ms` (Unix milliseconds): months as the law counts them, then days of 24 hours. */
export function addPeriod(ms: number, { months, days }: Period): number {
  return addMonths(ms, months) + days * DAY_MS
}

/** The fewest and the most days a period comes to, over every day on which it may begin. */
export function daysOf(period: Period): { fewest: number; most: number } {
  if (period.months === 0) return { fewest: period.days, most: period.days }
  let fewest = Number.POSITIVE_INFINITY
  let most = 0
  for (let month = 0; month < CYCLE_YEARS * MONTHS_A_YEAR; month += 1) {
    const first = addMonths(CYCLE_FROM, month)
    const last = addMonths(first, 1) - DAY_MS
    for (const start of [first, last]) {
      const days = Math.round((addPeriod(start, period) - start) / DAY_MS)
      fewest = Math.min(fewest, days)
      most = Math.max(most, days)
    }
  }
  return { fewest, most }
}
