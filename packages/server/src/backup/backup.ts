/**
 * Makes a backup of a data directory, whether a server runs on it or not. Nothing is written into the directory. In the store:
 *
 *   objects that are not there yet ─▶ copy of the keyring ─▶ snapshot
 *
 * Crash before the last: there are objects that nothing refers to, which the next backup uses or `prune` removes; the snapshots from before
 * are whole, and the copy of the keyring has every key that they need.
 */
import type { Clock } from '../platform/clock.ts'
import type { Files } from './archive.ts'
import type { Disk } from '../platform/disk.ts'
import type { ObjectStore } from '../platform/object-store.ts'
import type { Random } from '../platform/random.ts'
import { severalAtOnce } from '../platform/several-at-once.ts'
import { type MasterKey, readMasterKey } from '../vault/master-key.ts'
import type { RootSource } from '../vault/root-source.ts'
import { cutDirectory, type DirectoryCut, formatOf, keepsChanging } from './directory-cut.ts'
import { getOpening, JOURNALS, type KeyringCopy, openCopy, putKeyringCopy } from './keyring-copy.ts'
import { keysNeededBy, keysNeededByFile } from './keys-needed.ts'
import type { CutFile, LedgerCut } from './ledger-cut.ts'
import { joinedJournal, journalName } from './erasure-journal.ts'
import { BackupStore, OBJECTS, sha256Hex } from './backup-store.ts'
import { BackupRefused } from './refusal.ts'
import { nextSnapshotId, type Snapshot, type SnapshotFile, type SnapshotLedger } from './snapshot.ts'

/** So often everything is read again because something was erased or a key changed while files were put. */
const TRIES = 5
/** Objects that are read, sealed and put at a time; each is held in memory whole. */
const AT_ONCE = 6

export interface BackupOptions {
  disk: Disk
  clock: Clock
  random: Random
  /** The data directory. */
  data: string
  /** Where the root key is. */
  root: RootSource
  to: ObjectStore
  keyringTo: ObjectStore
  /** Where a signer in this process keeps its state, and ledgers their journals of erasures. */
  signerDirectory: string
  /** Version of the product. */
  product: string
  onProgress?(done: number, total: number): void
}

export interface BackupReport {
  readonly snapshot: string
  readonly ledgers: readonly {
    readonly name: string
    readonly size: number
    /** Entries that no checkpoint covers yet. */
    readonly leftOut: number
    /** Whether the journal of its erasures was found beside the signer's state. */
    readonly hasJournal: boolean
  }[]
  readonly files: number
  /** Bytes of these files. */
  readonly bytes: number
  /** Objects put now, and their bytes; what else the snapshot needs was in the store. */
  readonly newObjects: number
  readonly newBytes: number
  readonly keyringBytes: number
  /** Whether the copy of the keyring has the root key with it, as the keyring has. */
  readonly hasRootKey: boolean
}

/** Makes a backup. BackupRefused, StoreFailure, RootKeyMissing; FormatError for a directory that is damaged. */
export async function makeBackup(options: BackupOptions): Promise<BackupReport> {
  const { disk, clock, data, root, to, random, signerDirectory } = options
  await formatOf(disk, data)
  const master = await readMasterKey(disk, `${data}/keyring`, root)
  if (!master) throw new BackupRefused('not_a_directory', `${data}/keyring has no master.key`)
  const backup = new BackupStore({ store: to, random, master: master.key })
  const ids = await backup.snapshotIds()
  const base = ids.length === 0 ? undefined : await backup.snapshot(ids.at(-1)!)
  if (base && base.directory !== master.file.directory)
    throw new BackupRefused('another_directory', `${to.place} holds the backup of another data directory`)
  const counts: PutCounts = { newObjects: 0, newBytes: 0 }
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const cut = await cutDirectory({ disk, clock, data, master, signerDirectory })
    refuseBehind(cut, base)
    const put = await putFiles(options, backup, { cut, base, counts })
    const ledgers = cut.ledgers.map((ledger) => ledgerOf(ledger, base, put.keysNeeded))
    // An erasure may have come while files were put: segments may be from after it, and the keyring from before.
    if (await cut.isStill()) return finish(options, { backup, master, ids, cut, put, counts, ledgers })
  }
  throw keepsChanging()
}

/** What was put, in all tries together. */
interface PutCounts {
  newObjects: number
  newBytes: number
}

interface Put {
  files: SnapshotFile[]
  /** By origin, of the files that were read. */
  keysNeeded: Map<string, number>
}

/** A ledger that has fewer entries than its newest snapshot is an older copy: it must not become the newest. */
function refuseBehind(cut: DirectoryCut, base: Snapshot | undefined): void {
  for (const { origin, name, size } of cut.ledgers) {
    const before = base?.ledgers.find((ledger) => ledger.origin === origin)
    if (before && before.size > size)
      throw new BackupRefused(
        'ledger_behind',
        `ledger ${name} has ${size} entries under a checkpoint, the newest snapshot ${before.size}: this directory is an older copy; if it is to be kept, give it a backup of its own`,
      )
  }
}

async function putFiles(
  { onProgress }: BackupOptions,
  backup: BackupStore,
  { cut, base, counts }: { cut: DirectoryCut; base: Snapshot | undefined; counts: PutCounts },
): Promise<Put> {
  const present = new Set<string>()
  for await (const { key } of backup.store.list(OBJECTS)) present.add(key)
  const known = new Map((base?.files ?? []).map((file) => [file.path, file]))
  const put: Put = { files: [], keysNeeded: new Map() }
  const work = [
    ...cut.files.map((file) => ({ file, origin: '', isSame: false })),
    ...cut.ledgers.flatMap((ledger) => {
      const isSame = isSameLedger(ledger, base)
      return ledger.files.map((file) => ({ file, origin: ledger.origin, isSame }))
    }),
  ]
  let done = 0
  await severalAtOnce(work, AT_ONCE, async ({ file, origin, isSame }) => {
    const before = isSame ? known.get(file.path) : undefined
    if (before && isUnchanged(file, before) && present.has(before.object)) put.files.push(before)
    else {
      const { file: putNow, keysNeeded, newBytes } = await putFile(backup, { file, origin }, present)
      put.files.push(putNow)
      put.keysNeeded.set(origin, Math.max(put.keysNeeded.get(origin) ?? 0, keysNeeded))
      counts.newObjects += newBytes > 0 ? 1 : 0
      counts.newBytes += newBytes
    }
    done += 1
    onProgress?.(done, work.length)
  })
  put.files.sort((a, b) => (a.path < b.path ? -1 : 1))
  return put
}

/** Where a ledger was succeeded another has its name, and files of the same paths. */
function isSameLedger({ name, origin }: LedgerCut, base: Snapshot | undefined): boolean {
  return base?.ledgers.some((ledger) => ledger.name === name && ledger.origin === origin) ?? false
}

function isUnchanged({ isFinal, mark }: CutFile, before: SnapshotFile): boolean {
  return isFinal === true && mark === before.mark
}

interface PutFile {
  readonly file: SnapshotFile
  /** Bytes of the object that was put; 0 where it was there. */
  readonly newBytes: number
  readonly keysNeeded: number
}

async function putFile(
  backup: BackupStore,
  { file, origin }: { file: CutFile; origin: string },
  present: Set<string>,
): Promise<PutFile> {
  const { path, isLoose = false, mark } = file
  const content = await file.read()
  const digest = sha256Hex(content)
  const object = backup.objectOf(digest)
  const isThere = present.has(object)
  present.add(object)
  return {
    file: { path, object, bytes: content.length, digest, ...(mark !== undefined && { mark }) },
    newBytes: isThere ? 0 : await backup.putObject(object, content, isLoose),
    keysNeeded: keysNeededByFile(path, origin, content),
  }
}

/** BackupRefused `keyring_older` when the vault needs keys that the keyring does not have: a copy of both would never open. */
function ledgerOf(
  { name, origin, size, root, frames, keys, begun }: DirectoryCut['ledgers'][number],
  base: Snapshot | undefined,
  found: ReadonlyMap<string, number>,
): SnapshotLedger {
  const before = base?.ledgers.find((ledger) => ledger.origin === origin)
  const keysNeeded = Math.max(before?.keysNeeded ?? 0, found.get(origin) ?? 0, keysNeededBy(frames))
  if (keysNeeded > keys)
    throw new BackupRefused(
      'keyring_older',
      `the vault of ledger ${name} needs ${keysNeeded} keys and the keyring holds ${keys}: it is an older copy, or its end is damaged; no backup was made`,
    )
  return { name, origin, size, root, keysNeeded, begun: begun ?? before?.begun ?? 0 }
}

interface Finished {
  backup: BackupStore
  master: MasterKey
  ids: readonly string[]
  cut: DirectoryCut
  put: Put
  counts: PutCounts
  ledgers: readonly SnapshotLedger[]
}

async function finish(
  { clock, random, keyringTo, product }: BackupOptions,
  { backup, master, ids, cut, put, counts, ledgers }: Finished,
): Promise<BackupReport> {
  const madeAt = clock.now()
  const about = {
    v: 1 as const,
    madeAt,
    ledgers: Object.fromEntries(cut.ledgers.map(({ origin, size, keys }) => [origin, { size, keys }])),
  }
  const before = await copyBefore(keyringTo, master, cut)
  const keyringBytes = await putKeyringCopy(keyringTo, cut.keyring, othersFor(cut, before?.files, master), {
    about,
    master: master.key,
    random,
  })
  // Crash before this line: the snapshots from before are whole, with a keyring that is newer.
  const snapshot: Snapshot = {
    v: 1,
    id: nextSnapshotId(madeAt, ids, random),
    madeAt,
    product,
    directory: master.file.directory,
    ledgers,
    files: put.files,
  }
  await backup.putSnapshot(snapshot)
  return {
    snapshot: snapshot.id,
    ledgers: cut.ledgers.map(({ name, size, leftOut, begun }) => {
      return { name, size, leftOut, hasJournal: begun !== undefined }
    }),
    files: put.files.length,
    bytes: put.files.reduce((sum, { bytes }) => sum + bytes, 0),
    ...counts,
    keyringBytes,
    hasRootKey: cut.keyring.has('root.key'),
  }
}

/** What goes with the keyring. What the copy before tells of erasures is kept, whether or not the journal is found here and tells it too. */
function othersFor(cut: DirectoryCut, before: Files | undefined, { key }: MasterKey): Files {
  const others = new Map([...(before ?? [])].filter(([name]) => name.startsWith(JOURNALS)))
  for (const [name, bytes] of cut.others) others.set(name, bytes)
  for (const identity of cut.ledgers) {
    const name = JOURNALS + journalName(identity)
    const here = cut.others.get(name)
    if (here) others.set(name, joinedJournal({ identity, master: key }, here, before?.get(name)))
  }
  return others
}

/** The copy that is there, if there is one: it is the only one, so that an older keyring must not take its place. */
async function copyBefore(
  store: ObjectStore,
  master: MasterKey,
  cut: DirectoryCut,
): Promise<Omit<KeyringCopy, 'opening'> | undefined> {
  const found = await getOpening(store).catch((error: unknown) => {
    if (error instanceof BackupRefused && error.code === 'keyring_missing') return undefined
    throw error
  })
  if (!found) return undefined
  const before = openCopy(store, master.key, found.sealed)
  for (const { origin, name, keys } of cut.ledgers) {
    const copied = before.about.ledgers[origin]?.keys ?? 0
    if (copied > keys)
      throw new BackupRefused(
        'keyring_older',
        `the copy of the keyring in ${store.place} holds ${copied} keys of ledger ${name}, the keyring here ${keys}: it is an older one`,
      )
  }
  return before
}
