import type { OpenDirectory } from '../../packages/server/src/directory.ts'
import { FORMAT_VERSION, readDirectoryFormat } from '../../packages/server/src/ledger/identity.ts'
import type { Clock } from '../../packages/server/src/platform/clock.ts'
import type { Disk } from '../../packages/server/src/platform/disk.ts'
import type { Random } from '../../packages/server/src/platform/random.ts'
import type { StateStore } from '../../packages/server/src/platform/state-store.ts'
import { LocalIntake } from '../../packages/server/src/recording/intake.ts'
import { openTenant, type Tenant } from '../../packages/server/src/tenant.ts'
import { openMasterKey } from '../../packages/server/src/vault/master-key.ts'
import { rootBeside } from '../../packages/server/src/vault/root-source.ts'

/** The data directory on a disk that is simulated. */
export const DATA = '/data'
const KEYRING = `${DATA}/keyring`
const SIGNER = '/state/signer'

export interface SimulatedTenantOptions {
  disk: Disk
  clock: Clock
  random: Random
  store: StateStore
  fileSizes?: Parameters<typeof openTenant>[0]['fileSizes']
}

/** Opens the ledger of a simulated disk with all that belongs to it, as a start of the server does, but for lock and token. */
export async function openSimulatedTenant({
  disk,
  clock,
  random,
  store,
  fileSizes,
}: SimulatedTenantOptions): Promise<Tenant> {
  const format = (await readDirectoryFormat(disk, DATA)) ?? { format: FORMAT_VERSION, ledgers: {} }
  const isNew = Object.keys(format.ledgers).length === 0
  for (const part of ['ledgers', 'vault', 'keyring']) await disk.makeDirectory(`${DATA}/${part}`, 0o700)
  const master = await openMasterKey(disk, random, KEYRING, rootBeside(KEYRING), isNew)
  await master.settle()
  const directory: OpenDirectory = {
    path: DATA,
    format,
    adminToken: '',
    master,
    store,
    release: () => Promise.resolve(),
  }
  return openTenant({
    disk,
    clock,
    random,
    directory,
    ledgerName: 'default',
    signerDirectory: SIGNER,
    acceptHead: false,
    intake: (secrets) => new LocalIntake(secrets, random),
    onStop: () => undefined,
    ...(fileSizes && { fileSizes }),
  })
}
