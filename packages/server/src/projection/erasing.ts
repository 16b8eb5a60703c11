// Takes entries out of the index for good.
//
// Invariants.
// 1. What is left answers as an index built anew would: the entries are still counted, and nothing of what they said is.
// 2. Every step may be repeated. What says that there is something left to do, the values first seen in an erased entry,
//    goes last; so whoever begins again finds all of it.
// 3. It resolves when the disk has no part any more that held what went: nothing active, replaced or detached.

import type { Clock } from '../platform/clock.ts'
import { type IndexClient, StatementRefused } from './engine/client.ts'
import { digestOf, type FeaturePlace, type FieldCatalogue } from './fields.ts'
import {
  ALL_TABLES,
  CONTENT_TABLES,
  DECISIONS,
  dropSlotStatement,
  ENTRIES,
  FEATURE_VALUES,
  type Names,
  slotColumn,
  type TableShape,
} from './schema.ts'

/** Mutations rewrite parts and may take long; nobody waits for them but the projector. */
export const MUTATION = { mutations_sync: 2, alter_sync: 2, max_execution_time: 900 } as const

/** Entries named in one statement: its text stays below the 256 KiB that the engine parses. */
export const ERASED_AT_ONCE_MAX = 16_384
const PARTS_WAIT_MS = 60_000
const PARTS_LOOK_MS = 250

/** Replaced parts of the index did not leave the disk in time. Nothing is lost by asking again. */
export class PartsRemain extends Error {
  constructor(parts: number) {
    super(`${parts} replaced or detached parts of the index are still on disk`)
  }
}

/** The values a field of a system had were counted, some of them first in an erased entry. */
interface TouchedField {
  readonly system: string
  readonly name: string
}

export class IndexErasing {
  readonly #client: IndexClient
  readonly #names: Names
  readonly #clock: Clock

  constructor(client: IndexClient, names: Names, clock: Clock) {
    this.#client = client
    this.#names = names
    this.#clock = clock
  }

  /**
   * Removes what is known of these entries, all of them below the position; `catalogue` says where values of features are. What it
   * counts is wrong afterwards: it is to be read again.
   */
  async removeRows(indices: readonly number[], catalogue: FieldCatalogue): Promise<void> {
    const chunks = chunksOf(indices)
    for (const chunk of chunks) {
      const where = `index IN (${chunk.join()})`
      for (const table of CONTENT_TABLES) await this.#mutate(table, where, 'DELETE')
      // Crash before this: the block counts differ from the ledger's, and the block is written again from it.
      const unlike = `${where} AND (rows != 0 OR rejected != '' OR at != receivedAt)`
      await this.#mutate(ENTRIES, unlike, `UPDATE rows = 0, rejected = '', at = receivedAt`)
    }
    const erased = new Set(indices)
    for (const chunk of chunks) await this.#removeValues(chunk, erased, catalogue)
  }

  /** Waits until replaced parts are gone from the disk. @throws PartsRemain */
  async removeParts(): Promise<void> {
    await this.#forgetMutations()
    const startedMs = this.#clock.monotonicMs()
    for (;;) {
      await removeReplacedParts(this.#client, this.#names)
      await this.#dropDetached()
      const left = await this.#partsLeft()
      if (left === 0) return
      if (this.#clock.monotonicMs() - startedMs > PARTS_WAIT_MS) throw new PartsRemain(left)
      await this.#clock.sleep(PARTS_LOOK_MS)
    }
  }

  /**
   * A value that living entries have too goes on being counted, from the first of them; a field that nobody has any more loses its
   * column, whose comment is the field's name.
   */
  async #removeValues(
    chunk: readonly number[],
    erased: ReadonlySet<number>,
    catalogue: FieldCatalogue,
  ): Promise<void> {
    const where = `index IN (${chunk.join()})`
    const touched = await this.#client.select<TouchedField>(
      `SELECT DISTINCT system, name FROM ${this.#table(FEATURE_VALUES)} WHERE ${where}`,
    )
    for (const field of touched) await this.#countAgain(field, erased, catalogue.placeOf(field.name))
    for (const name of new Set(touched.map((field) => field.name))) {
      const place = catalogue.placeOf(name)
      const isKept = catalogue.sealedIn(name).length > 0 || (await this.#isFound(name, erased))
      if (place !== 'map' && !isKept)
        await this.#client.command(dropSlotStatement(this.#names, place), { settings: MUTATION })
    }
    await this.#mutate(FEATURE_VALUES, where, 'DELETE')
  }

  async #countAgain(
    { system, name }: TouchedField,
    erased: ReadonlySet<number>,
    place: FeaturePlace,
  ): Promise<void> {
    const params = { p0: system, p1: name }
    const counted = await this.#client.select<{ index: string; digest: string }>(
      `SELECT index, digest FROM ${this.#table(FEATURE_VALUES)} WHERE system = {p0:String} AND name = {p1:String}`,
      { params },
    )
    const living = new Set(
      counted.filter(({ index }) => !erased.has(Number(index))).map(({ digest }) => Number(digest)),
    )
    const lines = (await this.#firstBearers(params, place))
      .map(({ text, index }) => ({ index: Number(index), digest: digestOf(text) }))
      .filter(({ digest }) => !living.has(digest))
      .map(({ index, digest }) => JSON.stringify([index, system, name, digest]))
    if (lines.length === 0) return
    const columns = FEATURE_VALUES.columns.map((column) => column.name)
    await this.#client.insert(this.#table(FEATURE_VALUES), columns, Buffer.from(lines.join('\n')))
  }

  /** Each value a field of a system has, and the first entry that has it. No more than a field may have before it is sealed. */
  #firstBearers(
    params: { p0: string; p1: string },
    place: FeaturePlace,
  ): Promise<{ text: string; index: string }[]> {
    const value = place === 'map' ? 'moreFeatures[{p1:String}]' : slotColumn(place).name
    return this.#client.select(
      `SELECT toString(${value}) AS text, min(index) AS index FROM ${this.#table(DECISIONS)}
        WHERE system = {p0:String} AND ${value} != '' GROUP BY text`,
      { params, settings: { max_execution_time: 300 } },
    )
  }

  async #isFound(name: string, erased: ReadonlySet<number>): Promise<boolean> {
    const rows = await this.#client.select<{ index: string }>(
      `SELECT DISTINCT index FROM ${this.#table(FEATURE_VALUES)} WHERE name = {p0:String}`,
      { params: { p0: name } },
    )
    return rows.some(({ index }) => !erased.has(Number(index)))
  }

  async #mutate(table: TableShape, where: string, change: string): Promise<void> {
    const [row] = await this.#client.select<{ rows: string }>(
      `SELECT count() AS rows FROM ${this.#table(table)} WHERE ${where}`,
      { settings: { max_execution_time: 300 } },
    )
    if (Number(row?.rows ?? 0) === 0) return
    await this.#client.command(`ALTER TABLE ${this.#table(table)} ${change} WHERE ${where}`, {
      settings: MUTATION,
    })
  }

  /** The engine keeps the texts of its last mutations: which entries went together is nobody's to know. */
  async #forgetMutations(): Promise<void> {
    await unlessRefused(() =>
      this.#client.command(`KILL MUTATION WHERE database = {p0:String} AND is_done SYNC`, {
        params: { p0: this.#names.tables },
      }),
    )
  }

  async #dropDetached(): Promise<void> {
    const parts = await this.#client.select<{ table: string; name: string }>(
      'SELECT table, name FROM system.detached_parts WHERE database = {p0:String}',
      { params: { p0: this.#names.tables } },
    )
    for (const { table, name } of parts) {
      // Nobody misses one: what belongs into the index is read from the ledger again.
      await this.#client.command(`ALTER TABLE ${this.#names.tables}.${table} DROP DETACHED PART {p0:String}`, {
        params: { p0: name },
        settings: { allow_drop_detached: 1 },
      })
    }
  }

  async #partsLeft(): Promise<number> {
    const [row] = await this.#client.select<{ parts: string }>(
      `SELECT count() AS parts FROM (
        SELECT name FROM system.parts WHERE database = {p0:String} AND NOT active
        UNION ALL SELECT name FROM system.detached_parts WHERE database = {p0:String})`,
      { params: { p0: this.#names.tables } },
    )
    return Number(row?.parts ?? 0)
  }

  #table({ name }: TableShape): string {
    return `${this.#names.tables}.${name}`
  }
}

/** Has the engine delete the parts that merges and mutations have replaced; by itself it does so only while it is busy. */
export async function removeReplacedParts(client: IndexClient, names: Names): Promise<void> {
  await unlessRefused(async () => {
    for (const { name } of ALL_TABLES) await client.command(`SYSTEM START CLEANUP ${names.tables}.${name}`)
  })
}

/** A server that is not ours may keep this to its administrators; it cleans up after itself. */
async function unlessRefused(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof StatementRefused)) throw error
  }
}

function chunksOf(indices: readonly number[]): number[][] {
  const sorted = [...new Set(indices)].toSorted((a, b) => a - b)
  const chunks: number[][] = []
  for (let i = 0; i < sorted.length; i += ERASED_AT_ONCE_MAX)
    chunks.push(sorted.slice(i, i + ERASED_AT_ONCE_MAX))
  return chunks
}
