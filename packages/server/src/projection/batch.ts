// A batch: the rows of consecutive entries, cut so that no insert crosses a block boundary or a month.

import type { FieldCatalogue, FeaturePlace } from './fields.ts'
import { type Additions, noAdditions } from './fields.ts'
import { type Cell, type EntryRows, rejectedRows, RowRejected, rowsOf } from './rows.ts'
import {
  DECISIONS,
  ENTRIES,
  FEATURE_VALUES,
  OUTCOMES,
  partitionOf,
  RECORDS,
  REVIEWS,
  slotColumn,
  type TableShape,
} from './schema.ts'
import type { SourceEntry } from './source.ts'

/** Entries a block holds; block k is [k·BLOCK_ENTRIES, (k+1)·BLOCK_ENTRIES). Counts are compared block by block. */
export const BLOCK_ENTRIES = 65_536
/** Entries a batch holds at most: enough to keep inserts cheap, little enough to keep in memory. */
export const BATCH_ENTRIES_MAX = 4_096

/** Where the batch that starts at `from` ends, with entries up to `size` to be had. */
export function batchEnd(from: number, size: number): number {
  const boundary = (Math.floor(from / BLOCK_ENTRIES) + 1) * BLOCK_ENTRIES
  return Math.min(size, boundary, from + BATCH_ENTRIES_MAX)
}

/** One insert: rows of one table and one partition. */
export interface Insert {
  readonly table: TableShape
  readonly columns: readonly string[]
  /** One row a line, in the order of `columns`. */
  readonly lines: readonly string[]
  /** The entry of each line. */
  readonly indexes: readonly number[]
}

/** A record the index could not take. */
export interface Rejection {
  readonly index: number
  readonly code: string
}

export interface Batch {
  readonly from: number
  readonly to: number
  /** In the order they must be written: `entries` last. */
  readonly inserts: readonly Insert[]
  readonly additions: Additions
  readonly rejections: readonly Rejection[]
}

/** Puts entries into rows. `refused` names entries whose content the engine has refused before. */
export function prepareBatch(
  from: number,
  sources: readonly SourceEntry[],
  catalogue: FieldCatalogue,
  refused: ReadonlyMap<number, string> = new Map(),
): Batch {
  const rejections: Rejection[] = []
  const rows = sources.map((source) => {
    const code = refused.get(source.index)
    if (code !== undefined) return reject(source, code, rejections)
    try {
      return rowsOf(source)
    } catch (error) {
      if (!(error instanceof RowRejected)) throw error
      return reject(source, error.code, rejections)
    }
  })
  const additions = noAdditions()
  for (const { index, system, features } of rows) catalogue.note(index, system, features, additions)
  return { from, to: from + sources.length, inserts: insertsOf(rows, additions, catalogue), additions, rejections }
}

function reject(source: SourceEntry, code: string, rejections: Rejection[]): EntryRows {
  rejections.push({ index: source.index, code })
  return rejectedRows(source, code)
}

function insertsOf(rows: readonly EntryRows[], additions: Additions, catalogue: FieldCatalogue): Insert[] {
  const plain = (table: TableShape, cells: (row: EntryRows) => readonly Cell[] | undefined) =>
    byPartition(rows, cells).map((group) => ({
      table,
      columns: table.columns.map(({ name }) => name),
      lines: group.map((row) => JSON.stringify(cells(row))),
      indexes: group.map(({ index }) => index),
    }))
  return [
    ...valueInserts(additions),
    ...byPartition(rows, ({ decision }) => decision).map((group) => decisionInsert(group, catalogue)),
    ...plain(OUTCOMES, ({ outcome }) => outcome),
    ...plain(REVIEWS, ({ review }) => review),
    ...plain(RECORDS, ({ record }) => record),
    {
      table: ENTRIES,
      columns: ENTRIES.columns.map(({ name }) => name),
      lines: rows.map(({ entry }) => JSON.stringify(entry)),
      indexes: rows.map(({ index }) => index),
    },
  ]
}

/** Rows that have cells of this kind, month by month. */
function byPartition(
  rows: readonly EntryRows[],
  cells: (row: EntryRows) => readonly Cell[] | undefined,
): EntryRows[][] {
  const groups = new Map<number, EntryRows[]>()
  for (const row of rows) {
    if (!cells(row)) continue
    const partition = partitionOf(row.at)
    const group = groups.get(partition)
    if (group) group.push(row)
    else groups.set(partition, [row])
  }
  return [...groups.values()]
}

function valueInserts({ values }: Additions): Insert[] {
  if (values.length === 0) return []
  return [
    {
      table: FEATURE_VALUES,
      columns: FEATURE_VALUES.columns.map(({ name }) => name),
      lines: values.map(({ index, system, name, digest }) => JSON.stringify([index, system, name, digest])),
      indexes: values.map(({ index }) => index),
    },
  ]
}

/** Decisions bring along only the feature columns that some row of the insert fills. */
function decisionInsert(group: readonly EntryRows[], catalogue: FieldCatalogue): Insert {
  const columnOf = new Map<number, number>()
  const filled = group.map(({ system, features }) => {
    const cells: { column: FeaturePlace; text: string }[] = []
    const more: Record<string, string> = {}
    for (const { place, feature } of catalogue.queryable(system, features)) {
      if (place === 'map') Object.defineProperty(more, feature.name, { value: feature.text, enumerable: true })
      else {
        if (!columnOf.has(place)) columnOf.set(place, columnOf.size)
        cells.push({ column: columnOf.get(place)!, text: feature.text })
      }
    }
    return { cells, more }
  })
  const lines = group.map(({ decision }, i) => {
    const features: string[] = new Array<string>(columnOf.size).fill('')
    for (const { column, text } of filled[i]!.cells) features[Number(column)] = text
    return JSON.stringify([...decision!, filled[i]!.more, ...features])
  })
  const slots = [...columnOf.keys()].map((slot) => slotColumn(slot).name)
  return {
    table: DECISIONS,
    columns: [...DECISIONS.columns.map(({ name }) => name), ...slots],
    lines,
    indexes: group.map(({ index }) => index),
  }
}
