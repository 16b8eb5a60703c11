/** Keys that sign, in a directory that is put back from before one of them was changed. */
import { type KeyUse, promiseName } from '@deponent/format'
import { currentKey, type LedgerIdentity } from '../ledger/identity.ts'
import { readSeed, SigningKey } from '../ledger/signing-key.ts'
import type { Disk } from '../platform/disk.ts'

const USES: readonly KeyUse[] = ['checkpoint', 'promise']

/**
 * Takes away the keys that came after those which the ledger names: the older are gone for good, and these sign nothing of it. Gives
 * their uses. The ledger can be checked, and succeeded by another.
 */
export async function removeLaterKeys(
  disk: Disk,
  keyring: string,
  ledger: string,
  identity: LedgerIdentity,
): Promise<KeyUse[]> {
  const removed: KeyUse[] = []
  for (const use of USES) {
    const path = `${keyring}/${ledger}.${use}.key`
    const seed = await readSeed(disk, path)
    const name = use === 'promise' ? promiseName(identity.origin) : identity.origin
    if (!seed || new SigningKey(name, seed).vkey === currentKey(identity, use)) continue
    await disk.remove(path)
    removed.push(use)
  }
  await disk.syncDirectory(keyring)
  return removed
}
