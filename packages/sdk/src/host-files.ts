/** Files and programs of the host, read for what they say of where decisions are made. */
import { hostModule, hostProcess } from './host.ts'

const CHUNK_BYTES = 256 * 1024
const TEXT_BYTES_MAX = 16 * 1024 * 1024
const PROGRAM_MS_MAX = 10_000

/** SHA-256 of a file of any size, as `sha256:` and hex: read in pieces, between which the host does other work. Throws when it cannot be read. */
export async function fileDigest(path: string): Promise<string> {
  const files = hostModule('node:fs/promises')
  const crypto = hostModule('node:crypto')
  if (!files || !crypto) throw new Error('this host has no files')
  const hash = crypto.createHash('sha256')
  const buffer = new Uint8Array(CHUNK_BYTES)
  const file = await files.open(path, 'r')
  try {
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, null)
      if (bytesRead === 0) return `sha256:${hash.digest('hex')}`
      hash.update(buffer.subarray(0, bytesRead))
    }
  } finally {
    await file.close()
  }
}

/** The text of a file; undefined when there is none, or it is far larger than such a file is. */
export async function textOf(path: string): Promise<string | undefined> {
  const files = hostModule('node:fs/promises')
  try {
    if (!files || (await files.stat(path)).size > TEXT_BYTES_MAX) return undefined
    return new TextDecoder().decode(await files.readFile(path))
  } catch {
    return undefined
  }
}

/** What a program writes, at most 1 MiB; undefined when it is not there, fails or takes longer than ten seconds. */
export function outputOf(file: string, args: readonly string[], cwd?: string): Promise<string | undefined> {
  const { execFile } = hostModule('node:child_process') ?? {}
  if (!execFile) return Promise.resolve(undefined)
  const options = {
    ...(cwd !== undefined && { cwd }),
    timeout: PROGRAM_MS_MAX,
    maxBuffer: 1024 * 1024,
    // Looking at a repository must not hold up whoever works in it.
    env: { ...hostProcess()?.env, GIT_OPTIONAL_LOCKS: '0' },
  }
  return new Promise((resolve) => {
    execFile(file, args, options, (error, stdout) => resolve(error ? undefined : stdout.trim()))
  })
}
