/** The ledger every directory has, and the one that is meant when none is named. */
export const DEFAULT_LEDGER = 'default'

const NAME = /^[a-z][a-z0-9-]{0,31}$/

/** Whether a ledger may be called so. The names of ledgers that were succeeded have a dot and belong to nobody else. */
export function isLedgerName(text: string): boolean {
  return NAME.test(text)
}
