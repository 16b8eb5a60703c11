/**
 * Where the embedded engine keeps its parts when they are encrypted: its own `encrypted` disk (AES-256 in counter mode, a random
 * start for each file) over `sealed/` in its directory, and a policy that is the default of every table. These are arguments of a
 * function within the process, which the engine takes as its configuration: no file and no command line ever holds the key. What lies
 * outside that disk names tables and columns and holds no value.
 */
import { join } from 'node:path'

/** The directory of encrypted parts within the engine's own. */
export const SEALED_PARTS = 'sealed'

/** Arguments for the first session; `sealKey` is 64 hex digits. */
export function sealedStorage(directory: string, sealKey: string): string[] {
  const disks = '--storage_configuration.disks'
  const policies = '--storage_configuration.policies'
  return [
    // The engine sees an inner key of its configuration only when the one above it has a value too.
    `${disks}.files.type=local`,
    `${disks}.files.path=${join(directory, SEALED_PARTS)}/`,
    `${disks}.sealed.type=encrypted`,
    `${disks}.sealed.disk=files`,
    `${disks}.sealed.algorithm=AES_256_CTR`,
    `${disks}.sealed.key_hex=${sealKey}`,
    `${policies}.sealed.volumes=one`,
    `${policies}.sealed.volumes.one.disk=sealed`,
    '--merge_tree=sealed',
    '--merge_tree.storage_policy=sealed',
  ]
}
