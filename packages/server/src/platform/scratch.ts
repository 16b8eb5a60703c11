/** Directories for the time being: made, filled by copying or linking, and removed as a whole. */
import { copyFile, link, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { errorCode } from './durable-calls.ts'

/** A new, empty directory below the system's place for such, readable by its owner only. */
export function makeScratch(name: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `${name}-`))
}

/** Removes a directory with everything in it. */
export function removeScratch(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true })
}

/** Every file below `directory`, as paths relative to it, sorted; empty when there is no such directory. */
export async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(
    (error: unknown) => {
      if (errorCode(error) === 'ENOENT') return []
      throw error
    },
  )
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .toSorted()
}

/** Copies one file, making the directories above it, those readable by their owner only. */
export async function copyOne(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 })
  await copyFile(from, to)
}

/**
 * A second tree with the same files, for callers that replace files and never write into one: files are linked where the file
 * system can, and copied where it cannot.
 */
export async function cloneTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 })
  for (const path of await filesBelow(from)) {
    const target = join(to, path)
    await mkdir(dirname(target), { recursive: true, mode: 0o700 })
    await link(join(from, path), target).catch(() => copyFile(join(from, path), target))
  }
}
