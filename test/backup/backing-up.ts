import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BackupReport, makeBackup } from '../../packages/server/src/backup/backup.ts'
import { BackupStore } from '../../packages/server/src/backup/backup-store.ts'
import { openingMaster } from '../../packages/server/src/backup/opening.ts'
import {
  type RestoreOptions,
  type RestoreReport,
  restoreBackup,
} from '../../packages/server/src/backup/restore.ts'
import { type Clock, realClock } from '../../packages/server/src/platform/clock.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { fileStore } from '../../packages/server/src/platform/file-store.ts'
import type { ObjectStore } from '../../packages/server/src/platform/object-store.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { rootBeside, type RootSource } from '../../packages/server/src/vault/root-source.ts'

/** Small files, so that few records fill several segments and leave the log. */
export const SMALL = { log: 32 * 1_024, segment: { entriesMax: 20, bytesMax: 1_048_576 } }

/** A directory with the two places its backup goes to. */
export interface BackupPlace {
  data: string
  signer: string
  to: ObjectStore
  keyring: ObjectStore
  /** Paths of the two. */
  toPath: string
  keyringPath: string
}

export async function newBackupPlace(): Promise<BackupPlace> {
  const root = await mkdtemp(join(tmpdir(), 'deponent-'))
  const [toPath, keyringPath] = [join(root, 'backup'), join(root, 'keyring')]
  return {
    data: join(root, 'data'),
    signer: join(root, 'signer'),
    to: fileStore(toPath),
    keyring: fileStore(keyringPath),
    toPath,
    keyringPath,
  }
}

export function backUp(
  place: BackupPlace,
  { clock = realClock, root }: { clock?: Clock; root?: RootSource } = {},
): Promise<BackupReport> {
  return makeBackup({
    disk: realDisk,
    clock,
    random: realRandom,
    data: place.data,
    root: root ?? rootBeside(`${place.data}/keyring`),
    to: place.to,
    keyringTo: place.keyring,
    signerDirectory: place.signer,
    product: 'test',
  })
}

export function putBack(
  place: BackupPlace,
  data: string,
  more: Partial<RestoreOptions> = {},
): Promise<RestoreReport> {
  return restoreBackup({
    disk: realDisk,
    clock: realClock,
    random: realRandom,
    data,
    from: place.to,
    keyringFrom: place.keyring,
    signerDirectory: place.signer,
    ...more,
  })
}

/** The backup as whoever has the copy of the keyring sees it. */
export async function opened({ to, keyring }: BackupPlace): Promise<BackupStore> {
  const master = await openingMaster(realDisk, keyring, (data) => rootBeside(`${data}/keyring`))
  return new BackupStore({ store: to, random: realRandom, master })
}
