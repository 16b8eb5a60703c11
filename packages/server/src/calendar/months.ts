/**
 * Months as the law counts them: Regulation (EEC, Euratom) No 1182/71, Art. 3(2)(c). A period in months ends on the day with the same
 * number as the day it began on; where the last month has no such day, on its last. Days are those of UTC, and the time of day stays, so
 * that a period never ends later than the last hour of that day there. Art. 3(4), by which a period that ends on a weekend or a holiday
 * goes on to the next working day, is left out: it would need the holidays of a place, and leaving it out errs towards too early.
 */
const DAY_MS = 86_400_000
const YEAR_MONTHS = 12

/** `ms` (Unix milliseconds) and `months` calendar months more, 0 or more. */
export function addMonths(ms: number, months: number): number {
  const from = new Date(ms)
  const timeOfDay = ((ms % DAY_MS) + DAY_MS) % DAY_MS
  const month = from.getUTCFullYear() * YEAR_MONTHS + from.getUTCMonth() + months
  const [year, inYear] = [Math.floor(month / YEAR_MONTHS), month % YEAR_MONTHS]
  const day = Math.min(from.getUTCDate(), daysIn(year, inYear))
  return dayAt(year, inYear, day) + timeOfDay
}

/** Days of a month, counted from 0. */
function daysIn(year: number, month: number): number {
  return new Date(dayAt(year, month + 1, 0)).getUTCDate()
}

/** The beginning of a day, also of one in the first century, whose years `Date.UTC` takes for those of the twentieth. */
function dayAt(year: number, month: number, day: number): number {
  return new Date(0).setUTCFullYear(year, month, day)
}
