// A batch: the rows of consecutive entries, cut so that no insert crosses a block boundary or a month.

import type { FieldCatalogue, FeaturePlace } from './fields.ts'
import { type Additions, noAdditions } from './fields.ts'
import { type Cell, type EntryRows, type Feature, rejectedRows, RowRejected, rowsOf } from './rows.ts'
import {
  ACCESSES,
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
import type { FieldRules, SourceEntry } from './source.ts'

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

/** Entries read at a time, and rows made between two breaths: about a millisecond of work. */
export const STRIDE = 64

/** How a batch is prepared. */
export interface Preparation {
  readonly catalogue: FieldCatalogue
  /** Entries whose content the engine has refused before, and why. */
  readonly refused: ReadonlyMap<number, string>
  readonly rules: FieldRules
  /** Lets others have the thread, when it was held long enough: it is the one that answers requests. */
  readonly breathe: () => Promise<void>
}

/** Puts entries, which come in pieces and in order, into rows. No piece is held longer than it takes to make its rows. */
export async function prepareBatch(
  from: number,
  pieces: AsyncIterable<readonly SourceEntry[]>,
  preparation: Preparation,
): Promise<Batch> {
  const { catalogue } = preparation
  const rejections: Rejection[] = []
  const additions = noAdditions()
  const rows: EntryRows[] = []
  for await (const sources of pieces) {
    for (const source of sources) {
      const row = rowsOrRejection(source, preparation, rejections)
      catalogue.note(row.index, row.system, row.features, additions)
      rows.push(row)
    }
    await preparation.breathe()
  }
  const inserts = await insertsOf(rows, additions, preparation)
  return { from, to: from + rows.length, inserts, additions, rejections }
}

async function mapBreathing<T, U>(
  items: readonly T[],
  { breathe }: Preparation,
  work: (item: T) => U,
): Promise<U[]> {
  const results: U[] = []
  for (const item of items) {
    results.push(work(item))
    if (results.length % STRIDE === 0) await breathe()
  }
  return results
}

function rowsOrRejection(
  source: SourceEntry,
  { refused, rules }: Preparation,
  rejections: Rejection[],
): EntryRows {
  const code = refused.get(source.index)
  if (code !== undefined) return reject(source, code, rejections)
  try {
    return rowsOf(source, rules)
  } catch (error) {
    if (!(error instanceof RowRejected)) throw error
    return reject(source, error.code, rejections)
  }
}

function reject(source: SourceEntry, code: string, rejections: Rejection[]): EntryRows {
  rejections.push({ index: source.index, code })
  return rejectedRows(source, code)
}

type CellsOf = (row: EntryRows) => readonly Cell[] | undefined

async function insertsOf(
  rows: readonly EntryRows[],
  additions: Additions,
  preparation: Preparation,
): Promise<Insert[]> {
  const inserts = valueInserts(additions)
  for (const group of byPartition(rows, ({ decision }) => decision))
    inserts.push(await decisionInsert(group, preparation))
  const others: [TableShape, CellsOf][] = [
    [OUTCOMES, ({ outcome }) => outcome],
    [REVIEWS, ({ review }) => review],
    [RECORDS, ({ record }) => record],
    [ACCESSES, ({ access }) => access],
  ]
  for (const [table, cells] of others) {
    for (const group of byPartition(rows, cells))
      inserts.push(await plainInsert(table, group, cells, preparation))
  }
  return [...inserts, await plainInsert(ENTRIES, rows, ({ entry }) => entry, preparation)]
}

async function plainInsert(
  table: TableShape,
  rows: readonly EntryRows[],
  cells: CellsOf,
  preparation: Preparation,
): Promise<Insert> {
  return {
    table,
    columns: table.columns.map(({ name }) => name),
    lines: await mapBreathing(rows, preparation, (row) => JSON.stringify(cells(row))),
    indexes: rows.map(({ index }) => index),
  }
}

/** Rows that have cells of this kind, month by month. */
function byPartition(rows: readonly EntryRows[], cells: CellsOf): EntryRows[][] {
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
async function decisionInsert(group: readonly EntryRows[], preparation: Preparation): Promise<Insert> {
  const columns = new SlotColumns()
  const filled = await mapBreathing(group, preparation, ({ system, features }) =>
    fill(preparation.catalogue.queryable(system, features), columns),
  )
  const rows = group.map(({ decision }, i) => ({ decision, filled: filled[i]! }))
  const lines = await mapBreathing(rows, preparation, ({ decision = [], filled: { more, cells } }) => {
    const features = columns.emptyRow()
    for (const { column, text } of cells) features[column] = text
    return JSON.stringify([...decision, more, ...features])
  })
  return {
    table: DECISIONS,
    columns: [...DECISIONS.columns.map(({ name }) => name), ...columns.names()],
    lines,
    indexes: group.map(({ index }) => index),
  }
}

/** The feature columns of one insert, numbered as they come up. */
class SlotColumns {
  readonly #columns = new Map<number, number>()

  of(slot: number): number {
    const known = this.#columns.get(slot)
    if (known !== undefined) return known
    const column = this.#columns.size
    this.#columns.set(slot, column)
    return column
  }

  emptyRow(): string[] {
    return Array.from({ length: this.#columns.size }, () => '')
  }

  names(): string[] {
    return [...this.#columns.keys()].map((slot) => slotColumn(slot).name)
  }
}

interface FilledFeatures {
  readonly cells: readonly { readonly column: number; readonly text: string }[]
  /** What has no column of its own. */
  readonly more: Readonly<Record<string, string>>
}

function fill(
  features: readonly { place: FeaturePlace; feature: Feature }[],
  columns: SlotColumns,
): FilledFeatures {
  const cells: { column: number; text: string }[] = []
  const more: Record<string, string> = {}
  for (const { place, feature } of features) {
    if (place !== 'map') cells.push({ column: columns.of(place), text: feature.text })
    // Assignment would take the name __proto__ for the prototype.
    else Object.defineProperty(more, feature.name, { value: feature.text, enumerable: true })
  }
  return { cells, more }
}
