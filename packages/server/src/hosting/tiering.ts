/**
 * Where the months of an index go: a store of objects for all ledgers of a server, and the turns in which months move there. Once months
 * have gone somewhere, the place is remembered: whatever opens the directory later finds them, and moves no further ones unless asked to.
 */
import { resolve } from 'node:path'
import { toHex } from '@deponent/format'
import { ledgerIdOf } from '../ledger/wal-frame.ts'
import type { Clock } from '../platform/clock.ts'
import { realDisk } from '../platform/disk.ts'
import { ExplainedError } from '../platform/explained-error.ts'
import { reasonOf } from '../platform/failure.ts'
import { absoluteAddress, directoryOfStore, openObjectStore } from '../platform/open-store.ts'
import { realRandom } from '../platform/random.ts'
import type { StateStore } from '../platform/state-store.ts'
import type { Projection } from '../projection/index.ts'
import { readObjects } from '../projection/tiers/object-reader.ts'
import {
  ledgersInFiles,
  rememberedStore,
  rememberStore,
  StoredTierStates,
} from '../projection/tiers/stored-states.ts'
import type { TierSettings } from '../projection/tiers/tiers.ts'
import type { Tenant } from '../tenant.ts'
import type { Undo } from '../undo.ts'

/** What `serve` is told of tiers. */
export interface WarmSettings {
  /** Of a store of objects, as `openObjectStore` takes it. */
  readonly address: string
  /** Whether nothing of months is left at an address they were at before. */
  readonly areMoved?: boolean
  readonly hotDays: number
  readonly warmDays: number
}

export const HOT_DAYS = 30
export const WARM_DAYS = 365

/** The store that is named is not the one that holds months: what lies there would be neither read nor erased. */
class MonthsElsewhere extends ExplainedError {
  constructor(address: string) {
    super(
      `months of the index lie, or something of them is left, at ${address}: start with that address, or run \`deponent reindex\` first, ` +
        'which takes them back and removes the files; with --warm-moved when nothing is left there, because all of it was moved to the new address or is lost',
    )
  }
}

/** What of a ledger decides where its months are. */
interface Indexed {
  readonly name: string
  readonly ledger: Pick<Tenant['ledger'], 'origin' | 'refusal'>
}

type OpenedStore = Pick<TierSettings, 'directory' | 'forget' | 'store' | 'url'>

/** The store of a server's months, opened when the first ledger needs it. */
export class WarmStore {
  readonly #settings: WarmSettings | undefined
  readonly #directory: string
  readonly #undo: Undo
  #opened: Promise<OpenedStore> | undefined

  /** `directory`: of the data; without settings months are only read, where there are any. */
  constructor(settings: WarmSettings | undefined, directory: string, undo: Undo) {
    this.#settings = settings
    // The engine has a directory of its own that other paths begin at.
    this.#directory = resolve(directory)
    this.#undo = undo
  }

  /** How the months of a ledger are kept; undefined when none are, or will be. @throws StoreAddressError · MonthsElsewhere */
  async settingsFor({ ledger, name }: Indexed, store: StateStore): Promise<TierSettings | undefined> {
    const told = this.#settings ?? this.#remembered(store, name)
    if (!told) return undefined
    const address = absoluteAddress(told.address)
    const before = rememberedStore(store)
    const isAnother = before !== undefined && before !== address
    if (isAnother && !told.areMoved && ledgersInFiles(store).size > 0) throw new MonthsElsewhere(before)
    const opened = await this.#open(address)
    rememberStore(store, address)
    return {
      ...opened,
      ledger: `${name}-${toHex(ledgerIdOf(ledger.origin)).slice(0, 16)}`,
      scratch: `${this.#directory}/index-scratch/${name}`,
      disk: realDisk,
      states: new StoredTierStates(store, name),
      // A copy of a directory knows where the original's months lie.
      isOwner: ledger.refusal === undefined,
      hotDays: told.hotDays,
      warmDays: told.warmDays,
    }
  }

  #remembered(store: StateStore, ledger: string): WarmSettings | undefined {
    const address = ledgersInFiles(store).has(ledger) ? rememberedStore(store) : undefined
    if (address === undefined) return undefined
    return { address, hotDays: Infinity, warmDays: Infinity }
  }

  #open(address: string): Promise<OpenedStore> {
    const open = async (): Promise<OpenedStore> => {
      const store = await openObjectStore(address)
      this.#undo.add(() => store.close())
      const directory = directoryOfStore(address)
      if (directory !== undefined) return { store, directory }
      const { close, forget, url } = await readObjects(store, realRandom)
      this.#undo.add(close)
      return { store, forget, url }
    }
    return (this.#opened ??= open())
  }
}

const FIRST_MS = 60_000
const EVERY_MS = 60 * 60 * 1_000
const AGAIN_MS = 5 * 60 * 1_000

/** Moves the months of one index when their time has come. */
export class Tiering {
  readonly #projection: Pick<Projection, 'moveMonths' | 'tiers'>
  readonly #clock: Clock
  readonly #diagnose: (message: string, details?: Record<string, unknown>) => void
  #cancel = () => {}
  #turn: Promise<void> = Promise.resolve()
  #isClosed = false
  #trouble = ''

  constructor(
    projection: Pick<Projection, 'moveMonths' | 'tiers'>,
    clock: Clock,
    diagnose: (message: string, details?: Record<string, unknown>) => void,
  ) {
    this.#projection = projection
    this.#clock = clock
    this.#diagnose = diagnose
  }

  /** Why months do not move, or cannot be read; '' while all is well. */
  get trouble(): string {
    return this.#trouble
  }

  begin(): void {
    if (this.#projection.tiers()) this.#after(FIRST_MS)
  }

  /** Has a turn taken soon, because something was let go. */
  soon(): void {
    this.#cancel()
    this.#after(0)
  }

  /** Resolves when the turn under way has ended, which it does when its index stops. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancel()
    await this.#turn
  }

  #after(ms: number): void {
    if (this.#isClosed) return
    this.#cancel = this.#clock.after(ms, () => {
      this.#turn = this.#turn.then(() => this.#take())
    })
  }

  async #take(): Promise<void> {
    if (this.#isClosed) return
    let damage = ''
    try {
      // First: what cannot be read keeps months from moving, and questions have to be told of it.
      const damaged = (await this.#projection.tiers()?.damaged()) ?? []
      if (damaged.length > 0) damage = `files of ${damaged.join(', ')} are missing or others`
      const months = await this.#projection.moveMonths()
      if (months.length > 0) this.#diagnose('months of the index moved to files', { months })
      this.#note(damage)
      this.#after(EVERY_MS)
    } catch (error) {
      if (!this.#isClosed) this.#note(damage === '' ? reasonOf(error) : damage)
      this.#after(AGAIN_MS)
    }
  }

  #note(trouble: string): void {
    if (trouble !== '' && trouble !== this.#trouble)
      this.#diagnose('months of the index do not move, or cannot be read', { reason: trouble })
    this.#trouble = trouble
  }
}
