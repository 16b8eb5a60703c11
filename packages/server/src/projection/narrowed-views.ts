// Views for those who may read a part of the index by SQL: one database for each part, with the same names in it.
//
// Invariants.
// 1. A database's name is a digest of the statements that made it: what it shows never changes while it has that name.
// 2. It is gone before the tables under it change their meaning (`forget`, when the index is dropped).
// 3. While somebody reads from it, it is not dropped for want of room.

import type { IndexClient } from './engine/client.ts'
import { isNarrowedOf, narrowedDatabase } from './database-name.ts'
import type { FieldCatalogue } from './fields.ts'
import { isWithheld } from './queries/withheld.ts'
import { aboutWithin, allOf, decisionsWithin, type Values } from './queries/within.ts'
import { reachesEverything, type Restriction } from './restriction.ts'
import { DECISIONS, type Names } from './schema.ts'
import { VIEW_COLUMNS, viewFeatures, type ViewScope, viewStatements } from './views.ts'

/** Databases of narrowed views an index keeps; the one that was asked longest ago goes first. */
const KEPT_MAX = 16

interface Kept {
  readonly made: Promise<void>
  readers: number
}

export class NarrowedViews {
  readonly #client: IndexClient
  readonly #names: Names
  /** By database, the one asked longest ago first. */
  #kept = new Map<string, Kept>()

  constructor(client: IndexClient, names: Names) {
    this.#client = client
    this.#names = names
  }

  /** Reads from views that show what the restriction allows; `read` is told where they are. */
  async use<T>(
    restriction: Restriction,
    catalogue: FieldCatalogue,
    read: (database: string) => Promise<T>,
  ): Promise<T> {
    const features = catalogue.named()
    if (showsAll(restriction, viewFeatures(features))) return read(this.#names.views)
    const scope = scopeOf(restriction, this.#names)
    const definition = viewStatements(this.#names, features, scope).join(';\n')
    const database = narrowedDatabase(this.#names.views, definition)
    const kept = this.#take(database, () =>
      viewStatements({ ...this.#names, views: database }, features, scope),
    )
    kept.readers += 1
    try {
      await kept.made
      return await read(database)
    } finally {
      kept.readers -= 1
    }
  }

  /** Drops them all, those of an earlier process too; whoever reads at this moment is refused. */
  async forget(): Promise<void> {
    this.#kept = new Map()
    const databases = await this.#client.select<{ name: string }>('SELECT name FROM system.databases')
    for (const { name } of databases) if (isNarrowedOf(this.#names.views, name)) await this.#drop(name)
  }

  #take(database: string, statements: () => string[]): Kept {
    const known = this.#kept.get(database)
    const kept = known ?? { made: this.#make(database, statements()), readers: 0 }
    this.#kept.delete(database)
    this.#kept.set(database, kept)
    return kept
  }

  async #make(database: string, statements: readonly string[]): Promise<void> {
    try {
      await this.#makeRoom()
      await this.#client.command(`CREATE DATABASE IF NOT EXISTS ${database}`)
      for (const statement of statements) await this.#client.command(statement)
    } catch (error) {
      this.#kept.delete(database)
      throw error
    }
  }

  async #makeRoom(): Promise<void> {
    const idle = [...this.#kept].filter(([, { readers }]) => readers === 0).map(([database]) => database)
    for (const database of idle.slice(0, Math.max(0, this.#kept.size + 1 - KEPT_MAX))) {
      this.#kept.delete(database)
      await this.#drop(database)
    }
  }

  #drop(database: string): Promise<void> {
    return this.#client.command(`DROP DATABASE IF EXISTS ${database} SYNC`)
  }
}

function showsAll(restriction: Restriction, features: readonly string[]): boolean {
  return (
    reachesEverything(restriction) &&
    ![...VIEW_COLUMNS, ...features].some((name) => isWithheld(restriction, name))
  )
}

function scopeOf(restriction: Restriction, names: Names): ViewScope {
  const within = { names, restriction, values: SPELLED_OUT }
  return {
    rows: (table) =>
      reachesEverything(restriction)
        ? undefined
        : allOf(table === DECISIONS.name ? decisionsWithin(within, 't.') : aboutWithin(within, 't.')),
    shows: (name) => !isWithheld(restriction, name),
  }
}

/** Views take no substitutions. Texts are spelled in hexadecimal, so that none of their characters can mean anything. */
const SPELLED_OUT: Values = {
  add(type, value) {
    if (type === 'Int64') return `toInt64(${Number(value)})`
    if (type !== 'Array(String)' || !Array.isArray(value)) throw new Error(`no way to spell a ${type}`)
    if (value.length === 0) return 'emptyArrayString()'
    return `[${value.map((text) => `unhex('${Buffer.from(String(text)).toString('hex')}')`).join(', ')}]`
  },
}
