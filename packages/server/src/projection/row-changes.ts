// Changes rows of content wherever they lie: in the tables, and in the files of months that are over.

import type { IndexClient } from './engine/client.ts'
import { MUTATION } from './mutation.ts'
import { type Names, readable } from './schema.ts'
import type { RowChange } from './tiers/row-change.ts'
import type { Tiers } from './tiers/tiers.ts'

export class RowChanges {
  readonly #client: IndexClient
  readonly #names: Names
  readonly #tiers: Tiers | undefined

  constructor(client: IndexClient, names: Names, tiers: Tiers | undefined) {
    this.#client = client
    this.#names = names
    this.#tiers = tiers
  }

  /** Resolves when no active part and no file holds what went; an interrupted call is to be repeated. */
  async apply(changes: readonly RowChange[]): Promise<void> {
    const found: RowChange[] = []
    for (const change of changes) if (await this.#isAboutAny(change)) found.push(change)
    for (const change of found) await this.#mutate(change)
    await this.#tiers?.change(found, changes)
  }

  /** Has nothing name these feature columns any more, which hold no value and are about to go. */
  async leaveColumns(slots: readonly number[]): Promise<void> {
    await this.#tiers?.leaveColumns(slots)
  }

  /** Whether there is a row to change that questions could read: most often there is none. */
  async #isAboutAny(change: RowChange): Promise<boolean> {
    return (await this.#count(readable(this.#names, change.table), change)) > 0
  }

  async #count(source: string, { params, where }: RowChange): Promise<number> {
    const [row] = await this.#client.select<{ found: string }>(
      `SELECT count() AS found FROM ${source} WHERE ${where}`,
      { ...(params && { params }), settings: { max_execution_time: 300 } },
    )
    return Number(row?.found ?? 0)
  }

  async #mutate(change: RowChange): Promise<void> {
    const { params, set, table, where } = change
    const name = `${this.#names.tables}.${table.name}`
    if (this.#tiers && (await this.#count(name, change)) === 0) return
    const what = set
      ? `UPDATE ${[...set].map(([column, value]) => `${column} = ${value}`).join(', ')}`
      : 'DELETE'
    await this.#client.command(`ALTER TABLE ${name} ${what} WHERE ${where}`, {
      ...(params && { params }),
      settings: MUTATION,
    })
  }
}
