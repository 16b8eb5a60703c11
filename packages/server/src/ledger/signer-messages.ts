/** What a ledger and a signer in a process of its own say to each other: one line of JSON each way, hashes in base64. */

/** One question. Everything about bytes the signer finds out for itself; a size and a root say only what is expected. */
export type SignerQuestion =
  | { ask: 'describe' }
  /** Mints the key of this ledger, unless there is one. */
  | { ask: 'adopt'; origin: string }
  | { ask: 'begin' }
  | { ask: 'accept' | 'resume' | 'advance'; size: number; root: string }
  /** Mints the next key, unless there is one, and states that it counts from this size on. */
  | { ask: 'stateRotation'; from: number }
  /** Signs the last head with both keys and goes on under the next. */
  | { ask: 'countersign'; size: number }
  /** The change is on record: the older key may go. */
  | { ask: 'promote'; vkey: string }

/** What a signer says of itself. */
export interface SignerDescription {
  /** Absent while it holds no key. */
  origin?: string
  vkey?: string
  /** The next key, while a rotation is under way. */
  next?: string
  /** The last head it signed, a checkpoint note. */
  head?: string
  /** The answer to `stateRotation`: the statement as a note under both keys. */
  statement?: string
}

export type SignerAnswer = { description: SignerDescription } | { refused: { code: string; message: string } }
