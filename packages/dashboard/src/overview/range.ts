/** How far back the overview looks; kept in the address as `range`. */
const DAY_MS = 86_400_000

export const RANGES = [
  { id: '7d', label: '7 days', days: 7 },
  { id: '30d', label: '30 days', days: 30 },
  { id: '90d', label: '90 days', days: 90 },
  { id: 'all', label: 'All', days: undefined },
] as const

export type Range = (typeof RANGES)[number]

/** The range an address asks for; 30 days when it asks for none. */
export function rangeOf(id: string | undefined): Range {
  return RANGES.find((range) => range.id === id) ?? RANGES[1]
}

/** The first day of a range, today being its last; undefined when it has no beginning. */
export function firstDay({ days }: Range, now: number): string | undefined {
  return days === undefined ? undefined : dayOf(now - (days - 1) * DAY_MS)
}

/** `YYYY-MM-DD` in UTC. */
export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}

/** Every day from the first to the last one, both included. */
export function daysBetween(first: string, last: string): string[] {
  const days: string[] = []
  for (let time = Date.parse(first); time <= Date.parse(last); time += DAY_MS) days.push(dayOf(time))
  return days
}

/** The day a number of days earlier. */
export function daysBefore(day: string, days: number): string {
  return dayOf(Date.parse(day) - days * DAY_MS)
}

/** The day after. */
export function nextDay(day: string): string {
  return dayOf(Date.parse(day) + DAY_MS)
}
