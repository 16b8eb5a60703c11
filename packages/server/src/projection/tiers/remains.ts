// What the index keeps of months that are archived, because what it answers without them depends on it: whom each decision is about,
// which record is about which decision, and which values features had.
//
// Invariants.
// 1. Of a month there are remains exactly while it is archived; what is left of others is removed at the start, and before rows change.
// 2. Links are written last, one for each row of the month: while there are other than that many, nothing is known of it without its files.

import type { IndexClient, Parameters } from '../engine/client.ts'
import { digestOf, type FieldSlot } from '../fields.ts'
import { MUTATION } from '../mutation.ts'
import {
  ARCHIVED_LINKS,
  ARCHIVED_VALUES,
  createTable,
  DECISIONS,
  type Names,
  slotColumn,
  type TableShape,
  TIERED_TABLES,
} from '../schema.ts'
import type { RowChange } from './row-change.ts'
import { monthOfPartition, partitionOfMonth, rowsIn, type TierMonth } from './tier-month.ts'

const KEPT: readonly TableShape[] = [ARCHIVED_LINKS, ARCHIVED_VALUES]
/** Features whose values are counted in one statement. */
const FEATURES_AT_ONCE = 32

/** Where the rows of a month are read, by the name of their table. */
export type Sources = ReadonlyMap<string, readonly string[]>

export class Remains {
  readonly #client: IndexClient
  readonly #names: Names

  constructor(client: IndexClient, names: Names) {
    this.#client = client
    this.#names = names
  }

  /** Makes the tables that are missing, and removes what is left of months that are not archived. */
  async open(archived: readonly string[]): Promise<void> {
    for (const table of KEPT) await this.#client.command(createTable(this.#names, table))
    await this.removeOthers(archived)
  }

  /** Removes what is left of months that are not archived. */
  async removeOthers(archived: readonly string[]): Promise<void> {
    for (const table of KEPT) {
      const rows = await this.#client.select<{ partition: string }>(
        `SELECT DISTINCT _partition_id AS partition FROM ${this.#table(table)}`,
      )
      const months = rows.flatMap(({ partition }) => monthOfPartition(partition) ?? [])
      for (const month of months) if (!archived.includes(month)) await this.#drop(table, month)
    }
  }

  /** Keeps what is needed of the rows of a month, in place of what was kept of it. */
  async fill(month: string, sources: Sources, features: readonly FieldSlot[]): Promise<void> {
    await this.remove(month)
    for (const source of sources.get(DECISIONS.name) ?? []) await this.#keepValues(source, features)
    for (const table of TIERED_TABLES) {
      for (const source of sources.get(table.name) ?? []) {
        const target = table === DECISIONS ? 'toInt64(-1)' : 'targetIndex'
        const subjects = table === DECISIONS ? 'subjects' : '[]'
        await this.#client.command(
          `INSERT INTO ${this.#table(ARCHIVED_LINKS)} SELECT index, toUUID(id), at, ${target}, ${subjects} FROM ${source}`,
          { settings: { max_execution_time: 900 } },
        )
      }
    }
  }

  /** Whether they are those of the month as it is remembered, and all of them. */
  async areWhole(month: TierMonth): Promise<boolean> {
    return (await this.#count(ARCHIVED_LINKS, month.month, '1', {})) === rowsIn(month)
  }

  /** Whether the month has a row that a change is about, as far as is known without its files; for remains that are whole. */
  async mayTouch(month: string, { feature, params, set, where }: RowChange): Promise<boolean> {
    if (set && !feature) return true
    const [table, condition] = feature
      ? [ARCHIVED_VALUES, 'system = {p0:String} AND name = {p1:String}']
      : [ARCHIVED_LINKS, where]
    const given = feature ? { p0: feature.system, p1: feature.name } : (params ?? {})
    return (await this.#count(table, month, condition, given)) > 0
  }

  /** Links first: without them whatever else is left is known to be a part. */
  async remove(month: string): Promise<void> {
    for (const table of KEPT) await this.#drop(table, month)
  }

  async #count(table: TableShape, month: string, where: string, params: Parameters): Promise<number> {
    const [row] = await this.#client.select<{ rows: string }>(
      `SELECT count() AS rows FROM ${this.#table(table)} WHERE _partition_id = '${partitionOfMonth(month)}' AND (${where})`,
      { params, settings: { max_execution_time: 300 } },
    )
    return Number(row?.rows ?? 0)
  }

  async #keepValues(source: string, features: readonly FieldSlot[]): Promise<void> {
    for (let i = 0; i < features.length; i += FEATURES_AT_ONCE) {
      const some = features.slice(i, i + FEATURES_AT_ONCE)
      await this.#keep(
        some
          .map(({ slot }, field) => valuesOf(`'${field}'`, slotColumn(slot).name, source))
          .join(' UNION ALL '),
        (name) => some[Number(name)]!.name,
      )
    }
    const more = `(SELECT index, at, system, arrayJoin(moreFeatures) AS more FROM ${source})`
    await this.#keep(valuesOf('toString(more.1)', 'more.2', more), (name) => name)
  }

  async #keep(sql: string, nameOf: (name: string) => string): Promise<void> {
    const rows = await this.#client.select<Record<'name' | 'system' | 'text' | 'index' | 'ms', string>>(sql, {
      settings: { max_execution_time: 300 },
    })
    if (rows.length === 0) return
    const lines = rows.map(({ name, system, text, index, ms }) =>
      JSON.stringify([Number(index), Number(ms), system, nameOf(name), digestOf(text)]),
    )
    const columns = ARCHIVED_VALUES.columns.map((column) => column.name)
    await this.#client.insert(this.#table(ARCHIVED_VALUES), columns, Buffer.from(lines.join('\n')))
  }

  async #drop(table: TableShape, month: string): Promise<void> {
    await this.#client.command(
      `ALTER TABLE ${this.#table(table)} DROP PARTITION ID '${partitionOfMonth(month)}'`,
      {
        settings: MUTATION,
      },
    )
  }

  #table({ name }: TableShape): string {
    return `${this.#names.tables}.${name}`
  }
}

/** Each value with the first entry that has it; its time is one of the month's. */
function valuesOf(name: string, value: string, source: string): string {
  return `SELECT ${name} AS name, system, toString(${value}) AS text, min(index) AS index, toUnixTimestamp64Milli(min(at)) AS ms
    FROM ${source} WHERE ${value} != '' GROUP BY name, system, text`
}
