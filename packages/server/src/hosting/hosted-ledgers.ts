/**
 * The ledgers of one server. Each has its own origin, keys, vault, derived state, index databases and numbers; what they share is the
 * directory, its root key, its state store and the index engine.
 *
 * Invariants:
 * - the first ledger always runs: a server without it does not start. Any other may fail to open, and keeps nobody else from serving;
 * - `format.json` names a ledger only when all that it is known by is durable, so a creation that is cut short leaves no ledger, or one
 *   that opens at the next start; what it left besides is taken up by the next creation of that name;
 * - ledgers are created one after another, and no name twice.
 */
import { isKeptOn } from '../ledger/identity.ts'
import type { RemoteSigner } from '../ledger/signer-remote.ts'
import { HostingError } from './errors.ts'
import { type HostedLedger, type LedgerParts, openLedger, type RunningLedger } from './hosted-ledger.ts'
import { DEFAULT_LEDGER, isLedgerName } from './ledger-name.ts'
import { processMetricsOf } from './process-gauges.ts'
import type { RequestMetrics } from './metrics.ts'
import type { Signers } from './signers.ts'
import { storageWatchOf } from './measuring.ts'
import type { StorageWatch } from '../sizes/storage-watch.ts'

/** Each ledger has threads, timers and files of its own. */
export const LEDGERS_MAX = 64

export interface HostingOptions extends Omit<LedgerParts, 'sharers' | 'storage'> {
  signers: Signers
}

/** A ledger that could not be opened at the start. */
export interface UnavailableLedger {
  readonly name: string
  readonly origin: string | undefined
  /** Why, for operators. */
  readonly reason: string
}

export class HostedLedgers {
  /** Numbers of the process that belong to no ledger. */
  readonly metrics: RequestMetrics
  readonly #options: HostingOptions
  /** What the ledgers take. */
  readonly #storage: StorageWatch
  readonly #running = new Map<string, RunningLedger>()
  readonly #unavailable = new Map<string, UnavailableLedger>()
  readonly #beingCreated = new Set<string>()
  /** The last creation that was begun. */
  #creating: Promise<unknown> = Promise.resolve()
  #isClosing = false

  private constructor(options: HostingOptions) {
    this.#options = options
    this.metrics = processMetricsOf(this)
    this.#storage = storageWatchOf(() => this.all(), options)
  }

  /** Opens the first ledger and every other that was not succeeded; rejects, leaving nothing running, when the first does not open. */
  static async open(options: HostingOptions): Promise<HostedLedgers> {
    const hosted = new HostedLedgers(options)
    const { ledgers } = options.directory.format
    const others = Object.keys(ledgers).filter((name) => name !== DEFAULT_LEDGER && isKeptOn(ledgers[name]!))
    await hosted.#open(DEFAULT_LEDGER, await options.signers.connect(DEFAULT_LEDGER))
    hosted.#storage.begin()
    const connecting = connectAll(options.signers, others)
    for (const [name, signer] of connecting) await hosted.#openOther(name, signer)
    return hosted
  }

  /** The ledger every directory has. */
  get default(): HostedLedger {
    return this.get(DEFAULT_LEDGER)!
  }

  /** The ledger of this name that is served; undefined when there is none or it is not available. */
  get(name: string): HostedLedger | undefined {
    return this.#running.get(name)
  }

  /** Every ledger that is served, in the order of their names but the first one first. */
  all(): HostedLedger[] {
    const names = [...this.#running.keys()].filter((name) => name !== DEFAULT_LEDGER).toSorted()
    return [DEFAULT_LEDGER, ...names].flatMap((name) => this.get(name) ?? [])
  }

  /** Ledgers that could not be opened; a later start tries again. */
  unavailable(): UnavailableLedger[] {
    return [...this.#unavailable.values()]
  }

  /**
   * Makes a ledger and serves it; HostingError when it may not be made. What fails on the way rejects: then there is no ledger, or one
   * that is not available until the next start.
   */
  async create(name: string): Promise<HostedLedger> {
    this.#checkNew(name)
    this.#beingCreated.add(name)
    const created = this.#creating.then(() => this.#create(name))
    this.#creating = created.catch(() => undefined)
    try {
      return await created
    } finally {
      this.#beingCreated.delete(name)
    }
  }

  /** Ends every ledger; what is being created is finished before. */
  async close(): Promise<void> {
    this.#isClosing = true
    await this.#creating
    await this.#storage.close()
    const ended = await Promise.allSettled([...this.#running.values()].map((ledger) => ledger.close()))
    this.#running.clear()
    const failed = ended.find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
  }

  async #open(name: string, signer: RemoteSigner | undefined): Promise<RunningLedger> {
    const parts = {
      ...this.#options,
      storage: this.#storage,
      sharers: () => Math.max(1, this.#running.size),
    }
    const running = await openLedger(parts, name, signer)
    this.#running.set(name, running)
    return running
  }

  /** Opens a ledger beside the first one; one that does not open is told of and left. */
  async #openOther(name: string, signer: Promise<RemoteSigner | undefined>): Promise<void> {
    try {
      await this.#open(name, await signer)
    } catch (error) {
      this.#leave(name, error)
    }
  }

  #leave(name: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    const origin = this.#options.directory.format.ledgers[name]?.origin
    this.#unavailable.set(name, { name, origin, reason })
    this.#options.diagnose('a ledger does not open; the others are served', { ledger: name, reason })
  }

  #checkNew(name: string): void {
    const { directory, signers } = this.#options
    if (!isLedgerName(name))
      throw new HostingError(
        'bad_value',
        'a ledger is named by 1 to 32 lower-case letters, digits and dashes, a letter first',
      )
    const { ledgers } = directory.format
    if (Object.hasOwn(ledgers, name) || this.#beingCreated.has(name))
      throw new HostingError('ledger_exists', 'there is a ledger of this name')
    if (this.#running.size + this.#unavailable.size + this.#beingCreated.size >= LEDGERS_MAX)
      throw new HostingError('too_many_ledgers', `a server keeps at most ${LEDGERS_MAX} ledgers`)
    signers.checkNew(name)
  }

  async #create(name: string): Promise<RunningLedger> {
    if (this.#isClosing) throw new HostingError('ledger_unavailable', 'the server is stopping')
    const { directory, signers } = this.#options
    if (directory.unwritable !== undefined) throw new HostingError('ledger_unavailable', directory.unwritable)
    const signer = await signers.connect(name)
    try {
      return await this.#open(name, signer)
    } catch (error) {
      if (Object.hasOwn(directory.format.ledgers, name)) this.#leave(name, error)
      throw error
    }
  }
}

/** Connects to all of them at once: each may be one that is being started, and is waited for. */
function connectAll(
  signers: Signers,
  names: readonly string[],
): Map<string, Promise<RemoteSigner | undefined>> {
  const connecting = new Map(names.map((name) => [name, signers.connect(name)]))
  // Each is waited for in its turn; one that failed before that is no surprise.
  for (const signer of connecting.values()) signer.catch(() => undefined)
  return connecting
}
