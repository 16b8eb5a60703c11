import type { OpenDirectory } from '../directory.ts'
import type { Tenant } from '../tenant.ts'

/** Whether files can be made in the directory, as far as its opening showed; a ledger may be refused for another reason first. */
export function isWritable(
  { unwritable }: Pick<OpenDirectory, 'unwritable'>,
  { ledger }: { ledger: Pick<Tenant['ledger'], 'refusal'> },
): boolean {
  return unwritable === undefined && ledger.refusal?.code !== 'write_failed'
}
