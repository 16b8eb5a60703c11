/** Recording is refused right now and nothing was sequenced: resend later. */
export class Overloaded extends Error {
  /** Seconds after which a sender should try again. */
  readonly retryAfterSeconds = 1
}

/** The ledger does not take new entries; `code` says why. Reading goes on. */
export class NotSequencing extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** A tile that entries or proofs are read from is not there, although the ledger let go of everything it was made from. */
export class TileMissing extends Error {
  readonly code = 'tile_missing'
  constructor(level: number | 'entries', n: number) {
    super(`tile ${level}/${n} is missing`)
  }
}

/** The write was begun and its fate is unknown: the entries may or may not exist. Resending is safe. */
export class OutcomeUnknown extends Error {}
