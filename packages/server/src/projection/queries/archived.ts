/** Months that are archived: questions leave them out, and say so. */
import { isoTime } from '@deponent/format'
import { reachesEverything, type Restriction } from '../restriction.ts'
import type { ArchivedMonth, ArchivedSpan } from './archived-span.ts'
import type { Ground } from './ground.ts'
import { readTime } from './parameters.ts'

/** The member of an answer that says what of the time it was asked about is archived; none when nothing is. */
export function archivedMember(
  ground: Ground,
  restriction: Restriction,
  parameters: ReadonlyMap<string, string> = new Map(),
): { readonly archived?: readonly ArchivedSpan[] } {
  const [from, to] = ['from', 'to'].map((name) => {
    const text = parameters.get(name)
    return text === undefined ? undefined : readTime(name, text)
  })
  const touched = ground
    .archived()
    .filter((month) => (from === undefined || month.to > from) && (to === undefined || month.from < to))
  if (touched.length === 0) return {}
  const showsCounts = reachesEverything(restriction) && restriction.smallCells === undefined
  return {
    archived: spansOf(touched).map((span) => ({
      from: isoTime(span.from),
      to: isoTime(span.to),
      ...(showsCounts && { decisions: span.decisions }),
    })),
  }
}

/** Months that follow each other, as one span each. */
function spansOf(months: readonly ArchivedMonth[]): ArchivedMonth[] {
  const spans: ArchivedMonth[] = []
  for (const month of months.toSorted((a, b) => a.from - b.from)) {
    const last = spans.at(-1)
    if (last?.to !== month.from) spans.push(month)
    else spans[spans.length - 1] = { ...last, to: month.to, decisions: last.decisions + month.decisions }
  }
  return spans
}
