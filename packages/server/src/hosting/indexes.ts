/**
 * Where the ledgers of a server are indexed. Each has databases of its own; the embedded engine keeps those of another ledger than
 * the first in a directory beside the first one's.
 */
import { createHash } from 'node:crypto'
import type { OpenDirectory } from '../directory.ts'
import { temporaryDirectory } from '../platform/places.ts'
import { SqliteStateStore, type StateStore } from '../platform/state-store.ts'
import { EngineStopped } from '../projection/engine/engine.ts'
import { DEFAULT_SETTINGS, Projection, type ProjectionSettings } from '../projection/index.ts'
import { StoredPositions } from '../projection/positions.ts'
import type { Tenant } from '../tenant.ts'
import type { Undo } from '../undo.ts'
import { DEFAULT_LEDGER } from './ledger-name.ts'
import { sourceOf } from './projection-source.ts'
import { isWritable } from './writable.ts'

export interface IndexesOptions {
  directory: OpenDirectory
  /** A ClickHouse server to use instead of the embedded one. */
  clickhouseUrl?: string | undefined
  diagnose(message: string, details?: Record<string, unknown>): void
}

/** Starts the index of a ledger, and adds to `undo` what ends it. */
export interface StartsProjections {
  start(tenant: Tenant, undo: Undo): Promise<Projection>
}

export class Indexes implements StartsProjections {
  readonly #options: IndexesOptions

  constructor(options: IndexesOptions) {
    this.#options = options
  }

  /**
   * Starts the index where it lies in the directory. Where it cannot be written or opened it is filled anew somewhere else, for
   * the length of this process: what is recorded can still be found, and an index that broke keeps nobody from recording.
   */
  async start(tenant: Tenant, undo: Undo): Promise<Projection> {
    const { directory, diagnose } = this.#options
    if (isWritable(directory, tenant)) {
      const path = indexPathOf(directory.path, tenant.name)
      try {
        return await this.#startIn(path, directory.store, tenant, undo)
      } catch (error) {
        if (!(error instanceof EngineStopped)) throw error
        diagnose('the index does not open; another is filled for as long as this server runs', {
          ledger: tenant.name,
          reason: error.message,
          remedy: `stop the server and remove ${path}: it is built again from the ledger`,
        })
      }
    }
    const { path, remove } = await temporaryDirectory()
    undo.add(remove)
    const store = new SqliteStateStore(':memory:')
    undo.add(() => store.close())
    return this.#startIn(path, store, tenant, undo)
  }

  async #startIn(path: string, store: StateStore, tenant: Tenant, undo: Undo): Promise<Projection> {
    const projection = await Projection.start({
      directory: path,
      positions: new StoredPositions(store, tenant.name),
      source: sourceOf(tenant),
      settings: settingsOf(tenant.name, this.#options.clickhouseUrl),
      resolveSubject: (subject) => tenant.reader.handlesOf(subject),
      onFieldSealed: (system, field) => tenant.fieldSealed(system, field),
    })
    undo.add(() => projection.stop())
    return projection
  }
}

function indexPathOf(directory: string, ledger: string): string {
  return ledger === DEFAULT_LEDGER ? `${directory}/index` : `${directory}/index-${ledger}`
}

function settingsOf(ledger: string, clickhouseUrl: string | undefined): ProjectionSettings {
  const settings = { ...DEFAULT_SETTINGS, database: databaseOf(ledger) }
  if (clickhouseUrl === undefined) return settings
  const url = new URL(clickhouseUrl)
  const server = {
    url: url.origin,
    username: decodeURIComponent(url.username) || 'default',
    password: decodeURIComponent(url.password),
  }
  return { ...settings, server }
}

/**
 * The name of a ledger's databases. An index NAME has a second database NAME_index, so a ledger whose own name ends that way is named
 * by a digest, which begins with a digit as no ledger's name does: no two ledgers meet in one database.
 */
export function databaseOf(ledger: string): string {
  const { database } = DEFAULT_SETTINGS
  if (ledger === DEFAULT_LEDGER) return database
  if (!/(?:^|-)index$/.test(ledger)) return `${database}_${ledger.replaceAll('-', '_')}`
  return `${database}_0${createHash('sha256').update(ledger).digest('hex').slice(0, 16)}`
}
