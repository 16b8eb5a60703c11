/**
 * Heads that others remember: checkpoints and promises of this ledger, brought by those it gave them to. One that the ledger does not
 * reach, or does not agree with, proves that this is an older copy or another history, and the ledger must not be written; signatures
 * by other keys prove nothing and are passed over.
 */
import {
  type Checkpoint,
  equalBytes,
  FormatError,
  fromBase64,
  fromUtf8,
  keepsPromise,
  type LedgerPromise,
  parseTrust,
  promiseName,
  type Trust,
  verifyCheckpointNote,
  verifyPromiseNote,
} from '@deponent/format'
import type { StateStore } from '../platform/state-store.ts'
import { NotSequencing } from './errors.ts'
import type { LedgerIdentity } from './identity.ts'
import { nativeVerify } from './signing-key.ts'

/** Notes that were looked at and agree; senders bring the same one until they get another. */
const REMEMBERED_MAX = 1_024

/** What of the ledger a head is held against. */
export interface HeldLedger {
  readonly size: number
  rootAt(size: number): Promise<Uint8Array>
  leafHashes(start: number, end: number): Promise<readonly Uint8Array[]>
  /** Ends writing. */
  refuse(reason: NotSequencing): void
}

export class SeenHeads {
  readonly #ledger: HeldLedger
  readonly #identity: () => LedgerIdentity
  readonly #store: StateStore
  readonly #name: string
  readonly #agreed = new Set<string>()

  /** `name` is the ledger's, under which a head that accuses it is kept over restarts. */
  constructor(ledger: HeldLedger, identity: () => LedgerIdentity, store: StateStore, name: string) {
    this.#ledger = ledger
    this.#identity = identity
    this.#store = store
    this.#name = name
    store.run('CREATE TABLE IF NOT EXISTS accusing_heads (ledger TEXT PRIMARY KEY, note TEXT) WITHOUT ROWID')
  }

  /** Looks again at the head that accused the ledger in an earlier life; on the operator's word (`accept`) it is forgotten. */
  async recall(accept: boolean): Promise<void> {
    const note = this.#store.get('SELECT note FROM accusing_heads WHERE ledger = ?', this.#name)?.note
    if (typeof note !== 'string') return
    if (accept) this.#store.run('DELETE FROM accusing_heads WHERE ledger = ?', this.#name)
    else await this.#consider(note)
  }

  /** Takes what a sender brought, a note in base64. Never rejects because of what it says. */
  async consider(brought: string): Promise<void> {
    if (this.#agreed.has(brought)) return
    const note = noteOf(brought)
    if (note === undefined || !(await this.#consider(note))) return
    this.#agreed.add(brought)
    if (this.#agreed.size > REMEMBERED_MAX) this.#agreed.delete(this.#agreed.values().next().value!)
  }

  /** True when the note is a statement of this ledger and agrees with it. */
  async #consider(note: string): Promise<boolean> {
    const trust = this.#trust()
    const { origin } = this.#identity()
    const isPromise = note.startsWith(`${promiseName(origin)}\n`)
    const { stated, signed } = isPromise
      ? verifyPromiseNote(note, trust, nativeVerify)
      : verifyCheckpointNote(note, trust, nativeVerify)
    if (!signed || !stated || stated.origin !== origin) return false
    const accusation =
      'size' in stated ? await this.#againstCheckpoint(stated) : await this.#againstPromise(stated)
    if (accusation === undefined) return true
    // First of all nothing more is written; that must not hang on whether the store can be.
    this.#ledger.refuse(new NotSequencing('ledger_behind', accusation))
    this.#store.run('INSERT OR IGNORE INTO accusing_heads (ledger, note) VALUES (?, ?)', this.#name, note)
    return false
  }

  async #againstCheckpoint({ size, root }: Checkpoint): Promise<string | undefined> {
    if (size > this.#ledger.size)
      return `a sender holds a checkpoint of ${size} entries, the ledger has ${this.#ledger.size}`
    if (equalBytes(await this.#ledger.rootAt(size), root)) return undefined
    return `a sender holds a checkpoint of ${size} entries that this ledger does not lead to`
  }

  async #againstPromise(promise: LedgerPromise): Promise<string | undefined> {
    const { start, end } = promise
    if (end > this.#ledger.size)
      return `a sender holds a promise of entries ${start}..${end}, the ledger has ${this.#ledger.size}`
    if (keepsPromise(promise, await this.#ledger.leafHashes(start, end))) return undefined
    return `a sender holds a promise of entries ${start}..${end} that this ledger does not keep`
  }

  /** The ledger's own keys; who sends a head need not be believed about whose it is. */
  #trust(): Trust {
    const { origin, keys } = this.#identity()
    return parseTrust({ ledgers: [{ origin, keys, witnesses: [], quorum: 0, timestampRoots: [] }] })
  }
}

function noteOf(brought: string): string | undefined {
  try {
    return fromUtf8(fromBase64(brought))
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
