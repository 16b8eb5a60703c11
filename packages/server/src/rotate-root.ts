/**
 * The root key of a data directory is changed: the master key is wrapped anew, and every ledger of the directory says so in a record
 * of its own, before it takes effect. No payload and no key of a person is touched.
 */
import type { OpenDirectory } from './directory.ts'
import { isKeptOn } from './ledger/identity.ts'
import type { RemoteSigner } from './ledger/signer-remote.ts'
import { reasonOf } from './platform/failure.ts'
import { inQuiet, type KeyChangeOptions, publishedOrRefused } from './rotate-key.ts'
import type { Tenant } from './tenant.ts'
import { changeRootKey, type RootChange } from './vault/master-key.ts'
import type { RootSource } from './vault/root-source.ts'

export interface RootRotationOptions extends Omit<KeyChangeOptions, 'ledger' | 'remoteSigner'> {
  directory: OpenDirectory
  /** The ledger that must take the record. */
  first: string
  /** Where the next root key is; made where the present one lies when absent. */
  to?: RootSource | undefined
  /** The signer in a process of its own, for a ledger that has one. */
  signerOf(ledger: string): Promise<RemoteSigner | undefined>
}

export interface RootRotation extends RootChange {
  /** Ledgers that could not take the record, and why. */
  readonly unrecorded: readonly { ledger: string; reason: string }[]
}

/** Changes the root key; KeyChangeRefused when the first ledger cannot say so, RootKeyMissing when there is no next one. */
export async function rotateRootKey(options: RootRotationOptions): Promise<RootRotation> {
  const { disk, random, directory, first, to } = options
  const unrecorded: { ledger: string; reason: string }[] = []
  const ledgers = Object.entries(directory.format.ledgers)
    .filter(([, identity]) => isKeptOn(identity))
    .map(([name]) => name)
  const change = await changeRootKey({
    disk,
    random,
    keyring: `${directory.path}/keyring`,
    master: directory.master,
    to,
    record: async (change) => {
      for (const ledger of ledgers.toSorted((a, b) => Number(b === first) - Number(a === first))) {
        try {
          await recordIn(options, ledger, change)
        } catch (error) {
          // A root key that got out must be changed although one ledger among several is damaged.
          if (ledger === first) throw error
          unrecorded.push({ ledger, reason: reasonOf(error) })
        }
      }
    },
  })
  return { ...change, unrecorded }
}

async function recordIn(options: RootRotationOptions, ledger: string, change: RootChange): Promise<void> {
  const { disk, clock, random, directory, signerDirectory, signerOf } = options
  const remoteSigner = await signerOf(ledger)
  const keyChange = { disk, clock, random, directory, signerDirectory, ledger, remoteSigner }
  await inQuiet(keyChange, async (tenant) => {
    if (!(await isRecorded(tenant, change)))
      await tenant.recorder.recordOwn('key.rotated', {
        use: 'root',
        keyId: change.next,
        previousKeyId: change.previous,
        algorithm: change.next.startsWith('aws-kms ') ? 'AWS KMS' : 'AES-256-GCM',
        basis: 'observed',
      })
    await publishedOrRefused(keyChange, tenant, tenant.ledger.size)
  })
}

/** Whether a change that was cut short is the last thing the ledger holds. */
async function isRecorded({ ledger, reader }: Tenant, { next }: RootChange): Promise<boolean> {
  if (ledger.size === 0) return false
  const { entry, record } = await reader.one(ledger.size - 1)
  return entry.kind === 'key.rotated' && record?.use === 'root' && record.keyId === next
}
