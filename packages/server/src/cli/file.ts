import { errorCode, realDisk } from '../platform/disk.ts'
import { standardInput } from '../platform/terminal.ts'
import { CommandError, EXIT } from './exit.ts'

/** All of a file somebody named; CommandError when it cannot be read. */
export async function fileBytes(path: string): Promise<Uint8Array> {
  const bytes = await realDisk.read(path).catch((error: unknown) => {
    if (errorCode(error) === 'EISDIR') throw new CommandError(EXIT.usage, `${path} is a directory`)
    throw error
  })
  if (!bytes) throw new CommandError(EXIT.usage, `no such file: ${path}`)
  return bytes
}

/** All of a file, or of standard input for `-`. */
export async function inputBytes(path: string): Promise<Uint8Array> {
  if (path !== '-') return fileBytes(path)
  const chunks: Uint8Array[] = []
  for await (const chunk of standardInput()) chunks.push(chunk)
  return Buffer.concat(chunks)
}
