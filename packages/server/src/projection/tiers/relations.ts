// What questions read: of each table its rows and those in files, as one.
//
// Invariants.
// 1. A relation is a view that is replaced in one step. Whatever moves, a question reads each row once.
// 2. Of a month that is switching, rows that its files hold are read there and not in the table.
// 3. The tables behind a view that was replaced go only when nobody reads by it any more.

import type { IndexClient } from '../engine/client.ts'
import { type Column, type Names, readable, slotOfColumn, type TableShape, TIERED_TABLES } from '../schema.ts'
import { listOf, quoted, readList, structureOf } from './parquet.ts'
import type { Readers } from './readers.ts'
import { spanOf, type TierMonth } from './tier-month.ts'
import type { TierStore } from './tier-store.ts'

export class Relations {
  readonly #client: IndexClient
  readonly #names: Names
  readonly #store: TierStore
  readonly #readers: Readers
  #defined = ''
  /** Counts the tables over files, so that each has a name of its own. */
  #count = 0
  /** Tables over files that the views read, and those that none reads any more. */
  #current: string[] = []
  #retired: string[] = []

  constructor(client: IndexClient, names: Names, store: TierStore, readers: Readers) {
    this.#client = client
    this.#names = names
    this.#store = store
    this.#readers = readers
  }

  /** Looks anew at what is there, when it may be another's. */
  forget(): void {
    this.#defined = ''
    this.#current = []
    this.#retired = []
  }

  /** Makes the relations those of these months, with every column the tables have now but those that are about to go. */
  async define(months: readonly TierMonth[], leaving: readonly string[] = []): Promise<void> {
    const columns = await this.#columns(leaving)
    const defined = JSON.stringify([
      [...columns],
      months.map(({ state, below, files }) => [state, below, files]),
    ])
    if (defined === this.#defined) return
    const before = this.#defined === '' ? await this.#tablesOverFiles() : [...this.#current, ...this.#retired]
    this.forget()
    const current: string[] = []
    for (const table of TIERED_TABLES)
      current.push(...(await this.#defineOne(table, columns.get(table.name) ?? [], months)))
    this.#current = current
    this.#retired = before
    this.#defined = defined
  }

  /** Removes what no relation reads any more, when nobody reads by an older one. */
  async settle(): Promise<void> {
    await this.#readers.drained()
    for (const name of this.#retired.splice(0)) await this.#client.command(this.#dropStatement(name))
  }

  /** Gives the name of the table over files it needed. */
  async #defineOne(
    table: TableShape,
    columns: readonly Column[],
    months: readonly TierMonth[],
  ): Promise<string[]> {
    const list = listOf(columns)
    const parts = [`SELECT ${list} FROM ${this.#names.tables}.${table.name}${exceptSwitching(months)}`]
    const overFiles = await this.#tableOver(table, columns, months)
    if (overFiles !== undefined)
      parts.push(`SELECT ${readList(columns)} FROM ${this.#names.tables}.${overFiles}`)
    const view = readable(this.#names, table)
    await this.#client.command(`CREATE OR REPLACE VIEW ${view} AS ${parts.join(' UNION ALL ')}`)
    return overFiles === undefined ? [] : [overFiles]
  }

  async #tableOver(
    table: TableShape,
    columns: readonly Column[],
    months: readonly TierMonth[],
  ): Promise<string | undefined> {
    const keys = months
      .filter(({ state }) => state !== 'archived')
      .flatMap(({ files }) => files.filter((file) => file.table === table.name))
      .map(({ key }) => key)
    if (keys.length === 0) return undefined
    this.#count += 1
    const name = `${table.name}_files_${this.#count}`
    const { name: engine, path } = this.#store.source(keys)
    const over = engine === 'File' ? `File(Parquet, ${quoted(path)})` : `URL(${quoted(path)}, Parquet)`
    await this.#client.command(
      `CREATE TABLE ${this.#names.tables}.${name} (${structureOf(columns)}) ENGINE = ${over}`,
    )
    return name
  }

  /** Those of an earlier process; this one counts on from them. */
  async #tablesOverFiles(): Promise<string[]> {
    const rows = await this.#client.select<{ name: string }>(
      "SELECT name FROM system.tables WHERE database = {p0:String} AND match(name, '_files_[0-9]+$')",
      { params: { p0: this.#names.tables } },
    )
    const numbers = rows.map(({ name }) => Number(/\d+$/.exec(name)?.[0] ?? 0))
    this.#count = Math.max(this.#count, ...numbers)
    return rows.map(({ name }) => name)
  }

  async #columns(leaving: readonly string[]): Promise<Map<string, Column[]>> {
    const rows = await this.#client.select<{ table: string; name: string; type: string }>(
      `SELECT table, name, type FROM system.columns WHERE database = {p0:String}
        AND table IN (${TIERED_TABLES.map(({ name }) => quoted(name)).join()}) ORDER BY table, position`,
      { params: { p0: this.#names.tables } },
    )
    const staying = rows.filter(({ name }) => !leaving.includes(name))
    const columns = Map.groupBy(staying, ({ table }) => table)
    return new Map(
      [...columns].map(([table, of]) => [
        table,
        of.toSorted(bySlot).map(({ name, type }) => ({ name, type })),
      ]),
    )
  }

  #dropStatement(name: string): string {
    return `DROP TABLE IF EXISTS ${this.#names.tables}.${name} SYNC`
  }
}

/** Slots by number, behind the columns every table of the kind has: so that one set of columns has one order. */
function bySlot(a: Column, b: Column): number {
  return (slotOfColumn(a.name) ?? -1) - (slotOfColumn(b.name) ?? -1)
}

function exceptSwitching(months: readonly TierMonth[]): string {
  const switching = months.filter(({ state }) => state === 'switching')
  if (switching.length === 0) return ''
  return ` WHERE NOT (${switching.map(rowsMoved).join(' OR ')})`
}

/** The rows of a month in the tables that its files hold. */
export function rowsMoved({ month, below }: { month: string; below: number }): string {
  const { from, to } = spanOf(month)
  const moment = (ms: number): string => `fromUnixTimestamp64Milli(toInt64(${ms}), 'UTC')`
  return `(at >= ${moment(from)} AND at < ${moment(to)} AND index < ${below})`
}
