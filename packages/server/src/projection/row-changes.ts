// Changes rows of content wherever they lie: in the tables, and in the files of months that are over.

import type { IndexClient } from './engine/client.ts'
import { MUTATION } from './mutation.ts'
import type { Names } from './schema.ts'
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
    for (const change of changes) await this.#mutate(change)
    await this.#tiers?.change(changes)
  }

  /** Has nothing name these feature columns any more, which hold no value and are about to go. */
  async leaveColumns(slots: readonly number[]): Promise<void> {
    await this.#tiers?.leaveColumns(slots)
  }

  async #mutate({ table, where, params, set }: RowChange): Promise<void> {
    const name = `${this.#names.tables}.${table.name}`
    const [row] = await this.#client.select<{ found: string }>(
      `SELECT count() AS found FROM ${name} WHERE ${where}`,
      { ...(params && { params }), settings: { max_execution_time: 300 } },
    )
    if (Number(row?.found ?? 0) === 0) return
    const change = set
      ? `UPDATE ${[...set].map(([column, value]) => `${column} = ${value}`).join(', ')}`
      : 'DELETE'
    await this.#client.command(`ALTER TABLE ${name} ${change} WHERE ${where}`, {
      ...(params && { params }),
      settings: MUTATION,
    })
  }
}
