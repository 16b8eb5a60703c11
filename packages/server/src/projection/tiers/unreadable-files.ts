/** Which months cannot be read, because a file of theirs is missing or another than was put, or their store is away. */
import { MonthsUnreadable, StatementRefused } from '../engine/client.ts'
import type { TierMonth } from './tier-month.ts'
import type { TierStore } from './tier-store.ts'

/** INCORRECT_DATA: a file that ends too early, but also what a statement itself is given. */
const DATA_CODE = 117
/** What the engine refuses a statement with when it could not read a file, rather than the statement. */
const FILE_CODES = new Set([
  74, // CANNOT_READ_FROM_FILE_DESCRIPTOR
  76, // CANNOT_OPEN_FILE
  86, // RECEIVED_ERROR_FROM_REMOTE_IO_SERVER
  107, // FILE_DOESNT_EXIST
  DATA_CODE,
  209, // SOCKET_TIMEOUT
  210, // NETWORK_ERROR
  1000, // POCO_EXCEPTION
])

export class UnreadableFiles {
  readonly #store: TierStore
  readonly #months: () => readonly TierMonth[]
  /** Months that questions read, of which files are known to be missing. */
  #missing: readonly string[] = []

  constructor(store: TierStore, months: () => readonly TierMonth[]) {
    this.#store = store
    this.#months = months
  }

  isMissing(month: string): boolean {
    return this.#missing.includes(month)
  }

  /** Looks for every object by name and size, and gives the months of which one is not there as it was put. */
  async look(): Promise<string[]> {
    const damaged: TierMonth[] = []
    for (const month of this.#months()) if (!(await this.#isThere(month))) damaged.push(month)
    this.#missing = damaged.filter(({ state }) => state !== 'archived').map(({ month }) => month)
    return damaged.map(({ month }) => month)
  }

  /** @throws MonthsUnreadable when files are known to be missing */
  refuseMissing(): void {
    if (this.#missing.length > 0) throw new MonthsUnreadable(this.#missing)
  }

  /** Why a question failed: MonthsUnreadable in place of what the engine says of files. */
  async reasonOf(error: unknown): Promise<unknown> {
    const isOfFiles = error instanceof StatementRefused && FILE_CODES.has(error.code)
    if (!isOfFiles || this.#months().length === 0) return error
    // Where that is cheap, what is missing is known from now on.
    if (this.#store.isDirectory) await this.look()
    // A statement can be of wrong data itself.
    const isKnown = this.#missing.length > 0 || error.code !== DATA_CODE
    return isKnown ? new MonthsUnreadable(this.#missing) : error
  }

  async #isThere({ archives, files, state }: TierMonth): Promise<boolean> {
    for (const { key, bytes } of state === 'archived' ? archives : files)
      if (!(await this.#store.has(key, bytes))) return false
    return true
  }
}
