/**
 * The ground a drill takes place on: a copy of a data directory in a directory of its own, with keys made for the drill in the place of
 * the ledger's. The ledger's own signing keys are neither read nor copied, so that nothing a drill signs could ever be taken for
 * a statement of the ledger.
 */
import { createHash } from 'node:crypto'
import {
  type Finding,
  FormatError,
  parseTilePath,
  TILE_WIDTH,
  utf8,
  type VerifyReport,
} from '@deponent/format'
import { checkDirectory } from '../check/directory.ts'
import { identityOf, readDirectoryFormat, writeDirectoryFormat } from '../ledger/identity.ts'
import { SigningKey, writeSeed } from '../ledger/signing-key.ts'
import { ledgerIdOf } from '../ledger/wal-frame.ts'
import { scanWal } from '../ledger/wal-scan.ts'
import type { Disk } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'
import { copyOne, filesBelow } from '../platform/scratch.ts'
import { readDictionaries } from '../vault/dictionaries.ts'
import { readMasterKey } from '../vault/master-key.ts'
import { rootBeside, RootKeyMissing } from '../vault/root-source.ts'
import { readKeys } from '../vault/stored-keyring.ts'
import { type Contents, readContents } from './contents.ts'
import type { Place } from './place.ts'
import type { ContentSecrets } from './sealing.ts'
import { checkpointOf, type LedgerKeys } from './statements.ts'

/** Largest directory that is copied: a drill holds it in memory and writes it many times. */
export const DRILL_BYTES_MAX = 512 * 1_048_576
const COPY_ATTEMPTS = 3

/** Thrown when there is nothing to hold a drill on. */
export class DrillRefused extends Error {
  readonly findings: readonly Finding[]

  constructor(message: string, findings: readonly Finding[] = []) {
    super(message)
    this.findings = findings
  }
}

/** The copy, with everything known about it. */
export interface Ground extends Place, ContentSecrets {
  keys: LedgerKeys
  contents: Contents
}

interface Copying {
  disk: Disk
  random: Random
  /** The directory to copy; only read. */
  source: string
  target: string
  ledger: string
}

/** Copies a directory a server may be running on, checks the copy, and puts the drill's keys in it. */
export async function copyGround(copying: Copying): Promise<Ground> {
  const { disk, random, source, target, ledger } = copying
  const format = await readDirectoryFormat(disk, source)
  const identity = format && identityOf(format, ledger)
  if (!identity) throw new DrillRefused(`${source} is not a data directory with a ledger named ${ledger}`)
  const { origin } = identity
  await mustFit(disk, source, target, ledger)
  await copyWhole(copying, origin)
  const keys = await standInKeys(disk, random, { directory: target, ledger, origin })
  const place = { disk, directory: target, ledger, origin }
  const contents = await readContents(disk, target, ledger, origin)
  if (contents.items.length === 0) throw new DrillRefused('the ledger is empty')
  await disk.write(`${target}/ledgers/${ledger}/checkpoint`, utf8(checkpointOf(keys, origin, contents)))
  return { ...place, keys, contents, ...(await contentSecretsOf(place)) }
}

async function mustFit(disk: Disk, source: string, target: string, ledger: string): Promise<void> {
  let bytes = 0
  for (const part of [`ledgers/${ledger}`, `vault/${ledger}`])
    for (const path of await filesBelow(`${source}/${part}`))
      bytes += (await disk.size(`${source}/${part}/${path}`)) ?? 0
  const mebibytes = Math.ceil(bytes / 1_048_576)
  if (bytes > DRILL_BYTES_MAX)
    throw new DrillRefused(
      `${source} holds ${mebibytes} MiB; a drill takes up to ${DRILL_BYTES_MAX / 1_048_576}`,
    )
  if ((await disk.freeBytes(target)) < 4 * bytes)
    throw new DrillRefused(`there is no room for a copy of ${mebibytes} MiB and what is changed on it`)
}

/** A running server may let go of a file while it is copied, or add to one: then the copy does not verify and is made again. */
async function copyWhole({ disk, source, target, ledger }: Copying, origin: string): Promise<void> {
  let report: VerifyReport | undefined
  for (let attempt = 0; attempt < COPY_ATTEMPTS; attempt += 1) {
    for (const path of await filesBelow(target)) await disk.remove(`${target}/${path}`)
    await copyFiles(disk, source, target, ledger, origin)
    report = await checkDirectory(disk, target)
    if (report.verdict !== 'invalid') return
  }
  const findings = report?.findings.filter(({ severity }) => severity === 'error') ?? []
  throw new DrillRefused(`${source} does not verify as it is; a drill would show nothing`, findings)
}

/** What opens a keyring: the root key, and what it wraps. */
const OPENING = new Set(['root.key', 'root.key.next', 'master.key', 'master.key.next'])

/** Whether a file holds keys of subjects of this ledger, or what they are wrapped under. */
function isKeyringOf(ledger: string, name: string): boolean {
  if (!name.startsWith(`${ledger}.`)) return false
  return /^(?:\d{6}\.)?keys$|^pages$/.test(name.slice(ledger.length + 1))
}

/** The log before what is derived from it, and the keys last: what a file names is then in the files copied after it. */
async function copyFiles(
  disk: Disk,
  source: string,
  target: string,
  ledger: string,
  origin: string,
): Promise<void> {
  const copy = (path: string): Promise<void> => copyOne(`${source}/${path}`, `${target}/${path}`)
  const copyBelow = async (path: string, isWanted = (_: string): boolean => true): Promise<void> => {
    for (const name of await filesBelow(`${source}/${path}`))
      if (!name.endsWith('.tmp') && isWanted(name)) await copy(`${path}/${name}`)
  }
  const format = await readDirectoryFormat(disk, source)
  await writeDirectoryFormat(disk, target, { ...format!, ledgers: { [ledger]: format!.ledgers[ledger]! } })
  await copy(`ledgers/${ledger}/checkpoint`).catch(() => undefined)
  await copyBelow(`ledgers/${ledger}/wal`)
  const frames = (await scanWal(disk, `${target}/ledgers/${ledger}/wal`, ledgerIdOf(origin))).frames
  const last = frames.at(-1)?.content
  const end = last ? last.first + last.entries.length : 0
  await copyBelow(`ledgers/${ledger}/tile`, (name) => isTileBelow(name, end))
  await copyBelow(`vault/${ledger}`)
  await copyBelow('keyring', (name) => OPENING.has(name) || isKeyringOf(ledger, name))
}

/** Whether a tile lies wholly within the first `size` entries; a running server may have come further since the log was copied. */
function isTileBelow(name: string, size: number): boolean {
  try {
    const { level, n } = parseTilePath(`tile/${name}`)
    return (n + 1) * TILE_WIDTH ** (level === 'entries' ? 1 : level + 1) <= size
  } catch (error) {
    if (error instanceof FormatError) return false
    throw error
  }
}

async function standInKeys(
  disk: Disk,
  random: Random,
  { directory, ledger, origin }: { directory: string; ledger: string; origin: string },
): Promise<LedgerKeys> {
  const seeds = { checkpoint: random.bytes(32), promise: random.bytes(32) }
  const keys = {
    checkpoint: new SigningKey(origin, seeds.checkpoint),
    promise: new SigningKey(`${origin}/promise`, seeds.promise),
  }
  await disk.makeDirectory(`${directory}/keyring`, 0o700)
  for (const use of ['checkpoint', 'promise'] as const)
    await writeSeed(disk, `${directory}/keyring/${ledger}.${use}.key`, seeds[use])
  const format = await readDirectoryFormat(disk, directory)
  format!.ledgers[ledger]!.keys = [
    { vkey: keys.checkpoint.vkey, use: 'checkpoint', sizes: '0..' },
    { vkey: keys.promise.vkey, use: 'promise', sizes: '0..' },
  ]
  await writeDirectoryFormat(disk, directory, format!)
  return keys
}

async function masterOf({ disk, directory }: Place): Promise<Uint8Array | undefined> {
  const keyring = `${directory}/keyring`
  try {
    return (await readMasterKey(disk, keyring, rootBeside(keyring)))?.key
  } catch (error) {
    if (error instanceof RootKeyMissing) return undefined
    throw error
  }
}

/** What opens payloads; nothing where the root key is kept elsewhere. */
export async function contentSecretsOf(place: Place): Promise<ContentSecrets> {
  const { disk, directory, ledger } = place
  // Another ledger may have been put in the place of this one.
  const origin = identityOf((await readDirectoryFormat(disk, directory))!, ledger)?.origin ?? place.origin
  const master = await masterOf(place)
  if (!master) return { contentKeys: [], dictionaries: [] }
  const vault = {
    disk,
    directory: `${directory}/vault/${ledger}`,
    ledgerId: ledgerIdOf(origin),
    ledger,
    master,
  }
  const contentKeys = await readKeys(
    { disk, directory: `${directory}/keyring`, ledger, ledgerId: ledgerIdOf(origin) },
    master,
  )
  return { contentKeys, dictionaries: await readDictionaries(vault) }
}

/** What the signer remembers: the last checkpoint it signed, in a file named after its key. */
export async function writeSignerState(
  disk: Disk,
  directory: string,
  vkey: string,
  note: string,
): Promise<void> {
  await disk.makeDirectory(directory, 0o700)
  await disk.write(`${directory}/${createHash('sha256').update(vkey).digest('hex')}`, utf8(note))
}
