/** What `doctor` says of the root key and of encryption at rest. */
import { resolve } from 'node:path'
import { FormatError } from '@deponent/format'
import { KeyServiceFailure } from '../platform/aws-kms.ts'
import { realDisk } from '../platform/disk.ts'
import { diskEncryption } from '../platform/disk-encryption.ts'
import { isRootChanging, readMasterKey } from '../vault/master-key.ts'
import { placeOf, RootKeyMissing, type RootSource } from '../vault/root-source.ts'
import type { Observation } from './observation.ts'

/** Which root key wraps the master key, where it was found, and whether it lies with the data it opens. */
export async function onRootKey(data: string, root: RootSource): Promise<Observation[]> {
  const keyring = `${data}/keyring`
  const observations = [await rootKeyIn(data, root)]
  if (await isRootChanging(realDisk, keyring)) {
    const detail = 'a change was begun and not finished; call deponent keys rotate-root again'
    observations.push({ what: 'change of the root key', state: 'attention', detail })
  }
  const beside = resolve(`${keyring}/root.key`)
  const isInUse = root.kind === 'file' && resolve(root.path) === beside
  if (!isInUse && (await realDisk.size(beside)) !== undefined) {
    const detail =
      'keyring/root.key is not the one in use: move it to where copies of this directory are kept'
    observations.push({ what: 'older root key', state: 'attention', detail })
  }
  return observations
}

async function rootKeyIn(data: string, root: RootSource): Promise<Observation> {
  const what = 'root key'
  try {
    const master = await readMasterKey(realDisk, `${data}/keyring`, root)
    if (!master) return { what, state: 'problem', detail: 'master.key is missing: no payload can be opened' }
    master.key.fill(0)
    const detail = `${master.file.wrappedBy}, found in ${placeOf(root)}`
    if (root.kind === 'file' && resolve(root.path).startsWith(`${resolve(data)}/`)) {
      const advice = 'beside the data it opens; keep a copy elsewhere and restrict who reads this directory'
      return { what, state: 'attention', detail: `${detail}, ${advice}` }
    }
    return { what, state: 'ok', detail: `${detail}, apart from the data it opens` }
  } catch (error) {
    const isKnown = [RootKeyMissing, KeyServiceFailure, FormatError].some((kind) => error instanceof kind)
    if (!isKnown) throw error
    return { what, state: 'problem', detail: `${(error as Error).message}: no payload can be opened` }
  }
}

const OURS = 'payloads are sealed, and the embedded index is encrypted with a key of the keyring'
const NOT_OURS =
  'entries, names of systems and emitters, and the index of a ClickHouse server are not encrypted by this product'

/** Who encrypts what is stored. */
export async function onEncryptionAtRest(data: string): Promise<Observation> {
  const { isEncrypted, how } = await diskEncryption(data)
  return isEncrypted
    ? { what: 'encryption at rest', state: 'ok', detail: `at_rest: disk_encrypted (${how})` }
    : {
        what: 'encryption at rest',
        state: 'attention',
        detail: `at_rest: host_responsibility (${OURS}; ${NOT_OURS}; ${how})`,
      }
}
