/** Months that are archived: questions leave them out, and say so. */
import { isoTime } from '@deponent/format'
import { reachesEverything, type Restriction } from '../restriction.ts'
import { readTime } from './parameters.ts'

/** Time, by the records' own (`at`), that an answer leaves out because it is archived. */
export interface ArchivedSpan {
  readonly from: string
  /** Past its end. */
  readonly to: string
  /** Decisions of that time; absent where the caller may not see all of them. */
  readonly decisions?: number
}

export interface ArchivedMonth {
  /** [from, to), Unix milliseconds. */
  readonly from: number
  readonly to: number
  readonly decisions: number
}

/** The member of an answer that says what of the time it was asked about is archived; none when nothing is. */
export function archivedMember(
  ground: { archived(): readonly ArchivedMonth[] },
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
