// Takes entries out of the index for good.
//
// Invariants.
// 1. What is left answers as an index built anew would: the entries are still counted, and nothing of what they said is.
// 2. Every step may be repeated. What says that there is something left to do, the values first seen in an erased entry,
//    goes last; so whoever begins again finds all of it.
// 3. It resolves when the disk has no part any more that held what went: nothing active, replaced or detached.

import type { Clock } from '../platform/clock.ts'
import { type IndexClient, StatementRefused } from './engine/client.ts'
import { MUTATION } from './mutation.ts'
import type { RowChanges } from './row-changes.ts'
import { digestOf, type FeaturePlace, type FieldCatalogue } from './fields.ts'
import {
  ALL_TABLES,
  ARCHIVED_LINKS,
  ARCHIVED_VALUES,
  CONTENT_TABLES,
  DECISIONS,
  dropSlotsStatement,
  ENTRIES,
  FEATURE_VALUES,
  type Names,
  readable,
  slotColumn,
  type TableShape,
} from './schema.ts'

/** Entries named in one statement: its text stays below the 256 KiB that the engine parses. */
export const ERASED_AT_ONCE_MAX = 16_384
/** Fields whose values are counted in one statement. */
const FIELDS_AT_ONCE = 32
const PARTS_WAIT_MS = 60_000
const PARTS_LOOK_MS = 250

/** Replaced parts of the index did not leave the disk in time. Nothing is lost by asking again. */
export class PartsRemain extends Error {
  constructor(parts: number) {
    super(`${parts} replaced or detached parts of the index are still on disk`)
  }
}

/** A field of which some value was counted first in an erased entry. */
interface TouchedField {
  readonly system: string
  readonly name: string
}

/** A value that a field has, and the first entry that has it. */
interface Bearer {
  readonly name: string
  readonly text: string
  readonly index: string
}

export class IndexErasing {
  readonly #client: IndexClient
  readonly #names: Names
  readonly #changes: RowChanges
  readonly #clock: Clock

  constructor(client: IndexClient, names: Names, changes: RowChanges, clock: Clock) {
    this.#client = client
    this.#names = names
    this.#changes = changes
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
      const reach = { least: chunk[0]!, greatest: chunk.at(-1)! }
      await this.#changes.apply(CONTENT_TABLES.map((table) => ({ table, where, ...reach })))
      // Crash before this: the block counts differ from the ledger's, and the block is written again from it.
      const unlike = `${where} AND (rows != 0 OR rejected != '' OR at != receivedAt)`
      await this.#mutate(ENTRIES, unlike, `UPDATE rows = 0, rejected = '', at = receivedAt`)
    }
    for (const chunk of chunks) await this.#removeValues(chunk, catalogue)
  }

  /** Removes that there are these entries, of which nothing else is known, so that they can be written again. */
  async removeEntries(indices: readonly number[]): Promise<void> {
    for (const chunk of chunksOf(indices)) await this.#mutate(ENTRIES, `index IN (${chunk.join()})`, 'DELETE')
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
   * column, whose comment is the field's name. Entries of another chunk still count as living here: their own turn comes.
   */
  async #removeValues(chunk: readonly number[], catalogue: FieldCatalogue): Promise<void> {
    const where = `index IN (${chunk.join()})`
    const touched = await this.#client.select<TouchedField>(
      `SELECT DISTINCT system, name FROM ${this.#table(FEATURE_VALUES)} WHERE ${where}`,
    )
    for (const [system, fields] of Map.groupBy(touched, (field) => field.system)) {
      const names = fields.map(({ name }) => name)
      await this.#countAgain(system, names, where, catalogue)
    }
    const left = await this.#client.select<{ name: string }>(
      `SELECT DISTINCT name FROM ${this.#table(FEATURE_VALUES)} WHERE NOT (${where})`,
    )
    const kept = new Set(left.map(({ name }) => name))
    const freed = [...new Set(touched.map(({ name }) => name))]
      .filter((name) => !kept.has(name) && catalogue.sealedIn(name).length === 0)
      .flatMap((name) => slotOf(catalogue.placeOf(name)))
    if (freed.length > 0) {
      await this.#changes.leaveColumns(freed)
      await this.#client.command(dropSlotsStatement(this.#names, freed), { settings: MUTATION })
    }
    await this.#mutate(FEATURE_VALUES, where, 'DELETE')
  }

  /** Counts the values that fields of a system still have, as far as they were counted in the entries of `where`. */
  async #countAgain(
    system: string,
    names: readonly string[],
    where: string,
    catalogue: FieldCatalogue,
  ): Promise<void> {
    const values = this.#table(FEATURE_VALUES)
    const counted = await this.#client.select<{ name: string; digest: string }>(
      `SELECT name, digest FROM ${values} WHERE system = {p0:String} AND NOT (${where})`,
      { params: { p0: system } },
    )
    const living = new Set(counted.map(({ name, digest }) => `${digest} ${name}`))
    const first = new Map<string, { name: string; index: number; digest: number }>()
    for (const { name, text, index } of await this.#firstBearers(system, names, catalogue))
      noteFirst(first, { name, index: Number(index), digest: digestOf(text) })
    for (const value of await this.#archivedValues(system, names)) noteFirst(first, value)
    const lines = [...first]
      .filter(([key]) => !living.has(key))
      .map(([, { name, index, digest }]) => JSON.stringify([index, system, name, digest]))
    if (lines.length === 0) return
    const columns = FEATURE_VALUES.columns.map((column) => column.name)
    await this.#client.insert(values, columns, Buffer.from(lines.join('\n')))
  }

  /** Each value that fields of a system have, and the first entry that has it; a field has no more than are counted. */
  async #firstBearers(
    system: string,
    names: readonly string[],
    catalogue: FieldCatalogue,
  ): Promise<Bearer[]> {
    const found: Bearer[] = []
    const named = names.flatMap((name) => slotOf(catalogue.placeOf(name)).map((slot) => ({ name, slot })))
    for (let i = 0; i < named.length; i += FIELDS_AT_ONCE) {
      const some = named.slice(i, i + FIELDS_AT_ONCE)
      const rows = await this.#select<Bearer>(
        some.map(({ slot }, field) => this.#bearers(`${field}`, slotColumn(slot).name)).join(' UNION ALL '),
        { p0: system },
      )
      for (const row of rows) found.push({ ...row, name: some[Number(row.name)]!.name })
    }
    for (const name of names.filter((each) => catalogue.placeOf(each) === 'map')) {
      const rows = await this.#select<Bearer>(this.#bearers('', 'moreFeatures[{p1:String}]'), {
        p0: system,
        p1: name,
      })
      for (const row of rows) found.push({ ...row, name })
    }
    return found
  }

  /** Values that fields of a system have in archived months, each with the first entry there that has it. */
  async #archivedValues(
    system: string,
    names: readonly string[],
  ): Promise<{ name: string; index: number; digest: number }[]> {
    if (this.#names.isTiered !== true) return []
    const rows = await this.#select<{ name: string; index: string; digest: string }>(
      `SELECT name, digest, min(index) AS index FROM ${this.#table(ARCHIVED_VALUES)}
        WHERE system = {p0:String} GROUP BY name, digest`,
      { p0: system },
    )
    return rows
      .filter(({ name }) => names.includes(name))
      .map(({ name, index, digest }) => ({ name, index: Number(index), digest: Number(digest) }))
  }

  /** The values of one column in system {p0}; `field` comes back as their name. */
  #bearers(field: string, value: string): string {
    return `SELECT '${field}' AS name, toString(${value}) AS text, min(index) AS index
      FROM ${readable(this.#names, DECISIONS)} WHERE system = {p0:String} AND ${value} != '' GROUP BY ${value}`
  }

  #select<Row>(sql: string, params: Readonly<Record<string, unknown>> = {}): Promise<Row[]> {
    return this.#client.select<Row>(sql, { params, settings: { max_execution_time: 300 } })
  }

  async #mutate(table: TableShape, where: string, change: string): Promise<void> {
    const [row] = await this.#select<{ found: string }>(
      `SELECT count() AS found FROM ${this.#table(table)} WHERE ${where}`,
    )
    if (Number(row?.found ?? 0) === 0) return
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
      await this.#client.command(
        `ALTER TABLE ${this.#names.tables}.${table} DROP DETACHED PART {p0:String}`,
        {
          params: { p0: name },
          settings: { allow_drop_detached: 1 },
        },
      )
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
  const tables = names.isTiered === true ? [...ALL_TABLES, ARCHIVED_LINKS, ARCHIVED_VALUES] : ALL_TABLES
  await unlessRefused(async () => {
    for (const { name } of tables) await client.command(`SYSTEM START CLEANUP ${names.tables}.${name}`)
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

/** Remembers the first entry of each value of each field. */
function noteFirst<V extends { name: string; index: number; digest: number }>(
  first: Map<string, V>,
  value: V,
): void {
  const key = `${value.digest} ${value.name}`
  const known = first.get(key)
  if (!known || value.index < known.index) first.set(key, value)
}

function slotOf(place: FeaturePlace): number[] {
  return place === 'map' ? [] : [place]
}

function chunksOf(indices: readonly number[]): number[][] {
  const sorted = [...new Set(indices)].toSorted((a, b) => a - b)
  const chunks: number[][] = []
  for (let i = 0; i < sorted.length; i += ERASED_AT_ONCE_MAX)
    chunks.push(sorted.slice(i, i + ERASED_AT_ONCE_MAX))
  return chunks
}
