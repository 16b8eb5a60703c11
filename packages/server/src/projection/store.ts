// The write side of the index: its tables as they are on the engine.
//
// Invariants.
// 1. Rows of entries at or past the position may or may not be there; `rewindTo` makes sure they are not.
// 2. `entries` is written last of a batch: an entry counted there has all its other rows.

import type { Clock } from '../platform/clock.ts'
import type { Batch, Insert, Rejection } from './batch.ts'
import { type BlockCount, countBlocks } from './block-counts.ts'
import { type IndexClient, StatementRefused } from './engine/client.ts'
import { IndexErasing, removeReplacedParts } from './erasing.ts'
import { MUTATION } from './mutation.ts'
import { RowChanges } from './row-changes.ts'
import type { Tiers } from './tiers/tiers.ts'
import { FieldCatalogue, type FeaturePlace, type FieldSlot, type ValueRow } from './fields.ts'
import {
  addSlotsStatement,
  ALL_TABLES,
  CONTENT_TABLES,
  createStatements,
  DECISIONS,
  dropStatements,
  ENTRIES,
  FEATURE_VALUES,
  featureOfComment,
  type Names,
  SCHEMA_VERSION,
  slotColumn,
  slotOfColumn,
  type TableShape,
} from './schema.ts'
import type { NarrowedViews } from './narrowed-views.ts'
import { removeSealed } from './sealed-columns.ts'
import type { FieldRules, SealedField } from './source.ts'
import { viewStatements } from './views.ts'

/** Codes of ClickHouse that speak of the rows themselves: trying the same rows again cannot help. */
const ROW_CODES = new Set([
  6, // CANNOT_PARSE_TEXT
  26, // CANNOT_PARSE_QUOTED_STRING
  27, // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  33, // CANNOT_READ_ALL_DATA
  38, // CANNOT_PARSE_DATE
  41, // CANNOT_PARSE_DATETIME
  53, // TYPE_MISMATCH
  69, // ARGUMENT_OUT_OF_BOUND
  70, // CANNOT_CONVERT_TYPE
  72, // CANNOT_PARSE_NUMBER
  117, // INCORRECT_DATA
  131, // TOO_LARGE_STRING_SIZE
  349, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
  376, // CANNOT_PARSE_UUID
  407, // DECIMAL_OVERFLOW
  467, // CANNOT_PARSE_BOOL
])

/** The engine took the batch but for these entries: prepare it again without their content. */
export class RowsRefused extends Error {
  readonly refused: ReadonlyMap<number, string>

  constructor(refused: ReadonlyMap<number, string>) {
    super('the index refused rows')
    this.refused = refused
  }
}

export class IndexStore {
  readonly #client: IndexClient
  readonly #names: Names
  readonly #narrowed: NarrowedViews
  readonly #tiers: Tiers | undefined
  readonly #changes: RowChanges
  readonly #erasing: IndexErasing

  /** `tiers`: where rows of months that are over lie, when they leave the tables. */
  constructor(client: IndexClient, names: Names, narrowed: NarrowedViews, clock: Clock, tiers?: Tiers) {
    this.#client = client
    this.#names = names
    this.#narrowed = narrowed
    this.#tiers = tiers
    this.#changes = new RowChanges(client, names, tiers)
    this.#erasing = new IndexErasing(client, names, this.#changes, clock)
  }

  /**
   * The index that is there, by its identity; undefined when there is none of this schema, so that one must be made (`clear`) and
   * filled from the start.
   */
  async open(): Promise<string | undefined> {
    await this.#narrowed.forget()
    const meta = await this.#meta()
    if (meta?.version !== SCHEMA_VERSION) return undefined
    await this.#tiers?.open(meta.id)
    return meta.id
  }

  /** Drops everything and creates it empty; gives the identity of the new index. */
  async clear(): Promise<string> {
    await this.#narrowed.forget()
    for (const statement of [...dropStatements(this.#names), ...createStatements(this.#names)]) {
      await this.#client.command(statement)
    }
    // Last: an index whose creation was cut short has no version and is created again.
    await this.#client.command(
      `INSERT INTO ${this.#table('meta')} SELECT ${SCHEMA_VERSION}, generateUUIDv4()`,
    )
    const meta = await this.#meta()
    if (!meta) throw new Error('the index lost its identity')
    await this.#tiers?.open(meta.id, true)
    return meta.id
  }

  async catalogue(sealed: readonly SealedField[]): Promise<FieldCatalogue> {
    const columns = await this.#client.select<{ name: string; comment: string }>(
      'SELECT name, comment FROM system.columns WHERE database = {p0:String} AND table = {p1:String}',
      { params: { p0: this.#names.tables, p1: DECISIONS.name } },
    )
    const values = await this.#client.select<{ index: string; system: string; name: string; digest: string }>(
      `SELECT index, system, name, digest FROM ${this.#table(FEATURE_VALUES.name)}`,
    )
    return new FieldCatalogue(
      sealed,
      columns.flatMap(slotsOf),
      values.map((row): ValueRow => ({ ...row, index: Number(row.index), digest: Number(row.digest) })),
    )
  }

  /** Makes the views name the features that have a column. */
  async describe(catalogue: FieldCatalogue): Promise<void> {
    await this.#tiers?.define()
    for (const statement of viewStatements(this.#names, catalogue.named()))
      await this.#client.command(statement)
  }

  /**
   * Removes every row of an entry in [from, to) before it resolves. What is known of features stays: other entries have
   * the same.
   */
  async removeEntries(from: number, to: number): Promise<void> {
    const where = `index >= ${from} AND index < ${to}`
    const reach = { least: from, greatest: to - 1 }
    await this.#changes.apply(CONTENT_TABLES.map((table) => ({ table, where, ...reach })))
    await this.#remove(ENTRIES, from, to)
  }

  /** Rows below the position were written or removed: what somebody made of them meanwhile is worth nothing. */
  noteChange(): void {
    this.#tiers?.noteChange()
  }

  /** Removes everything that came from entries at or past `position`, as if they had never been read. */
  async rewindTo(position: number): Promise<void> {
    this.noteChange()
    await this.#tiers?.define()
    // Files hold no such rows: a month is moved as far as the position goes.
    for (const table of ALL_TABLES) await this.#remove(table, position, Number.MAX_SAFE_INTEGER)
  }

  /**
   * Removes all that is known of these entries but that there are such, as if their payloads had never been read. @throws PartsRemain
   * when the disk still has some of it; then, as after any failure, it is to be called again.
   */
  async erase(indices: readonly number[], catalogue: FieldCatalogue): Promise<void> {
    await this.#erasing.removeRows(indices, catalogue)
    await this.#erasing.removeParts()
    // Views for some readers only name whom they are about, and features of whoever went.
    await this.#narrowed.forget()
  }

  /** Removes that there are these entries, once all else of them was erased. Crash behind it: their blocks are found to be short, and written again. */
  forgetEntries(indices: readonly number[]): Promise<void> {
    return this.#erasing.removeEntries(indices)
  }

  /** Has the engine delete the parts that merges and mutations have replaced; by itself it does so only while it is busy. */
  removeReplacedParts(): Promise<void> {
    return removeReplacedParts(this.#client, this.#names)
  }

  async #remove(table: TableShape, from: number, to: number): Promise<void> {
    const where = 'index >= {p0:UInt64} AND index < {p1:UInt64}'
    const params = { p0: from, p1: to }
    if ((await this.#count(table, where, params)) === 0) return
    await this.#client.command(`ALTER TABLE ${this.#table(table.name)} DELETE WHERE ${where}`, {
      params,
      settings: MUTATION,
    })
  }

  /** Writes a batch. @throws RowsRefused · StatementRefused · AnswerLost; then parts of it may be there. */
  async write(batch: Batch): Promise<void> {
    const { slots } = batch.additions
    if (slots.length > 0) {
      await this.#client.command(addSlotsStatement(this.#names, slots))
      await this.#tiers?.define()
    }
    const last = batch.inserts.findLastIndex(({ table }) => table === ENTRIES)
    await inPairs(batch.inserts.slice(0, last), (insert) => this.#insert(insert))
    await this.#insert(batch.inserts[last]!)
  }

  /** Removes all indexed values of a field; replaced parts leave the disk within seconds (STORAGE in schema.ts). */
  async removeField({ system, field }: SealedField, place: FeaturePlace): Promise<void> {
    const { holds, set } = fieldClauses(place)
    const params = { p0: system, p1: field }
    await this.#changes.apply([
      {
        table: DECISIONS,
        where: `system = {p0:String} AND ${holds}`,
        params,
        set: new Map([set]),
        feature: { system, name: field },
      },
    ])
    const counted = 'system = {p0:String} AND name = {p1:String}'
    if ((await this.#count(FEATURE_VALUES, counted, params)) > 0) {
      const values = this.#table(FEATURE_VALUES.name)
      await this.#client.command(`ALTER TABLE ${values} DELETE WHERE ${counted}`, {
        params,
        settings: MUTATION,
      })
    }
  }

  /** Removes all values that the rules keep out of the index; replaced parts leave the disk within seconds. */
  removeSealed(rules: FieldRules, catalogue: FieldCatalogue): Promise<void> {
    const at = { client: this.#client, names: this.#names, changes: this.#changes }
    return removeSealed(at, rules, catalogue)
  }

  /** Counts the rows of every block that ends at or before `position`'s block. */
  blockCounts(position: number): Promise<BlockCount[]> {
    return countBlocks(this.#client, this.#names, this.#tiers?.blockCounts() ?? new Map(), position)
  }

  /** Entries below `position` whose content was refused, oldest first. */
  async rejections(limit: number): Promise<Rejection[]> {
    const rows = await this.#client.select<{ index: string; rejected: string }>(
      `SELECT index, rejected FROM ${this.#table(ENTRIES.name)} WHERE rejected != '' ORDER BY index LIMIT {p0:UInt32}`,
      { params: { p0: limit } },
    )
    return rows.map(({ index, rejected }) => ({ index: Number(index), code: rejected }))
  }

  async #meta(): Promise<{ version: number; id: string } | undefined> {
    try {
      // All columns, whichever an older schema had: one that lacks `id` is of another version.
      const [row] = await this.#client.select<{ version: number; id: string }>(
        `SELECT * FROM ${this.#table('meta')} LIMIT 1`,
      )
      return row
    } catch (error) {
      // 60 UNKNOWN_TABLE, 81 UNKNOWN_DATABASE: there is no index yet.
      if (error instanceof StatementRefused && (error.code === 60 || error.code === 81)) return undefined
      throw error
    }
  }

  async #count(table: TableShape, where: string, params: Readonly<Record<string, unknown>>): Promise<number> {
    const [row] = await this.#client.select<{ rows: string }>(
      `SELECT count() AS rows FROM ${this.#table(table.name)} WHERE ${where}`,
      { params, settings: { max_execution_time: 300 } },
    )
    return Number(row?.rows ?? 0)
  }

  async #insert(insert: Insert): Promise<void> {
    try {
      await this.#send(insert)
    } catch (error) {
      if (!(error instanceof StatementRefused) || !ROW_CODES.has(error.code) || insert.table === ENTRIES)
        throw error
      throw new RowsRefused(await this.#culprits(insert, error.code))
    }
  }

  /** Finds the rows the engine does not take by halving. Rows written on the way are removed by the rewind that follows. */
  async #culprits(insert: Insert, code: number): Promise<Map<number, string>> {
    if (insert.lines.length === 1) return new Map([[insert.indexes[0]!, `engine_${code}`]])
    const middle = insert.lines.length >> 1
    const culprits = new Map<number, string>()
    for (const [start, end] of [
      [0, middle],
      [middle, insert.lines.length],
    ] as const) {
      const half = {
        ...insert,
        lines: insert.lines.slice(start, end),
        indexes: insert.indexes.slice(start, end),
      }
      try {
        await this.#send(half)
      } catch (error) {
        if (!(error instanceof StatementRefused) || !ROW_CODES.has(error.code)) throw error
        for (const [index, why] of await this.#culprits(half, error.code)) culprits.set(index, why)
      }
    }
    return culprits
  }

  #send({ table, columns, lines }: Insert): Promise<void> {
    return this.#client.insert(this.#table(table.name), columns, Buffer.from(lines.join('\n')))
  }

  #table(name: string): string {
    return `${this.#names.tables}.${name}`
  }
}

function slotsOf({ name, comment }: { name: string; comment: string }): FieldSlot[] {
  const slot = slotOfColumn(name)
  return slot === undefined ? [] : [{ name: featureOfComment(comment), slot }]
}

/** How to tell that a row holds a value of the field {p1}, and how to take it away. */
function fieldClauses(place: FeaturePlace): { holds: string; set: [column: string, value: string] } {
  if (place === 'map') {
    return {
      holds: 'mapContains(moreFeatures, {p1:String})',
      set: ['moreFeatures', 'mapFilter((name, value) -> name != {p1:String}, moreFeatures)'],
    }
  }
  const { name } = slotColumn(place)
  return { holds: `${name} != ''`, set: [name, "''"] }
}

/** Two at a time: the engine has two cores to write with. None is under way any more when this throws. */
async function inPairs<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let i = 0; i < items.length; i += 2) {
    const ended = await Promise.allSettled(items.slice(i, i + 2).map(work))
    for (const end of ended) if (end.status === 'rejected') throw end.reason
  }
}
