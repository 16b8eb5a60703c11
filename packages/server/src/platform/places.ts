import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where this user's programs keep state that must outlive any data directory (XDG Base Directory, or its usual default). */
export function userStateDirectory(): string {
  return join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'deponent')
}

/** Removes everything in a directory, if there is one; nothing of it needs to be durable. */
export async function emptyDirectory(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true })
  await mkdir(path, { recursive: true, mode: 0o700 })
}

/** A new directory for what need not outlive this process, and how to remove it with all that is in it. */
export async function temporaryDirectory(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'deponent-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}
