/** Looks, day by day and by what they were, for the picture above the list. */
import { kindOf, LOOK_KINDS } from './look.ts'
import type { Look, LookKind } from './look.ts'

export interface LookDay {
  /** 2026-11-21, UTC. */
  readonly day: string
  readonly counts: Readonly<Record<Exclude<LookKind, 'gap'>, number>>
  readonly total: number
}

const DAY_MS = 86_400_000
/** More days than this leave no room for a bar. */
const DAYS_MAX = 120

/** Every day from the first look to the last; a record of repeats counts as often as it says. */
export function looksPerDay(looks: readonly Look[]): readonly LookDay[] {
  const byDay = Map.groupBy(
    looks.filter((look) => kindOf(look) !== 'gap'),
    ({ at }) => at.slice(0, 10),
  )
  const days = [...byDay.keys()].toSorted()
  const [first] = days
  const last = days.at(-1)
  if (first === undefined || last === undefined) return []
  return daysFrom(first, last).map((day) => dayOf(day, byDay.get(day) ?? []))
}

function daysFrom(first: string, last: string): string[] {
  const end = Date.parse(last)
  const begin = Math.max(Date.parse(first), end - (DAYS_MAX - 1) * DAY_MS)
  const length = Math.round((end - begin) / DAY_MS) + 1
  return Array.from({ length }, (_, n) => new Date(begin + n * DAY_MS).toISOString().slice(0, 10))
}

function dayOf(day: string, looks: readonly Look[]): LookDay {
  const counts = { read: 0, revealed: 0, exported: 0, denied: 0 }
  for (const look of looks) {
    const kind = kindOf(look)
    if (kind !== 'gap') counts[kind] += look.repeats ?? 1
  }
  return {
    day,
    counts,
    total: LOOK_KINDS.reduce((sum, kind) => sum + (kind === 'gap' ? 0 : counts[kind]), 0),
  }
}
