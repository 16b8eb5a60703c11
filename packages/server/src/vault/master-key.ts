/**
 * The master key: 32 random bytes from which every other secret of a data directory is derived or under which it is wrapped. It lies
 * in `keyring/master.key`, wrapped by the root key. Changing the root key rewrites that one small file:
 *
 *   next root key durable ─▶ master.key.next durable ─▶ change on record ─▶ renamed to master.key ─▶ older root key gone
 *
 * Until the renaming the older root key opens the directory, from then on the next does; cut short anywhere, one of the two
 * opens it, and a change that is asked for again begins where this one ended.
 */
import { dirname, resolve } from 'node:path'
import { FormatError, toHex } from '@deponent/format'
import { type Disk, errorCode } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'
import { decodeMasterFile, encodeMasterFile, type MasterFile } from './master-file.ts'
import { writeRootKey } from './root-key.ts'
import {
  forget,
  nextRoot,
  placeOf,
  type RootSource,
  RootKeyMissing,
  rootsAt,
  unwrap,
  wrap,
} from './root-source.ts'

export interface MasterKey {
  /** 32 bytes, kept in memory as long as the directory is held. */
  readonly key: Uint8Array
  readonly file: MasterFile
  /** Where the root key was. */
  readonly source: RootSource
}

/** A master key that can be used, and what must be written before it is. */
export interface UnsettledMaster extends MasterKey {
  /** Writes what is new and finishes a change of the root key that was cut short; only for whoever holds the directory. */
  settle(): Promise<void>
}

const masterPath = (keyring: string): string => `${keyring}/master.key`
const nextMasterPath = (keyring: string): string => `${keyring}/master.key.next`

/** The wrapped master key, and the one a change under way leads to; FormatError `keyring_damaged`. */
export async function readMasterFiles(disk: Disk, keyring: string): Promise<MasterFile[]> {
  const files: MasterFile[] = []
  for (const path of [masterPath(keyring), nextMasterPath(keyring)]) {
    const bytes = await disk.read(path)
    if (bytes) files.push(decodeMasterFile(bytes))
  }
  return files
}

/** True while a change of the root key was begun and is not finished. */
export async function isRootChanging(disk: Disk, keyring: string): Promise<boolean> {
  return (await disk.size(nextMasterPath(keyring))) !== undefined
}

/**
 * The master key, for reading only; undefined when the directory has none. Rejects with RootKeyMissing, KeyServiceFailure, or
 * FormatError `keyring_damaged`.
 */
export async function readMasterKey(
  disk: Disk,
  keyring: string,
  source: RootSource,
): Promise<MasterKey | undefined> {
  const files = await readMasterFiles(disk, keyring)
  if (files.length === 0) return undefined
  const { key, file } = await unwrap(disk, files, source)
  return { key, file, source }
}

/**
 * Opens the master key, or mints it when the directory is new; nothing is written before `settle`, so that a root key that cannot be had
 * leaves no trace. Rejects as `readMasterKey` does.
 */
export async function openMasterKey(
  disk: Disk,
  random: Random,
  keyring: string,
  source: RootSource,
  isNew: boolean,
): Promise<UnsettledMaster> {
  const files = await readMasterFiles(disk, keyring)
  if (files.length === 0) {
    if (isNew) return mintMasterKey(disk, random, keyring, source)
    throw new FormatError(
      'keyring_damaged',
      'master.key is missing: without it nothing that was sealed in this directory opens',
    )
  }
  const { key, file, rootPath } = await unwrap(disk, files, source)
  const settle = async (): Promise<void> => {
    // The life before may have ended with the name of what was read in the system's memory only.
    await disk.syncDirectory(keyring)
    if (file !== files[0]) await rename(disk, nextMasterPath(keyring), masterPath(keyring))
    // Renamed after master.key only: before that, the older root key is the one that counts.
    if (source.kind === 'file' && rootPath === nextRoot(source.path))
      await rename(disk, rootPath, source.path)
  }
  return { key, file, source, settle }
}

async function mintMasterKey(
  disk: Disk,
  random: Random,
  keyring: string,
  source: RootSource,
): Promise<UnsettledMaster> {
  const roots = await rootsAt(disk, source)
  const isMinted = source.kind === 'file' && roots.length === 0
  const root = isMinted ? random.bytes(32) : roots[0]?.key
  if (source.kind === 'environment' && !root)
    throw new RootKeyMissing(`the root key is missing: ${source.variable} is not set`)
  const key = random.bytes(32)
  const file = await wrap(key, toHex(random.bytes(16)), source, root, random.bytes(12))
  const settle = async (): Promise<void> => {
    if ((await disk.size(masterPath(keyring))) !== undefined)
      throw new FormatError('keyring_damaged', 'another process made master.key meanwhile; start again')
    await disk.makeDirectory(keyring, 0o700)
    if (isMinted) await writeRootKey(disk, source.path, root!)
    else await settleRoot(disk, source)
    root?.fill(0)
    await disk.writeDurably(masterPath(keyring), encodeMasterFile(file), 0o600)
  }
  return { key, file, source, settle }
}

/** What a change of the root key came to, in the words of `master.key`. */
export interface RootChange {
  readonly previous: string
  readonly next: string
  /** Where the next root key is, for people. */
  readonly place: string
}

export interface RootChangeOptions {
  readonly disk: Disk
  readonly random: Random
  readonly keyring: string
  /** The master key as it was opened and settled. */
  readonly master: MasterKey
  /** Where the next root key is; made where the present one lies when absent. */
  readonly to?: RootSource | undefined
  /** Puts the change on record; it is made only if this resolves. */
  record(change: RootChange): Promise<void>
}

/** Wraps the master key by another root key. RootKeyMissing when there is none to wrap it by. */
export async function changeRootKey(options: RootChangeOptions): Promise<RootChange> {
  const { disk, random, keyring, master } = options
  const to = options.to ?? master.source
  const { source, root } = await nextRootKey(options)
  const file = await wrap(master.key, master.file.directory, source, root, random.bytes(12))
  root?.fill(0)
  const change = { previous: master.file.wrappedBy, next: file.wrappedBy, place: placeOf(to) }
  if (change.previous === change.next && source.kind !== 'service')
    throw new RootKeyMissing(`the root key in ${placeOf(source)} is the one that wraps master.key already`)
  await disk.writeDurably(nextMasterPath(keyring), encodeMasterFile(file), 0o600)
  await options.record(change)
  await rename(disk, nextMasterPath(keyring), masterPath(keyring))
  await removeOlder(options, source)
  return change
}

/** The source of the next root key and, unless a service keeps it, the key; it is made durable when it is new. */
async function nextRootKey({
  disk,
  random,
  master,
  to,
}: RootChangeOptions): Promise<{ source: RootSource; root?: Uint8Array }> {
  const from = master.source
  if (to === undefined && from.kind === 'environment')
    throw new RootKeyMissing(`${from.variable} cannot be changed from here: name the next root key with --to`)
  const isSamePlace = from.kind === 'file' && (to === undefined || isAt(to, from.path))
  const source: RootSource = isSamePlace ? { kind: 'file', path: nextRoot(from.path) } : (to ?? from)
  if (source.kind === 'service') return { source }
  const [known, ...others] = await rootsAt(disk, source)
  forget(others)
  if (known) {
    await settleRoot(disk, source)
    return { source, root: known.key }
  }
  if (source.kind === 'environment') throw new RootKeyMissing(`${source.variable} is not set`)
  const root = random.bytes(32)
  await writeRootKey(disk, source.path, root)
  return { source, root }
}

/** The older root key goes where it was ours to keep; one that somebody put elsewhere stays theirs. */
async function removeOlder({ disk, keyring, master }: RootChangeOptions, source: RootSource): Promise<void> {
  if (master.source.kind !== 'file') return
  const { path } = master.source
  if (source.kind === 'file' && source.path === nextRoot(path)) return rename(disk, source.path, path)
  if (dirname(resolve(path)) !== resolve(keyring)) return
  await disk.remove(path)
  await disk.syncDirectory(keyring)
}

const isAt = (source: RootSource, path: string): boolean =>
  source.kind === 'file' && resolve(source.path) === resolve(path)

/** Makes the name of a root key that was read durable before anything is wrapped by it: a life that made it may have ended too soon. */
async function settleRoot(disk: Disk, source: RootSource): Promise<void> {
  if (source.kind !== 'file') return
  try {
    await disk.syncDirectory(dirname(source.path))
  } catch (error) {
    // Where we may not even read the directory, we did not make what is in it.
    if (!['EACCES', 'EPERM'].includes(errorCode(error))) throw error
  }
}

async function rename(disk: Disk, from: string, to: string): Promise<void> {
  await disk.rename(from, to)
  await disk.syncDirectory(dirname(to))
}
