/**
 * Where the ledgers of a server are indexed: one engine for all of them, in which each has databases of its own. A ledger whose
 * directory cannot be written, and every ledger when the engine does not open its data, is indexed in another engine that lasts as long
 * as the process.
 */
import type { OpenDirectory } from '../directory.ts'
import { realDisk } from '../platform/disk.ts'
import { emptyDirectory, temporaryDirectory } from '../platform/places.ts'
import { removeScratch } from '../platform/scratch.ts'
import { SqliteStateStore, type StateStore } from '../platform/state-store.ts'
import {
  databaseOfLedger,
  DEFAULT_SETTINGS,
  EngineStopped,
  type EngineSettings,
  type FieldRules,
  IndexEngine,
  Projection,
  serverOf,
} from '../projection/index.ts'
import { StoredPositions } from '../projection/positions.ts'
import { SEALED_PARTS } from '../projection/engine/sealed-storage.ts'
import type { Tenant } from '../tenant.ts'
import { Undo } from '../undo.ts'
import { deriveKey, INDEX_KEY } from '../vault/root-key.ts'
import { sourceOf } from './projection-source.ts'
import { type WarmSettings, WarmStore } from './tiering.ts'
import { isWritable } from './writable.ts'

export interface IndexesOptions {
  directory: OpenDirectory
  /** A ClickHouse server to use instead of the embedded one. */
  clickhouseUrl?: string | undefined
  /** Where months go when they are over; they stay in the index when absent. */
  warm?: WarmSettings | undefined
  diagnose(message: string, details?: Record<string, unknown>): void
}

/** Starts the index of a ledger, and adds to `undo` what ends it. */
export interface StartsProjections {
  start(tenant: Tenant, undo: Undo, rules: () => FieldRules): Promise<Projection>
}

/** An engine, and where positions in it are remembered. */
interface Place {
  readonly engine: IndexEngine
  readonly store: StateStore
  /** It lasts as long as the process, and another index lies in the directory. */
  readonly isSubstitute: boolean
}

export class Indexes implements StartsProjections {
  readonly #options: IndexesOptions
  readonly #undo = new Undo()
  #lasting: Promise<Place> | undefined
  #passing: Promise<Place> | undefined
  readonly #warm: WarmStore

  constructor(options: IndexesOptions) {
    this.#options = options
    this.#warm = new WarmStore(options.warm, options.directory.path, this.#undo)
  }

  /**
   * Starts the index where it lies in the directory. Where it cannot be written or opened it is filled anew somewhere else, for
   * the length of this process: what is recorded can still be found, and an index that broke keeps nobody from recording.
   */
  async start(tenant: Tenant, undo: Undo, rules: () => FieldRules): Promise<Projection> {
    const { engine, store, isSubstitute } = await this.#placeFor(tenant)
    // An index for the time being keeps everything itself, and leaves what another has put into files alone.
    const tiers = isSubstitute ? undefined : await this.#warm.settingsFor(tenant, store)
    const projection = await Projection.start({
      engine,
      isSubstitute,
      ...(tiers && { tiers }),
      database: databaseOfLedger(tenant.name),
      positions: new StoredPositions(store, tenant.name),
      source: sourceOf(tenant),
      rules,
      resolveSubject: (subject) => tenant.reader.handlesOf(subject),
      onFieldSealed: (system, field) => tenant.fieldSealed(system, field),
    })
    undo.add(() => projection.stop())
    return projection
  }

  /** Ends the engines; after the indexes in them. */
  close(): Promise<void> {
    return this.#undo.run()
  }

  async #placeFor(tenant: Tenant): Promise<Place> {
    const { directory, diagnose } = this.#options
    if (!isWritable(directory, tenant)) return this.#passingPlace()
    try {
      return await (this.#lasting ??= this.#lastingPlace())
    } catch (error) {
      if (!(error instanceof EngineStopped)) throw error
      const path = `${directory.path}/index`
      diagnose('the index does not open; another is filled for as long as this server runs', {
        ledger: tenant.name,
        reason: error.message,
        remedy: `stop the server and remove ${path}: it is built again from the ledger`,
      })
      return this.#passingPlace()
    }
  }

  async #lastingPlace(): Promise<Place> {
    const { path, store } = this.#options.directory
    const directory = `${path}/index`
    if (this.#options.clickhouseUrl === undefined) await this.#removeUnsealed(directory)
    // An index of our own that a server took the place of: nothing would erase anything in it any more.
    else await removeScratch(directory)
    return { engine: await this.#engineIn(directory), store, isSubstitute: false }
  }

  #passingPlace(): Promise<Place> {
    const begin = async (): Promise<Place> => {
      const { path, remove } = await temporaryDirectory()
      this.#undo.add(remove)
      const store = new SqliteStateStore(':memory:')
      this.#undo.add(() => store.close())
      return { engine: await this.#engineIn(path), store, isSubstitute: true }
    }
    return (this.#passing ??= begin())
  }

  /** An index whose parts lie in the clear, as earlier builds left them, goes as a whole; the next is filled from the ledger. */
  async #removeUnsealed(index: string): Promise<void> {
    const names = await realDisk.list(index)
    if (!names.includes('metadata') || names.includes(SEALED_PARTS)) return
    this.#options.diagnose('the index was not encrypted; it is removed and filled again')
    await emptyDirectory(index)
  }

  async #engineIn(directory: string): Promise<IndexEngine> {
    const sealKey = deriveKey(this.#options.directory.master.key, INDEX_KEY)
    const engine = await IndexEngine.start({
      directory,
      sealKey,
      settings: settingsOf(this.#options.clickhouseUrl),
    })
    this.#undo.add(() => engine.stop())
    return engine
  }
}

function settingsOf(clickhouseUrl: string | undefined): EngineSettings {
  if (clickhouseUrl === undefined) return DEFAULT_SETTINGS
  return { ...DEFAULT_SETTINGS, server: serverOf(clickhouseUrl) }
}
