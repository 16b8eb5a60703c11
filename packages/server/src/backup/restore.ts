/**
 * Puts a data directory back from a snapshot and the copy of its keyring:
 *
 *   keyring ─▶ files of the snapshot ─▶ erasures since then repeated ─▶ checked ─▶ the directory gets its name
 *
 * All of it happens in a directory beside, which is removed when anything is not as it should be. What was erased after the snapshot was made
 * has no keys any more when the directory gets its name; its ciphertext goes when a server opens it. Where the journal that tells of
 * erasures is older than a checkpoint that is known, the directory says so, and shows no content until the operator accepts that.
 */
import { dirname, resolve } from 'node:path'
import { toHex, type VerifyReport } from '@deponent/format'
import { checkDirectory } from '../check/directory.ts'
import type { Clock } from '../platform/clock.ts'
import { type Disk, errorCode } from '../platform/disk.ts'
import type { ObjectStore } from '../platform/object-store.ts'
import type { Random } from '../platform/random.ts'
import { removeScratch } from '../platform/scratch.ts'
import { severalAtOnce } from '../platform/several-at-once.ts'
import { type MasterKey, readMasterKey } from '../vault/master-key.ts'
import { rootBeside, type RootSource } from '../vault/root-source.ts'
import type { Files } from './archive.ts'
import { BackupStore } from './backup-store.ts'
import { formatOf } from './directory-cut.ts'
import { type RestoredLedger, settleLedger } from './settle-ledger.ts'
import { type AboutKeyring, ADMIN_TOKEN, getOpening, KEYRING, openCopy } from './keyring-copy.ts'
import { BackupRefused } from './refusal.ts'
import type { Snapshot, SnapshotLedger } from './snapshot.ts'

const AT_ONCE = 6

export interface RestoreOptions {
  disk: Disk
  clock: Clock
  random: Random
  /** The data directory to make; there must be none, or an empty one. */
  data: string
  from: ObjectStore
  keyringFrom: ObjectStore
  /** Which snapshot; the newest when absent. */
  snapshot?: string
  /** Where the root key is; in the copy of the keyring when absent. */
  root?: RootSource
  signerDirectory: string
  /** How many threads check so many entries. */
  threads?(entries: number): number
  onProgress?(what: 'files' | 'entries', done: number, total: number): void
}

export interface RestoreReport {
  readonly snapshot: string
  readonly madeAt: number
  readonly files: number
  readonly bytes: number
  readonly ledgers: readonly RestoredLedger[]
  readonly check: Pick<VerifyReport, 'verdict' | 'findings'>
}

/** Puts back. BackupRefused, StoreFailure, RootKeyMissing; there is no directory then. */
export async function restoreBackup(options: RestoreOptions): Promise<RestoreReport> {
  const { disk, random, data } = options
  await refuseTaken(disk, data)
  const scratch = `${resolve(data)}.restoring-${toHex(random.bytes(4))}`
  await disk.makeDirectory(scratch, 0o700)
  try {
    const report = await restoreInto(options, scratch)
    await disk.rename(scratch, data)
    await disk.syncDirectory(dirname(resolve(data)))
    return report
  } catch (error) {
    await removeScratch(scratch)
    throw error
  }
}

async function refuseTaken(disk: Disk, data: string): Promise<void> {
  const names = await disk.list(data).catch((error: unknown) => {
    if (errorCode(error) === 'ENOTDIR') return ['.']
    throw error
  })
  if (names.length > 0)
    throw new BackupRefused('not_empty', `${data} is there already: a backup is put back where nothing is`)
}

interface Source {
  backup: BackupStore
  master: MasterKey
  about: AboutKeyring
  files: Files
}

async function restoreInto(options: RestoreOptions, scratch: string): Promise<RestoreReport> {
  const { disk, onProgress, threads } = options
  const source = await openSource(options, scratch)
  const ids = await source.backup.snapshotIds()
  const snapshot = await chosen(options, source, ids)
  for (const ledger of snapshot.ledgers) refuseOlderKeyring(ledger, source.about)
  await writeKeyring(disk, scratch, source.files)
  await writeFiles(options, source.backup, snapshot, scratch)
  const format = await formatOf(disk, scratch)
  const newest = ids.at(-1) === snapshot.id ? snapshot : await source.backup.snapshot(ids.at(-1)!)
  const ledgers: RestoredLedger[] = []
  const { master, ...keyring } = source
  const settling = { ...options, scratch, format, newest, keyring, master: master.key }
  for (const ledger of snapshot.ledgers) ledgers.push(await settleLedger(settling, ledger))
  const { verdict, findings } = await checkDirectory(disk, scratch, {
    root: NOT_SUPPLIED,
    ...(threads && { threads }),
    onProgress: (done, total) => onProgress?.('entries', done, total),
  })
  if (verdict === 'invalid') {
    const errors = findings.filter(({ severity }) => severity === 'error').map(({ code }) => code)
    throw new BackupRefused(
      'not_valid',
      `snapshot ${snapshot.id} is not valid: ${[...new Set(errors)].join(', ')}`,
    )
  }
  return {
    snapshot: snapshot.id,
    madeAt: snapshot.madeAt,
    files: snapshot.files.length,
    bytes: snapshot.files.reduce((sum, { bytes }) => sum + bytes, 0),
    ledgers,
    check: { verdict, findings },
  }
}

/** Payloads are not opened when a backup is put back: `verify` does that, and takes its time. */
const NOT_SUPPLIED: RootSource = { kind: 'environment', variable: 'none', secret: undefined }

/** Opens the copy of the keyring, and with its master key the backup. */
async function openSource(options: RestoreOptions, scratch: string): Promise<Source> {
  const { disk, from, keyringFrom, random } = options
  const { opening, sealed } = await getOpening(keyringFrom)
  await disk.makeDirectory(`${scratch}/keyring`, 0o700)
  for (const [name, bytes] of opening) await disk.writeDurably(`${scratch}/keyring/${name}`, bytes, 0o600)
  const root = options.root ?? rootBeside(`${scratch}/keyring`)
  const master = await readMasterKey(disk, `${scratch}/keyring`, root)
  if (!master)
    throw new BackupRefused('keyring_damaged', `the copy in ${keyringFrom.place} has no master.key`)
  const { about, files } = openCopy(keyringFrom, master.key, sealed)
  return { backup: new BackupStore({ store: from, random, master: master.key }), master, about, files }
}

async function chosen(
  { from, snapshot: wanted }: RestoreOptions,
  { backup, master }: Source,
  ids: readonly string[],
): Promise<Snapshot> {
  const id = wanted ?? ids.at(-1)
  if (id === undefined || !ids.includes(id))
    throw new BackupRefused(
      'no_snapshot',
      `there is no ${wanted === undefined ? 'snapshot' : `snapshot ${wanted}`} in ${from.place}`,
    )
  const snapshot = await backup.snapshot(id)
  if (snapshot.directory !== master.file.directory)
    throw new BackupRefused('another_directory', 'backup and keyring are of two data directories')
  return snapshot
}

function refuseOlderKeyring({ name, origin, keysNeeded }: SnapshotLedger, about: AboutKeyring): void {
  const held = about.ledgers[origin]?.keys ?? 0
  if (held < keysNeeded)
    throw new BackupRefused(
      'keyring_older',
      `the vault of ledger ${name} needs ${keysNeeded} keys, and the copy of the keyring holds ${held}: it is an older one`,
    )
}

async function writeKeyring(disk: Disk, scratch: string, files: Files): Promise<void> {
  for (const [name, bytes] of files) {
    const path = name === ADMIN_TOKEN || name.startsWith(KEYRING) ? `${scratch}/${name}` : undefined
    if (path === undefined) continue
    await disk.makeDirectory(dirname(path), 0o700)
    await disk.writeDurably(path, bytes, 0o600)
  }
}

async function writeFiles(
  { disk, onProgress }: RestoreOptions,
  backup: BackupStore,
  { files }: Snapshot,
  scratch: string,
): Promise<void> {
  for (const part of ['ledgers', 'vault', 'state', 'index'])
    await disk.makeDirectory(`${scratch}/${part}`, 0o700)
  const directories = new Set(files.map(({ path }) => dirname(`${scratch}/${path}`)))
  for (const directory of directories) await disk.makeDirectory(directory, 0o700)
  let done = 0
  await severalAtOnce(files, AT_ONCE, async (file) => {
    const path = `${scratch}/${file.path}`
    await disk.write(path, await backup.contentOf(file))
    await disk.sync(path)
    done += 1
    onProgress?.('files', done, files.length)
  })
  for (const directory of directories) await disk.syncDirectory(directory)
}
