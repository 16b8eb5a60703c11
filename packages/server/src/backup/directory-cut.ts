/**
 * All of a data directory at one moment. While it is read, keys may be changed and people erased: then what was read of the vault, of the
 * keyring and of the register do not go together, and all of it is read again.
 */
import { FormatError } from '@deponent/format'
import { TileMissing } from '../ledger/errors.ts'
import { type DirectoryFormat, type LedgerIdentity, readDirectoryFormat } from '../ledger/identity.ts'
import { ledgerIdOf } from '../ledger/wal-frame.ts'
import type { Clock } from '../platform/clock.ts'
import { type Disk, errorCode } from '../platform/disk.ts'
import type { MasterKey } from '../vault/master-key.ts'
import { readPages } from '../vault/stored-keyring.ts'
import type { Files } from './archive.ts'
import { journalName, notesOf, plannedEnd, readJournal } from './erasure-journal.ts'
import { ADMIN_TOKEN, isOfSnapshot, JOURNALS, keyringFiles } from './keyring-copy.ts'
import { type CutFile, cutLedger, CutMissed, type LedgerCut } from './ledger-cut.ts'
import { BackupRefused } from './refusal.ts'

const TRIES = 20
const AGAIN_MS = 300

export interface DirectoryCut {
  readonly ledgers: readonly (LedgerCut & {
    /** Keys that the keyring holds. */
    readonly keys: number
    /** Erasures and expiries begun, by the journal outside; undefined where it was not found. */
    readonly begun: number | undefined
  })[]
  /** Files of the snapshot that belong to no ledger. */
  readonly files: readonly CutFile[]
  readonly keyring: Files
  /** What goes with the keyring and does not lie in it. */
  readonly others: Files
  /** Whether what was read still goes together. */
  isStill(): Promise<boolean>
}

export interface CutSource {
  readonly disk: Disk
  readonly clock: Clock
  readonly data: string
  readonly master: MasterKey
  readonly signerDirectory: string
}

/** Reads until everything goes together. BackupRefused `keeps_changing` when that does not come about, and as `cutLedger`. */
export async function cutDirectory(source: CutSource): Promise<DirectoryCut> {
  let missed: unknown
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    if (attempt > 0) await source.clock.sleep(AGAIN_MS)
    try {
      const cut = await cutOnce(source)
      if (await cut.isStill()) return cut
    } catch (error) {
      if (!isTransient(error)) throw error
      missed = error
    }
  }
  // Damage looks like a change for a moment, and then stays.
  if (missed instanceof FormatError) throw missed
  throw keepsChanging()
}

export function keepsChanging(): BackupRefused {
  return new BackupRefused(
    'keeps_changing',
    'keys change or erasures are under way all the time: make the backup when they are done',
  )
}

/** Files are replaced and removed while a server runs: what is missing or does not fit now may fit at the next look. */
function isTransient(error: unknown): boolean {
  return (
    error instanceof CutMissed ||
    error instanceof TileMissing ||
    error instanceof FormatError ||
    errorCode(error) === 'ENOENT'
  )
}

async function cutOnce(source: CutSource): Promise<DirectoryCut> {
  const { disk, data, master, signerDirectory } = source
  const format = await formatOf(disk, data)
  const states = await changingFiles(disk, data)
  const ledgers: DirectoryCut['ledgers'][number][] = []
  const others = new Map<string, Uint8Array>()
  // Cut first: every key that an entry below its checkpoint needs is in the keyring by then.
  for (const [name, identity] of Object.entries(format.ledgers)) {
    const cut = await cutLedger({ disk, data, name, identity })
    const place = { disk, signerDirectory, identity, master: master.key }
    const journal = await readJournal(place)
    if (journal) others.set(JOURNALS + journalName(identity), journal)
    // The entries that an erasure under way is about are in the cut, or those that take their places after a restore would go.
    if (plannedEnd(place, states.get(`keyring/${name}.erasures`)) > cut.size) throw new CutMissed()
    const keys = await keysHeld(source, name, identity)
    ledgers.push({ ...cut, keys, begun: journal && notesOf(place, journal).length })
  }
  const token = await disk.read(`${data}/${ADMIN_TOKEN}`)
  if (token) others.set(ADMIN_TOKEN, token)
  return {
    ledgers,
    files: [...states].flatMap(([path, bytes]) =>
      isKeptInSnapshot(path) ? [{ path, isLoose: true, read: () => Promise.resolve(bytes) }] : [],
    ),
    keyring: await keyringFiles(disk, data),
    others,
    isStill: async () => isSame(states, await changingFiles(disk, data)),
  }
}

export async function formatOf(disk: Disk, data: string): Promise<DirectoryFormat> {
  const format = await readDirectoryFormat(disk, data)
  if (format && Object.keys(format.ledgers).length > 0) return format
  throw new BackupRefused(
    'not_a_directory',
    `${data} is no data directory: it has no format.json that names a ledger`,
  )
}

async function keysHeld(
  { disk, data, master }: CutSource,
  ledger: string,
  { origin }: LedgerIdentity,
): Promise<number> {
  const place = { disk, directory: `${data}/keyring`, ledger, ledgerId: ledgerIdOf(origin) }
  const pages = await readPages(place, master.key)
  return pages.reduce((sum, { pairs }) => sum + pairs.length, 0)
}

/** Everything that says who the ledgers are, what they sign with, which keys are gone and what is being erased. */
async function changingFiles(disk: Disk, data: string): Promise<Map<string, Uint8Array>> {
  const names = (await disk.list(data)).filter(
    (name) => name === 'format.json' || name.endsWith('.succession.json'),
  )
  const keyring = (await disk.list(`${data}/keyring`)).filter((name) => /\.(erasures|pages|key)$/.test(name))
  const files = new Map<string, Uint8Array>()
  for (const path of [...names, ...keyring.map((name) => `keyring/${name}`)]) {
    const bytes = await disk.read(`${data}/${path}`)
    if (bytes) files.set(path, bytes)
  }
  return files
}

const isKeptInSnapshot = (path: string): boolean => !path.startsWith('keyring/') || isOfSnapshot(path)

function isSame(before: Files, after: Files): boolean {
  return before.size === after.size && [...before].every(([path, bytes]) => isEqual(bytes, after.get(path)))
}

function isEqual(one: Uint8Array, other: Uint8Array | undefined): boolean {
  return other !== undefined && Buffer.compare(one, other) === 0
}
