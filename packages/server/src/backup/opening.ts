/** The master key that opens a backup, from the copy of the keyring, where the data directory is gone or elsewhere. */
import type { Disk } from '../platform/disk.ts'
import type { ObjectStore } from '../platform/object-store.ts'
import { makeScratch, removeScratch } from '../platform/scratch.ts'
import { readMasterKey } from '../vault/master-key.ts'
import type { RootSource } from '../vault/root-source.ts'
import { getOpening } from './keyring-copy.ts'
import { BackupRefused } from './refusal.ts'

/** 32 bytes. `rootOf` says where the root key is of a data directory at this path. BackupRefused, RootKeyMissing, KeyServiceFailure. */
export async function openingMaster(
  disk: Disk,
  keyring: ObjectStore,
  rootOf: (data: string) => RootSource,
): Promise<Uint8Array> {
  const { opening } = await getOpening(keyring)
  const scratch = await makeScratch('deponent-opening')
  try {
    await disk.makeDirectory(`${scratch}/keyring`, 0o700)
    for (const [name, bytes] of opening) await disk.writeDurably(`${scratch}/keyring/${name}`, bytes, 0o600)
    const master = await readMasterKey(disk, `${scratch}/keyring`, rootOf(scratch))
    if (!master) throw new BackupRefused('keyring_damaged', `the copy in ${keyring.place} has no master.key`)
    return master.key
  } finally {
    await removeScratch(scratch)
  }
}
