import { constants, readFile } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, statfs, truncate } from 'node:fs/promises'
import { promisify } from 'node:util'
import {
  errorCode,
  makeDirectoryDurably,
  replaceFile,
  replaceFileDurably,
  type SystemCalls,
} from './durable-calls.ts'

export { errorCode } from './durable-calls.ts'

/** An open file addressed by position; nothing here appends by itself. */
export interface DiskFile {
  readonly path: string
  /** Writes all of `bytes` at `position`; resolves when the system has taken them, not when they are durable. */
  write(bytes: Uint8Array, position: number): Promise<void>
  /** Reads up to `length` bytes at `position`; shorter only at the end of the file. */
  read(position: number, length: number): Promise<Uint8Array>
  /** Makes all written bytes durable (fdatasync). After a failure their fate is unknown: never retry. */
  datasync(): Promise<void>
  size(): Promise<number>
  close(): Promise<void>
}

/** How `open` treats the file: existing for reading, existing for reading and writing, or new and exclusive. */
export type OpenMode = 'read' | 'write' | 'create'

/** Every call the product makes on a file system. A failure is thrown as it came, with its `code`. */
export interface Disk {
  open(path: string, mode: OpenMode): Promise<DiskFile>
  /** The whole file, or undefined when there is none. */
  read(path: string): Promise<Uint8Array | undefined>
  /** Writes a derived file: not durable until `sync`, visible only whole (written beside, then renamed). */
  write(path: string, bytes: Uint8Array): Promise<void>
  /** Writes a file that must survive power loss the moment this resolves: temp file, fsync, rename, directory sync. */
  writeDurably(path: string, bytes: Uint8Array, permissions?: number): Promise<void>
  /** Makes an existing file's bytes durable. */
  sync(path: string): Promise<void>
  /** Makes names created in, renamed into or removed from the directory durable. */
  syncDirectory(path: string): Promise<void>
  /** Names in the directory, sorted; empty when there is no such directory. */
  list(path: string): Promise<string[]>
  /** Size in bytes, or undefined when there is no such file. */
  size(path: string): Promise<number | undefined>
  /** Makes the directory and those missing above it; their names survive power loss the moment this resolves. */
  makeDirectory(path: string, permissions?: number): Promise<void>
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  truncate(path: string, bytes: number): Promise<void>
  /** Bytes free for this process on the file system of `path`. */
  freeBytes(path: string): Promise<number>
}

class RealFile implements DiskFile {
  readonly path: string
  readonly #handle: FileHandle

  constructor(path: string, handle: FileHandle) {
    this.path = path
    this.#handle = handle
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    let done = 0
    while (done < bytes.length) {
      const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, position + done)
      done += bytesWritten
    }
  }

  async read(position: number, length: number): Promise<Uint8Array> {
    const buffer = new Uint8Array(length)
    let done = 0
    while (done < length) {
      const { bytesRead } = await this.#handle.read(buffer, done, length - done, position + done)
      if (bytesRead === 0) break
      done += bytesRead
    }
    return done === length ? buffer : buffer.subarray(0, done)
  }

  datasync(): Promise<void> {
    return this.#handle.datasync()
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

const FLAGS: Record<OpenMode, number> = {
  read: constants.O_RDONLY,
  write: constants.O_RDWR,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
}

let temporaryCount = 0

/** A name no other writer of this or another process uses, in the same directory so that rename stays atomic. */
function temporaryName(path: string): string {
  temporaryCount += 1
  return `${path}.${process.pid}.${temporaryCount}.tmp`
}

async function unlessMissing<T>(action: Promise<T>): Promise<T | undefined> {
  try {
    return await action
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** `readFile` of `fs/promises` makes an object of every file, which costs twice as much as reading a tile. */
const readWhole = promisify(readFile)

async function syncAt(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const systemCalls: SystemCalls = {
  fill: async (path, bytes, permissions, isSynced) => {
    const handle = await open(path, 'w', permissions)
    try {
      await handle.writeFile(bytes)
      if (isSynced) await handle.sync()
    } finally {
      await handle.close()
    }
  },
  rename,
  syncDirectory: syncAt,
  hasDirectory: async (path) => (await unlessMissing(stat(path)))?.isDirectory() === true,
  makeOne: async (path, mode) => {
    try {
      await mkdir(path, { mode })
    } catch (error) {
      if (errorCode(error) !== 'EEXIST' || !(await systemCalls.hasDirectory(path))) throw error
    }
  },
}

export const realDisk: Disk = {
  open: async (path, mode) => new RealFile(path, await open(path, FLAGS[mode], 0o600)),
  read: async (path) => {
    const bytes = await unlessMissing(readWhole(path))
    // Not a Buffer, whose slice() would share memory where that of the twin's bytes copies.
    return bytes && new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  },
  write: (path, bytes) => replaceFile(systemCalls, path, temporaryName(path), bytes),
  writeDurably: (path, bytes, permissions = 0o644) =>
    replaceFileDurably(systemCalls, path, temporaryName(path), bytes, permissions),
  sync: syncAt,
  syncDirectory: syncAt,
  list: async (path) => ((await unlessMissing(readdir(path))) ?? []).toSorted(),
  size: async (path) => (await unlessMissing(stat(path)))?.size,
  makeDirectory: (path, permissions = 0o755) => makeDirectoryDurably(systemCalls, path, permissions),
  rename: (from, to) => rename(from, to),
  remove: (path) => rm(path),
  truncate: (path, bytes) => truncate(path, bytes),
  freeBytes: async (path) => {
    const space = await statfs(path)
    return space.bavail * space.bsize
  },
}
