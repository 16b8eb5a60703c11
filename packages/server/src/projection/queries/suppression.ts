// What an answer says of the groups it does not show: how many, and nothing else.

import type { Restriction } from '../restriction.ts'
import { QueryError } from './error.ts'
import { type CountedGroup, hiddenGroups } from './small-cells.ts'

export interface Suppressed {
  /** How many groups are not shown; 1 when the whole answer is not. */
  readonly groups: number
  /** Fewer decisions than this are never shown as a group. */
  readonly below: number
}

/** A member every answer about groups may have. */
export interface MaybeSuppressed {
  readonly suppressed?: Suppressed
}

/** Dimensions a table may have when small groups are not shown: with more, few groups would be left. */
export const DIMENSIONS_MAX = 3

/** The rows that may be shown, and the member of the answer about the others. */
export interface Shown<Row> extends MaybeSuppressed {
  readonly rows: readonly Row[]
  /** The whole answer speaks of fewer decisions than may be shown, or of none: not even their sum may be. */
  readonly nothing: boolean
}

/** Leaves out the rows of small groups and of those that would give them away. */
export function showLarge<Row>(
  rows: readonly Row[],
  { smallCells }: Restriction,
  groupOf: (row: Row) => CountedGroup,
): Shown<Row> {
  if (smallCells === undefined) return { rows, nothing: false }
  const groups = rows.map(groupOf)
  const total = groups.reduce((sum, { count }) => sum + count, 0)
  // Nobody is told whether it is few or none.
  if (total < smallCells) return { rows: [], nothing: true, suppressed: { groups: 1, below: smallCells } }
  const hidden = hiddenGroups(groups, smallCells)
  if (hidden.size === 0) return { rows, nothing: false }
  return {
    rows: rows.filter((_, i) => !hidden.has(i)),
    nothing: false,
    suppressed: { groups: hidden.size, below: smallCells },
  }
}

/** A part of a group of decisions, such as those that were reviewed. */
export interface Part {
  readonly key: readonly string[]
  /** Decisions of the group, by a property each has one value of. */
  readonly counts: readonly number[]
}

/**
 * For each group, of all there are, whether the counts of its parts may be shown: that would be a table with one more dimension, whose small
 * groups may not be shown either.
 */
export function partsShown(parts: readonly Part[], { smallCells }: Restriction): boolean[] {
  if (smallCells === undefined) return parts.map(() => true)
  const cells = parts.flatMap(({ key, counts }, group) =>
    counts.flatMap((count, value) => (count === 0 ? [] : [{ group, key: [...key, `${value}`], count }])),
  )
  const hidden = hiddenGroups(cells, smallCells)
  const shut = new Set([...hidden].map((i) => cells[i]!.group))
  return parts.map((_, group) => !shut.has(group))
}

/** For answers that show single decisions. @throws QueryError 'individual_value' when only groups may be shown */
export function refuseIndividual({ smallCells }: Restriction, field: string): void {
  if (smallCells !== undefined)
    throw new QueryError('individual_value', field, 'values of groups only', 'a value of one decision')
}
