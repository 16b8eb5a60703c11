/** The data directory: its lock, its identity and the token of first start. */
import { randomToken } from './access/token.ts'
import {
  currentKey,
  type DirectoryFormat,
  FORMAT_VERSION,
  identityOf,
  type LedgerIdentity,
  mintOrigin,
  readDirectoryFormat,
  writeDirectoryFormat,
} from './ledger/identity.ts'
import { KeyFile } from './ledger/key-file.ts'
import { LocalRotatingKey, type RotatingKey } from './ledger/key-rotation.ts'
import { Signer } from './ledger/signer.ts'
import type { CheckpointSigner } from './ledger/signer-contract.ts'
import type { RemoteSigner } from './ledger/signer-remote.ts'
import type { SigningKey } from './ledger/signing-key.ts'
import type { Disk } from './platform/disk.ts'
import { removeLeftovers } from './platform/leftovers.ts'
import type { Random } from './platform/random.ts'
import { holdLock, openStateStore, type StateStore } from './platform/state-store.ts'
import { type MasterKey, openMasterKey } from './vault/master-key.ts'
import { rootBeside, type RootSource } from './vault/root-source.ts'
import { fromUtf8, type KeyUse, promiseName, utf8 } from '@deponent/format'
import { ExplainedError } from './platform/explained-error.ts'

/** A key is not there, or not the one this ledger is signed with: nothing can be signed. */
export class KeyMismatch extends ExplainedError {}

export interface OpenDirectory {
  path: string
  format: DirectoryFormat
  adminToken: string
  /** What every secret of the directory comes from; overwritten when the directory is let go. */
  master: MasterKey
  store: StateStore
  /** Why nothing can be written here, when that is so: what is in the directory can be read all the same. */
  unwritable?: string
  release(): Promise<void>
}

/** The keys of one ledger, as its own process holds or reaches them. */
export interface LedgerKeys {
  origin: string
  signer: CheckpointSigner
  /** The checkpoint key, as far as changing it goes. */
  rotating: RotatingKey
  promiseFile: KeyFile
  promise: SigningKey
  /** Verification keys by use. */
  vkeys: Record<KeyUse, string>
}

export interface LedgerKeysOptions {
  disk: Disk
  random: Random
  directory: OpenDirectory
  ledger: string
  /** Where a signer in this process keeps its state. */
  signerDirectory: string
  /** The signer in a process of its own, when there is one: no checkpoint key is made or read here then. */
  remote?: RemoteSigner | undefined
}

/**
 * Takes the directory for this process and reads who it is, making what is missing. Throws DirectoryLocked when another process
 * has it, FormatError `format_unknown` when a newer release wrote it, and RootKeyMissing or KeyServiceFailure when the root key cannot be
 * had; nothing is changed then. The root key lies in the keyring when not told otherwise.
 */
export async function openDirectory(
  disk: Disk,
  random: Random,
  path: string,
  root: RootSource = rootBeside(`${path}/keyring`),
): Promise<OpenDirectory> {
  const format = (await readDirectoryFormat(disk, path)) ?? { format: FORMAT_VERSION, ledgers: {} }
  const isNew = Object.keys(format.ledgers).length === 0
  const master = await openMasterKey(disk, random, `${path}/keyring`, root, isNew)
  for (const part of ['ledgers', 'vault', 'keyring', 'state', 'index'])
    await disk.makeDirectory(`${path}/${part}`, 0o700)
  const lock = holdLock(`${path}/state/lock.db`)
  const { store, unwritable } = openStateStore(`${path}/state/state.db`)
  const release = async (): Promise<void> => {
    await store.close()
    master.key.fill(0)
    lock.release()
  }
  try {
    if (unwritable === undefined) {
      for (const part of ['.', 'keyring', 'state']) await removeLeftovers(disk, `${path}/${part}`)
      await master.settle()
    }
    const adminToken = await adminTokenOf(disk, random, path)
    return {
      path,
      format,
      adminToken,
      master,
      store,
      ...(unwritable !== undefined && { unwritable }),
      release,
    }
  } catch (error) {
    await release()
    throw error
  }
}

async function adminTokenOf(disk: Disk, random: Random, path: string): Promise<string> {
  const known = await disk.read(`${path}/admin-token`)
  if (known) return fromUtf8(known).trim()
  const token = randomToken(random)
  await disk.writeDurably(`${path}/admin-token`, utf8(`${token}\n`), 0o600)
  return token
}

/** The keys of a ledger, minted with its origin when the ledger is new; `format.json` is written last and durably. */
export async function openLedgerKeys(options: LedgerKeysOptions): Promise<LedgerKeys> {
  const { disk, random, directory, ledger, remote } = options
  const identity = identityOf(directory.format, ledger)
  const minted = identity?.origin ?? mintOrigin(random, ledger)
  if (remote && !remote.identity) await remote.adopt(minted)
  // A signer that adopted an origin for a start that ended early keeps to it.
  const origin = identity?.origin ?? remote?.identity?.origin ?? minted
  if (!identity && Object.values(directory.format.ledgers).some((other) => other.origin === origin))
    throw new KeyMismatch('the signer holds the key of another ledger of this directory')
  const promiseFile = await openKey(options, 'promise', promiseName(origin), identity)
  const checkpoint = remote
    ? await remoteKey(remote, origin, identity)
    : await localKey(options, origin, identity)
  const promise = promiseFile.current!
  const vkeys = { checkpoint: checkpoint.vkey, promise: promise.vkey }
  if (!identity) {
    const keys: LedgerIdentity['keys'] = [
      { vkey: vkeys.checkpoint, use: 'checkpoint', sizes: '0..' },
      { vkey: vkeys.promise, use: 'promise', sizes: '0..' },
    ]
    await putLedgers(disk, directory, { ...directory.format.ledgers, [ledger]: { origin, keys } })
  }
  const { signer, rotating } = checkpoint
  return { origin, signer, rotating, promiseFile, promise, vkeys }
}

/**
 * Makes these the ledgers of the directory. They are so here only once they are durable: what was tried for one ledger and failed must
 * not be written with the next change of another.
 */
export async function putLedgers(
  disk: Disk,
  directory: OpenDirectory,
  ledgers: Record<string, LedgerIdentity>,
): Promise<void> {
  await writeDirectoryFormat(disk, directory.path, { ...directory.format, ledgers })
  directory.format = { ...directory.format, ledgers }
}

/** Leaves the address where commands on the same machine look for a running server. */
export async function announceServer(disk: Disk, { path }: OpenDirectory, url: string): Promise<void> {
  await disk.writeDurably(`${path}/state/server.json`, utf8(`${JSON.stringify({ url })}\n`), 0o600)
}

interface CheckpointKey {
  vkey: string
  signer: CheckpointSigner
  rotating: RotatingKey
}

async function localKey(
  options: LedgerKeysOptions,
  origin: string,
  identity: LedgerIdentity | undefined,
): Promise<CheckpointKey> {
  const file = await openKey(options, 'checkpoint', origin, identity)
  const { vkey } = file.current!
  const signer = await Signer.open(options.disk, options.signerDirectory, file.current!, origin)
  return { vkey, signer, rotating: new LocalRotatingKey(file, signer, options.random, origin) }
}

async function remoteKey(
  remote: RemoteSigner,
  origin: string,
  identity: LedgerIdentity | undefined,
): Promise<CheckpointKey> {
  const expected = identity && currentKey(identity, 'checkpoint')
  if (expected !== undefined && remote.next === expected) await remote.promote(expected)
  const { identity: held } = remote
  if (held?.origin !== origin) throw new KeyMismatch('the signer signs for another ledger than this one')
  if (expected !== undefined && held.vkey !== expected)
    throw new KeyMismatch('the signer holds another key than the one format.json names for this ledger')
  return { vkey: held.vkey, signer: remote, rotating: remote }
}

/** The key file of a use; a key is minted only for a ledger that is new. */
async function openKey(
  { disk, random, directory, ledger }: LedgerKeysOptions,
  use: KeyUse,
  name: string,
  identity: LedgerIdentity | undefined,
): Promise<KeyFile> {
  const path = `${directory.path}/keyring/${ledger}.${use}.key`
  const file = await KeyFile.open(disk, path, name)
  if (!identity) {
    await file.mint(random)
    return file
  }
  const expected = currentKey(identity, use)
  if (expected !== undefined) await file.promote(expected)
  if (!file.current) {
    const held = use === 'checkpoint' ? ' here; if a signer process holds it, name its --signer-socket' : ''
    throw new KeyMismatch(`the ${use} key of this ledger is missing${held}; see deponent keys succeed`)
  }
  if (file.current.vkey !== expected)
    throw new KeyMismatch(`the ${use} key in the keyring is not the one format.json names for this ledger`)
  return file
}
