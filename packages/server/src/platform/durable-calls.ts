/**
 * In which order system calls must come so that a file or a directory survives power loss: written once, for the real disk
 * and for its test twin.
 */
import { dirname } from 'node:path'

/** The system calls of one disk. Failures carry the system's `code`. */
export interface SystemCalls {
  /** Fills a new file, or one that an earlier life left under this name, with exactly these bytes; fsync when `isSynced`. */
  fill(path: string, bytes: Uint8Array, permissions: number, isSynced: boolean): Promise<void>
  rename(from: string, to: string): Promise<void>
  syncDirectory(path: string): Promise<void>
  /** mkdir(2): one directory; ENOENT when the one above is missing. Resolves false when there was one already. */
  makeOne(path: string, permissions: number): Promise<boolean>
}

/** Replaces `path` as a whole by way of `temporary`, a name in the same directory. Nothing of it is durable. */
export async function replaceFile(
  system: SystemCalls,
  path: string,
  temporary: string,
  bytes: Uint8Array,
): Promise<void> {
  await system.fill(temporary, bytes, 0o644, false)
  await system.rename(temporary, path)
}

/** Replaces `path` as a whole; afterwards the new file survives power loss, and until then the old one does. */
export async function replaceFileDurably(
  system: SystemCalls,
  path: string,
  temporary: string,
  bytes: Uint8Array,
  permissions: number,
): Promise<void> {
  await system.fill(temporary, bytes, permissions, true)
  await system.rename(temporary, path)
  await system.syncDirectory(dirname(path))
}

/**
 * Makes `path` and the directories missing above it, from the top, each one's name durable before the next is made. So at
 * most the lowest directory that exists can have a name that is not durable yet, left by a life that ended in between; that
 * is why the directory above is synced even when there is nothing to make.
 */
export async function makeDirectoryDurably(
  system: SystemCalls,
  path: string,
  permissions: number,
): Promise<void> {
  const above = dirname(path)
  const isNew = await system.makeOne(path, permissions).catch(async (error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error
    await makeDirectoryDurably(system, above, permissions)
    return system.makeOne(path, permissions)
  })
  try {
    await system.syncDirectory(above)
  } catch (error) {
    // A directory that was there, in one we may not read: whoever made it answers for its name.
    if (isNew || !['EACCES', 'EPERM'].includes(errorCode(error))) throw error
  }
}

/** The system's code of a failure (`ENOENT`, `ENOSPC` …), or '' when it has none. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
