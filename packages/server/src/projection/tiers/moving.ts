// Moves the rows of a month that is over from the tables into files.
//
// Invariants.
// 1. Files are written, put, read back and told of in the manifest before anything depends on them.
// 2. From the moment the month is remembered as `switching`, which is durable, questions read the files, and of the tables what the files
//    lack; only then do the rows leave the tables. Crash before: what was put is swept. Crash after: the next start goes on from there.
// 3. When rows changed while files were written, the files are worth nothing and the month is moved another time.

import { MUTATION } from '../mutation.ts'
import type { IndexClient } from '../engine/client.ts'
import type { FieldSlot } from '../fields.ts'
import { type Names, type TableShape, TIERED_TABLES } from '../schema.ts'
import { fileKey, manifestKey } from './keys.ts'
import { manifestOf } from './manifest.ts'
import { columnsOf, FILE_ROWS_MAX, WRITING, writtenList } from './parquet.ts'
import { type Relations, rowsMoved } from './relations.ts'
import { partitionOfMonth, type TierFile, type TierMonth, type TierStates } from './tier-month.ts'
import type { TierStore } from './tier-store.ts'
import { writeFile } from './tier-writer.ts'

/** Where a move may be interrupted. */
export type MoveStep = 'written' | 'told' | 'switched' | 'read' | 'dropped'

/** The rest of the projection, as far as moving needs it. */
export interface Surroundings {
  readonly client: IndexClient
  readonly names: Names
  readonly store: TierStore
  readonly states: TierStates
  readonly relations: Relations
  /** Entries below it are in the index. */
  position(): number
  features(): readonly FieldSlot[]
  /** Runs a task while nobody changes rows. */
  exclusively<T>(task: () => Promise<T>): Promise<T>
  /** Another number whenever rows below the position changed. */
  changes(): number
  prefix(tier: 'warm' | 'cold'): string
  now(): number
  /** Called on the way, for tests of what is left when it ends there. */
  atStep(step: MoveStep, month: string): void | Promise<void>
}

export class Mover {
  readonly #at: Surroundings

  constructor(surroundings: Surroundings) {
    this.#at = surroundings
  }

  /** Moves what the tables hold of a month; false when it has to be done another time. */
  async move(month: string): Promise<boolean> {
    const { states, store, exclusively, atStep } = this.#at
    const seen = this.#at.changes()
    const known = states.all().find((other) => other.month === month)
    const below = this.#at.position()
    const written = await this.#write(month, below)
    if (written.length === 0) return true
    await atStep('written', month)
    const moved: TierMonth = {
      archives: [],
      restoredUntil: 0,
      ...known,
      month,
      state: 'switching',
      below,
      files: [...(known?.files ?? []), ...written],
      features: this.#at.features(),
      movedAt: this.#at.now(),
    }
    const isDone = await exclusively(async () => {
      if (this.#at.changes() !== seen) return false
      await store.replace(manifestKey(this.#at.prefix('warm'), month), manifestOf(moved))
      await atStep('told', month)
      states.put(moved)
      await states.flush()
      await this.finish(moved)
      return true
    })
    if (!isDone) await store.remove(written.map(({ key }) => key))
    return isDone
  }

  /** Takes the rows that files hold out of the tables; to be called while nobody changes rows, as often as one likes. */
  async finish(month: TierMonth): Promise<void> {
    const { states, relations, atStep } = this.#at
    await relations.define(states.all())
    await atStep('switched', month.month)
    await relations.settle()
    await atStep('read', month.month)
    for (const table of TIERED_TABLES) await this.#drop(table, month)
    await atStep('dropped', month.month)
    states.put({ ...month, state: 'warm' })
    await relations.define(states.all())
    await relations.settle()
  }

  async #write(month: string, below: number): Promise<TierFile[]> {
    const { client, states, store } = this.#at
    const files: TierFile[] = []
    for (const table of TIERED_TABLES) {
      const columns = writtenList(columnsOf(table, this.#at.features()))
      for (let from = 0; ;) {
        const rows = `${rowsMoved({ month, below })} AND index >= ${from}`
        const piece = await this.#piece(table, rows)
        if (!piece) break
        const key = fileKey(this.#at.prefix('warm'), table.name, month, states.takeNumber())
        const select = `SELECT ${columns} FROM ${this.#table(table)} WHERE ${rows} AND index <= ${piece.last} ORDER BY ${table.orderBy}`
        const file = await writeFile(client, store, key, { table, select, settings: WRITING })
        if (file?.rows !== piece.rows) throw new Error('a file has other rows than the index')
        files.push(file)
        from = piece.last + 1
      }
    }
    return files
  }

  /** The rows of one file: as many as it may have, of the lowest indices. */
  async #piece(table: TableShape, where: string): Promise<{ last: number; rows: number } | undefined> {
    const [row] = await this.#at.client.select<{ last: string; rows: string }>(
      `SELECT max(index) AS last, count() AS rows FROM (
        SELECT index FROM ${this.#table(table)} WHERE ${where} ORDER BY index LIMIT ${FILE_ROWS_MAX})`,
      { settings: { max_execution_time: 300 } },
    )
    const rows = Number(row?.rows ?? 0)
    return rows === 0 ? undefined : { last: Number(row!.last), rows }
  }

  async #drop(table: TableShape, month: TierMonth): Promise<void> {
    const { client } = this.#at
    const partition = partitionOfMonth(month.month)
    const moved = rowsMoved(month)
    const [row] = await client.select<{ moved: string; all: string }>(
      `SELECT countIf(${moved}) AS moved, count() AS all FROM ${this.#table(table)} WHERE _partition_id = '${partition}'`,
    )
    if (Number(row?.moved ?? 0) === 0) return
    // What came since the files were written is in the same partition and stays.
    const change = row!.moved === row!.all ? `DROP PARTITION ID '${partition}'` : `DELETE WHERE ${moved}`
    await client.command(`ALTER TABLE ${this.#table(table)} ${change}`, { settings: MUTATION })
  }

  #table({ name }: TableShape): string {
    return `${this.#at.names.tables}.${name}`
  }
}
