import { ExplainedError } from '../platform/explained-error.ts'

/** Why a backup was not made, read or put back. */
export type RefusalCode =
  | 'not_a_directory'
  | 'same_place'
  | 'keyring_older'
  | 'ledger_behind'
  | 'keeps_changing'
  | 'wal_corrupt'
  | 'another_directory'
  | 'keyring_missing'
  | 'keyring_damaged'
  | 'no_snapshot'
  | 'object_missing'
  | 'object_damaged'
  | 'not_empty'
  | 'not_valid'

/** A backup was not made, read or put back; the message says why and what to do, and nothing was left half done. */
export class BackupRefused extends ExplainedError {
  readonly code: RefusalCode

  constructor(code: RefusalCode, message: string) {
    super(message)
    this.code = code
  }
}
