/**
 * Whose process signs the checkpoints of which ledger: this one, or one of its own that is reached by a socket and holds the key of one
 * ledger. A ledger must not come to a weaker signer than its siblings without anybody having said so.
 */
import type { RemoteSigner } from '../ledger/signer-remote.ts'
import type { Clock } from '../platform/clock.ts'
import { connectSigner } from '../signer-connection.ts'
import { HostingError } from './errors.ts'
import { DEFAULT_LEDGER } from './ledger-name.ts'

/** Sockets of signers in processes of their own, by ledger. */
export type SignerSockets = ReadonlyMap<string, string>

export interface SignersOptions {
  clock: Clock
  sockets: SignerSockets
  /** New ledgers may be signed for in this process although the first one has a process of its own for that. */
  localForOthers: boolean
}

export class Signers {
  readonly #options: SignersOptions

  constructor(options: SignersOptions) {
    this.#options = options
  }

  /** The way to a ledger's own signer; undefined when it has none. Rejects with SignerUnavailable when it does not answer in time. */
  connect(ledger: string): Promise<RemoteSigner | undefined> {
    const { clock, sockets } = this.#options
    return connectSigner(sockets.get(ledger), clock)
  }

  /** Throws HostingError `signer_missing` when a new ledger of this name would have a weaker signer than the first one. */
  checkNew(ledger: string): void {
    const { localForOthers, sockets } = this.#options
    if (sockets.has(ledger) || !sockets.has(DEFAULT_LEDGER) || localForOthers) return
    throw new HostingError(
      'signer_missing',
      `ledger ${DEFAULT_LEDGER} is signed for in a process of its own: start one for ${ledger} and name it with --signer-socket ${ledger}=PATH, or start the server with --local-signer-for-others`,
    )
  }
}
