export type HostingErrorCode =
  /** It may not be called so. */
  | 'bad_value'
  | 'ledger_exists'
  /** There is none, or none that is available. */
  | 'not_found'
  /** Its checkpoints would be signed in the server's process while those of its siblings are not. */
  | 'signer_missing'
  | 'too_many_ledgers'
  /** It could not be opened, and may be at the next start. */
  | 'ledger_unavailable'

/** A ledger is not created or archived, for a reason whoever asked can act on. */
export class HostingError extends Error {
  readonly code: HostingErrorCode

  constructor(code: HostingErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
