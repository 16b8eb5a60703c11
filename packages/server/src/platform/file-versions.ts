/** The folder of one key in a store of files: a file for each version, newest name last, with locks and removals beside them. */
import { randomBytes } from 'node:crypto'
import { readFile, readdir, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errorCode, realDisk } from './disk.ts'
import type { Lock } from './object-store.ts'

/** What one version is; its bytes are at `path`, unless it only says that the object was removed. */
export interface FileVersion {
  readonly version: string
  readonly path: string
  readonly isRemoval: boolean
}

/** Unix milliseconds and a tail by chance, so that names are in the order of writing. */
const NAME = /^(\d{13})-[0-9a-f]{12}$/
const REMOVED = '.removed'
const LOCK = '.lock'

/** What a folder of versions is called after its key; nothing in a key ends so. */
export const FOLDER_MARK = '~'

/** Unix milliseconds at which a version was written. */
export function timeOfVersion(version: string): number {
  return Number(NAME.exec(version)?.[1] ?? 0)
}

export function isVersion(text: string): boolean {
  return NAME.test(text)
}

/** A name for a version written at `now`, after `newest` however the clock stands. */
export function nextVersion(now: number, newest: string | undefined): string {
  const at = newest === undefined ? now : Math.max(now, timeOfVersion(newest) + 1)
  return `${String(at).padStart(13, '0')}-${randomBytes(6).toString('hex')}`
}

/** Versions in the folder, newest first; none when there is no folder. */
export async function versionsIn(folder: string): Promise<FileVersion[]> {
  const names = (await namesIn(folder)).toSorted().toReversed()
  return names.flatMap((name) => {
    const isRemoval = name.endsWith(REMOVED)
    const version = isRemoval ? name.slice(0, -REMOVED.length) : name
    return isVersion(version) ? [{ version, path: join(folder, name), isRemoval }] : []
  })
}

/** Where a version's bytes go, or the removal that it is. */
export function versionPath(folder: string, version: string, isRemoval = false): string {
  return join(folder, isRemoval ? version + REMOVED : version)
}

/** The lock a version has; undefined when it never had one, or when its time is over. */
export async function readLock(folder: string, version: string, now: number): Promise<Lock | undefined> {
  let text: string
  try {
    text = await readFile(join(folder, version + LOCK), 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
  const [mode, until] = text.trim().split(' ')
  if (mode !== 'compliance' && mode !== 'governance')
    throw new Error('a lock beside an object cannot be read')
  return Number(until) > now ? { mode, until: Number(until) } : undefined
}

/** Writes the lock of a version, in place of the one it had; durable when this resolves. */
export async function writeLock(folder: string, version: string, { mode, until }: Lock): Promise<void> {
  await realDisk.writeDurably(join(folder, version + LOCK), new TextEncoder().encode(`${mode} ${until}\n`))
}

/** Removes a version with its lock, and the folder with the last one; durable when this resolves. */
export async function removeVersion(folder: string, { path, version }: FileVersion): Promise<void> {
  await rm(path, { force: true })
  await rm(join(folder, version + LOCK), { force: true })
  await realDisk.syncDirectory(folder)
  if ((await namesIn(folder)).length > 0) return
  try {
    await rmdir(folder)
    await realDisk.syncDirectory(dirname(folder))
  } catch (error) {
    if (!['ENOTEMPTY', 'ENOENT'].includes(errorCode(error))) throw error
  }
}

/** Size and time of a file; undefined when it is not there. */
export async function fileFacts(path: string): Promise<{ bytes: number; storedAt: number } | undefined> {
  try {
    const { size, mtimeMs, isFile } = await statOf(path)
    return isFile ? { bytes: size, storedAt: Math.floor(mtimeMs) } : undefined
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return undefined
    throw error
  }
}

async function statOf(path: string): Promise<{ size: number; mtimeMs: number; isFile: boolean }> {
  const found = await stat(path)
  return { size: found.size, mtimeMs: found.mtimeMs, isFile: found.isFile() }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return []
    throw error
  }
}
