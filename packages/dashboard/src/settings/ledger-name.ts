/** Whether a name may be that of a ledger. */
export function isLedgerName(name: string): boolean {
  return /^[a-z][a-z0-9-]{0,31}$/.test(name)
}
