import type { Chance } from './chance.ts'

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

export function startOfDay(at: number): number {
  return Math.floor(at / DAY_MS) * DAY_MS
}

/** 0 is Monday. */
export function weekdayOf(at: number): number {
  return (Math.floor(at / DAY_MS) + 3) % 7
}

export function iso(at: number): string {
  return new Date(at).toISOString()
}

/** How busy a system is: by weekday from Monday, by UTC hour, and by month from January; 1 is an ordinary share. */
export interface Rhythm {
  weekdays: readonly number[]
  hours: readonly number[]
  months: readonly number[]
}

/** Shops, phones and forms: mornings and evenings of working days, a quiet August, a borrowing December. */
export const customers: Rhythm = {
  weekdays: [1.22, 1.18, 1.1, 1.08, 1.02, 0.82, 0.58],
  hours: [2, 1, 1, 1, 2, 5, 12, 28, 48, 60, 62, 56, 50, 48, 46, 44, 46, 52, 58, 56, 42, 26, 12, 5],
  months: [1.12, 0.98, 1.04, 0.98, 1.0, 0.95, 0.88, 0.82, 1.0, 1.04, 1.1, 1.2],
}

/** An office: nearly nobody outside of working hours. */
export const office: Rhythm = {
  weekdays: [1.35, 1.4, 1.35, 1.3, 1.1, 0.28, 0.22],
  hours: [1, 1, 1, 1, 1, 3, 14, 44, 70, 78, 72, 54, 44, 62, 66, 58, 36, 14, 8, 6, 5, 4, 3, 2],
  months: [1.3, 1.15, 1.1, 1.0, 0.95, 0.9, 0.8, 0.75, 1.15, 1.1, 0.95, 0.55],
}

/** The moments of one day at which something arrives, in order; `mean` is the number on an ordinary day. */
export function arrivals(chance: Chance, day: number, mean: number, rhythm: Rhythm): number[] {
  const month = new Date(day).getUTCMonth()
  const expected = mean * rhythm.weekdays[weekdayOf(day)]! * rhythm.months[month]! * chance.around(1, 0.08)
  const count = Math.floor(expected + chance.next())
  const moments = Array.from({ length: count }, () => day + momentOf(chance, rhythm.hours))
  return moments.sort((a, b) => a - b)
}

function momentOf(chance: Chance, hours: readonly number[]): number {
  let rest = chance.next() * hours.reduce((sum, share) => sum + share, 0)
  const hour = hours.findIndex((share) => (rest -= share) < 0)
  return Math.floor((Math.max(hour, 0) + chance.next()) * HOUR_MS)
}

/** The next moment at or after `at` when somebody is at their desk: working days, 7 to 16 h UTC. */
export function atWork(at: number): number {
  const day = startOfDay(at)
  const opens = day + 7 * HOUR_MS
  if (weekdayOf(day) < 5 && at < day + 16 * HOUR_MS) return Math.max(at, opens)
  return atWork(day + DAY_MS)
}
