/** What a ledger may ask of whoever signs its checkpoints, wherever that key lies: in this process or in one of its own. */
import type { CompactRange } from '@deponent/format'
import { ExplainedError } from '../platform/explained-error.ts'

/** The head the signer last signed. */
export interface SignedHead {
  size: number
  root: Uint8Array
  note: string
}

/** What a signer in this process may ask of storage; one in a process of its own reads for itself. */
export interface StoredEntries {
  /** Entries [from, to) read back from disk, in order, in pieces. */
  readBack(from: number, to: number): AsyncIterable<readonly Uint8Array[]>
}

/** Every call may reject with SigningRefused, and with SignerUnavailable when the signer is in another process. */
export interface CheckpointSigner {
  /** The last head signed as far as it is known here, or undefined when no state exists. */
  head(): SignedHead | undefined
  /** Makes the state that was read durable: the life that wrote it may have ended before its name was. */
  makeDurable(): Promise<void>
  /** Removes what a life that ended in the middle of writing this state left; the states of other keys lie beside it. */
  removeLeftovers(): Promise<void>
  /** Creates the state at size 0; done once, before the ledger's first frame is written. */
  begin(): Promise<void>
  /** Takes a head as the last one signed, on the operator's word (`--accept-head`). `range` is the tree at that size. */
  accept(range: CompactRange): Promise<void>
  /** Continues from the stored tree at the last signed size; refuses when its root is another. */
  resume(range: CompactRange): Promise<void>
  /** Re-reads entries up to `size`, checks them against `expectedRoot`, persists the new head and returns its signed note. */
  advance(size: number, expectedRoot: Uint8Array, stored: StoredEntries): Promise<string>
}

/** Thrown when signing would contradict what was signed before, or storage does not hold what it should. */
export class SigningRefused extends ExplainedError {
  /** Why, as a stable word: `signing_refused`, or `signer_state_missing`. */
  readonly code: string
  constructor(message: string, code = 'signing_refused') {
    super(message)
    this.code = code
  }
}

/** The signer's process did not answer: nothing is known to be wrong, and asking again later is right. */
export class SignerUnavailable extends ExplainedError {
  readonly code = 'signer_unreachable'
}
