/** The data directory: its lock, its identity and the token of first start. */
import { randomToken } from './access/token.ts'
import {
  type DirectoryFormat,
  FORMAT_VERSION,
  mintOrigin,
  readDirectoryFormat,
  writeDirectoryFormat,
} from './ledger/identity.ts'
import { readSeed, SigningKey, writeSeed } from './ledger/signing-key.ts'
import type { Disk } from './platform/disk.ts'
import type { Random } from './platform/random.ts'
import { holdLock, SqliteStateStore, type StateStore } from './platform/state-store.ts'
import { fromUtf8, utf8 } from '@deponent/format'

export interface OpenDirectory {
  path: string
  format: DirectoryFormat
  adminToken: string
  store: StateStore
  release(): void
}

/** The keys of one ledger, as its own process holds them. */
export interface LedgerKeys {
  checkpoint: SigningKey
  promise: SigningKey
}

/**
 * Takes the directory for this process and reads who it is, making what is missing. Throws DirectoryLocked when another process
 * has it and FormatError `format_unknown` when a newer release wrote it; nothing is changed then.
 */
export async function openDirectory(disk: Disk, random: Random, path: string): Promise<OpenDirectory> {
  const format = (await readDirectoryFormat(disk, path)) ?? { format: FORMAT_VERSION, ledgers: {} }
  for (const part of ['ledgers', 'vault', 'keyring', 'state', 'index'])
    await disk.makeDirectory(`${path}/${part}`, 0o700)
  const lock = holdLock(`${path}/state/lock.db`)
  const store = new SqliteStateStore(`${path}/state/state.db`)
  const adminToken = await adminTokenOf(disk, random, path)
  return {
    path,
    format,
    adminToken,
    store,
    release: () => {
      store.close()
      lock.release()
    },
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
export async function openLedgerKeys(
  disk: Disk,
  random: Random,
  directory: OpenDirectory,
  ledger: string,
): Promise<LedgerKeys> {
  const identity = directory.format.ledgers[ledger]
  const origin = identity?.origin ?? mintOrigin(random, ledger)
  const keys = {
    checkpoint: await keyAt(
      disk,
      random,
      `${directory.path}/keyring/${ledger}.checkpoint.key`,
      origin,
      identity !== undefined,
    ),
    promise: await keyAt(
      disk,
      random,
      `${directory.path}/keyring/${ledger}.promise.key`,
      `${origin}/promise`,
      identity !== undefined,
    ),
  }
  if (identity) return keys
  directory.format.ledgers[ledger] = {
    origin,
    keys: [
      { vkey: keys.checkpoint.vkey, use: 'checkpoint', sizes: '0..' },
      { vkey: keys.promise.vkey, use: 'promise', sizes: '0..' },
    ],
  }
  await writeDirectoryFormat(disk, directory.path, directory.format)
  return keys
}

async function keyAt(
  disk: Disk,
  random: Random,
  path: string,
  name: string,
  mustExist: boolean,
): Promise<SigningKey> {
  let seed = await readSeed(disk, path)
  if (!seed) {
    if (mustExist)
      throw new Error(`the signing key ${path} is missing; without it this ledger cannot be continued`)
    seed = random.bytes(32)
    await writeSeed(disk, path, seed)
  }
  return new SigningKey(name, seed)
}
