/** A row of a drill as the table on the terminal and the one in `docs/threat-model.md` show it. */
import type { Row } from './drill.ts'
import { KNOWLEDGE } from './knowledge.ts'

/** Cells by the heading of their column. */
export function cellsOf(row: Row): Record<string, string> {
  const marks = KNOWLEDGE.map(({ name, heading }) => [heading, row.outcomes?.[name]?.mark ?? ''])
  return {
    attack: row.attack,
    'with the': row.needs,
    ...Object.fromEntries(marks),
    'found as': row.foundAs.join(', '),
    'not detectable without':
      row.skipped === undefined ? row.notDetectableWithout : `not tried: ${row.skipped}`,
  }
}
