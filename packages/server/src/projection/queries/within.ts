// A restriction as conditions over the tables.

import type { Box, Restriction } from '../restriction.ts'
import {
  ARCHIVED_LINKS,
  DECISIONS,
  ENTRIES,
  type Names,
  OUTCOMES,
  readable,
  RECORDS,
  REVIEWS,
} from '../schema.ts'

/** Puts a value into a statement: as a substitution, or spelled out where the engine takes none. */
export interface Values {
  add(type: string, value: unknown): string
}

export interface Within {
  readonly names: Names
  readonly restriction: Restriction
  readonly values: Values
}

/** Every condition of a WHERE clause; true when there is none. */
export function allOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? '1' : conditions.join(' AND ')
}

/**
 * The condition over rows of `decisions` about any of these people. Tables pass over granules by its first half, files over groups of rows
 * by its second, because no filter in Parquet is asked about the members of a list.
 */
export function aboutAny(of: string, subjects: string): string {
  return `(hasAny(${of}subjects, ${subjects}) AND (${of}subject IN ${subjects} OR ${of}severalSubjects))`
}

/** Conditions over rows of `decisions`; `of` is what stands before a column, such as `d.`. */
export function decisionsWithin(within: Within, of: string): string[] {
  const { restriction, values } = within
  const { except, subjects } = restriction
  const theirs = subjects ? [aboutAny(of, values.add('Array(String)', subjects))] : []
  const others = except ? [`NOT hasAny(${of}subjects, ${values.add('Array(String)', except)})`] : []
  return [...inBoxes(within, of), ...theirs, ...others]
}

/** Conditions over rows of a table of records about decisions: they belong to the person their decision is about. */
export function aboutWithin(within: Within, of: string): string[] {
  const { except, subjects } = within.restriction
  const theirs = subjects ? [`${of}targetIndex IN (${decisionsOf(within, subjects)})`] : []
  const others = except ? [`${of}targetIndex NOT IN (${decisionsOf(within, except)})`] : []
  return [...inBoxes(within, of), ...theirs, ...others]
}

/** Conditions over rows of `entries`. */
export function entriesWithin(within: Within, of: string): string[] {
  const { except, subjects } = within.restriction
  const theirs = subjects ? [`toInt64(${of}index) IN (${entriesOf(within, subjects)})`] : []
  const others = except ? [`toInt64(${of}index) NOT IN (${entriesOf(within, except)})`] : []
  return [...inBoxes(within, of), ...theirs, ...others]
}

/** `FROM` and `WHERE` of the entries within the restriction, as `e`. */
export function entriesFrom(within: Within, size: string): string {
  const where = allOf([`e.index < ${size}`, ...entriesWithin(within, 'e.')])
  return `FROM ${within.names.tables}.${ENTRIES.name} AS e WHERE ${where}`
}

/** Tables of decisions, those of archived months too, each with the condition that a row is about any of these people. */
export function sourcesAbout(names: Names, subjects: string): string[] {
  return [
    `${readable(names, DECISIONS)} WHERE ${aboutAny('', subjects)}`,
    ...archivedLinks(names).map((links) => `${links} WHERE hasAny(subjects, ${subjects})`),
  ]
}

/** Decisions about these people, those of archived months too: what is recorded about one of them may lie in another month. */
function decisionsOf({ names, values }: Within, subjects: readonly string[]): string {
  const theirs = values.add('Array(String)', subjects)
  return sourcesAbout(names, theirs)
    .map((source) => `SELECT toInt64(index) AS index FROM ${source}`)
    .join(' UNION ALL ')
}

/** Decisions about these people, and everything recorded about those. */
function entriesOf(within: Within, subjects: readonly string[]): string {
  const { names } = within
  const about = [
    ...[OUTCOMES, REVIEWS, RECORDS].map((table) => readable(names, table)),
    ...archivedLinks(names),
  ].map(
    (source) =>
      `SELECT toInt64(index) AS index FROM ${source} WHERE targetIndex IN (${decisionsOf(within, subjects)})`,
  )
  return [decisionsOf(within, subjects), ...about].join(' UNION ALL ')
}

/** What is kept of records whose month is archived: the table of links, where there is one. */
export function archivedLinks(names: Names): string[] {
  return names.isTiered === true ? [`${names.tables}.${ARCHIVED_LINKS.name}`] : []
}

/** Conditions over rows of any table with the system and the time of a record, whomever they are about. */
export function inBoxes({ restriction, values }: Within, of: string): string[] {
  const { boxes } = restriction
  if (!boxes) return []
  if (boxes.length === 0) return ['0']
  return [`(${boxes.map((box) => boxCondition(box, values, of)).join(' OR ')})`]
}

function boxCondition({ systems, from, to }: Box, values: Values, of: string): string {
  const moment = (ms: number): string => `fromUnixTimestamp64Milli(${values.add('Int64', ms)}, 'UTC')`
  return `(${allOf([
    ...(systems ? [`${of}system IN ${values.add('Array(String)', systems)}`] : []),
    ...(from === undefined ? [] : [`${of}at >= ${moment(from)}`]),
    ...(to === undefined ? [] : [`${of}at < ${moment(to)}`]),
  ])})`
}
