// Names of databases in one engine that holds the indexes of several ledgers.
//
// Invariant. Every database of ours is called deponent or begins with deponent_. An index has NAME and NAME_index, and
// one database for each way its views are narrowed, NAME_only_DIGEST. No two of these meet, whatever ledgers are called.

import { createHash } from 'node:crypto'

/** What every database of ours is called, or begins with before a `_`. */
export const DATABASE_PREFIX = 'deponent'
export const DEFAULT_DATABASE = DATABASE_PREFIX
/** Longest name of an index: what is put behind it still fits a file name. */
export const DATABASE_LENGTH_MAX = 41

const DIGITS = 12
const READABLE_MAX = DATABASE_LENGTH_MAX - DATABASE_PREFIX.length - DIGITS - 2

/** Names without a hyphen are told apart by themselves; one of them is the end of another database's name. */
const PLAIN = /^(?!index$)[a-z][a-z0-9]{0,31}$/

/** The index database of a ledger, by the ledger's name (`[a-z][a-z0-9-]{0,31}`). */
export function databaseOfLedger(ledger: string): string {
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(ledger)) throw new Error('not the name of a ledger')
  if (ledger === 'default') return DEFAULT_DATABASE
  if (PLAIN.test(ledger)) return `${DATABASE_PREFIX}_${ledger}`
  const digest = createHash('sha256').update(ledger).digest('hex').slice(0, DIGITS)
  return `${DATABASE_PREFIX}_${ledger.slice(0, READABLE_MAX).replaceAll('-', '_')}_${digest}`
}

/** Whether a database of this name is ours or may become ours. */
export function isOurDatabase(name: string): boolean {
  return name === DATABASE_PREFIX || name.startsWith(`${DATABASE_PREFIX}_`)
}

const NARROWED_DIGITS = 16

/** The database of an index's views as narrowed by a definition. */
export function narrowedDatabase(views: string, definition: string): string {
  const digest = createHash('sha256').update(definition).digest('hex').slice(0, NARROWED_DIGITS)
  return `${narrowedPrefix(views)}${digest}`
}

/** How the databases of narrowed views of an index begin. */
export function narrowedPrefix(views: string): string {
  return `${views}_only_`
}

/** Whether a database holds narrowed views of this very index, and not of one with a longer name. */
export function isNarrowedOf(views: string, database: string): boolean {
  const prefix = narrowedPrefix(views)
  return database.startsWith(prefix) && /^[0-9a-f]{16}$/.test(database.slice(prefix.length))
}
