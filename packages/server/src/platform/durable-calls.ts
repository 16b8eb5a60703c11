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
  hasDirectory(path: string): Promise<boolean>
  /** Makes one directory, unless it is there; ENOENT when the one above is missing. */
  makeOne(path: string, permissions: number): Promise<void>
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
 * Makes `path` and the directories missing above it, from the top, and nothing in a directory before that one's own name is
 * durable. So only a directory with nothing in it can have a name that is not, left by a life that ended in between; that is
 * why the one above is synced even when there is nothing to make.
 */
export async function makeDirectoryDurably(
  system: SystemCalls,
  path: string,
  permissions: number,
): Promise<void> {
  const above = dirname(path)
  const isNew = !(await system.hasDirectory(path))
  if (isNew) {
    await makeDirectoryDurably(system, above, permissions)
    await system.makeOne(path, permissions)
  }
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
