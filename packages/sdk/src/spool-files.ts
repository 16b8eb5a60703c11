/*
 * The files of a spool. Their names say when each was written and how many records it holds, so that nothing has to be read to know
 * what is there: `<unix ms>-<counter>-<random>.<records>.batch`.
 */
import type { Files } from './host.ts'

const NAME = /^(\d{15})-\d{6}-[0-9a-f]{8}\.(\d+)\.batch$/
/** Left by a process that ended while it wrote or sent, or set aside. */
const REST = /\.(?:new|aside|lock)$/
const DIRECTORY_MODE = 0o700
const FILE_MODE = 0o600

export interface SpoolFile {
  name: string
  /** Unix milliseconds. */
  at: number
  records: number
  bytes: number
}

export class SpoolFiles {
  readonly #files: Files
  readonly #directory: string
  readonly #ttlMs: number
  readonly #lockMs: number
  #list: SpoolFile[] = []
  #counter = 0

  /** What is locked for longer than `lockMs` was locked by a process that is gone. */
  constructor(files: Files, directory: string, { ttlMs, lockMs }: { ttlMs: number; lockMs: number }) {
    this.#files = files
    this.#directory = directory
    this.#ttlMs = ttlMs
    this.#lockMs = lockMs
  }

  /** Finds what earlier processes left. */
  async open(): Promise<void> {
    await this.#files.mkdir(this.#directory, { recursive: true, mode: DIRECTORY_MODE })
    const names = await this.#files.readdir(this.#directory)
    for (const name of names.toSorted()) {
      const [, at, records] = NAME.exec(name) ?? []
      if (at !== undefined) {
        const status = await unlessGone(this.#files.stat(this.#path(name)))
        if (status) this.#list.push({ name, at: Number(at), records: Number(records), bytes: status.size })
      } else if (REST.test(name) && this.#isOld(Number(name.slice(0, 15)))) await this.#unlink(name)
    }
  }

  /** The oldest first. */
  get list(): readonly SpoolFile[] {
    return this.#list
  }

  get bytes(): number {
    return this.#list.reduce((total, { bytes }) => total + bytes, 0)
  }

  isExpired({ at }: SpoolFile): boolean {
    return this.#isOld(at)
  }

  /** Writes one more; durable when this resolves. */
  async add(records: number, bytes: Uint8Array): Promise<SpoolFile> {
    const at = Date.now()
    const name = this.#nameAt(at, records)
    await this.write(name, bytes)
    const file = { name, at, records, bytes: bytes.length }
    this.#list.push(file)
    return file
  }

  /** Writes a file of one record that is locked from its beginning and not in the list; gives its name. */
  async hold(bytes: Uint8Array): Promise<string> {
    const name = this.#nameAt(Date.now(), 1)
    const lock = await this.#files.open(this.#path(lockOf(name)), 'wx', FILE_MODE)
    await lock.close()
    await this.write(name, bytes)
    return name
  }

  /** Removes such a file. */
  async letGo(name: string): Promise<void> {
    await this.#unlink(name)
    await this.#unlink(lockOf(name))
  }

  #nameAt(at: number, records: number): string {
    this.#counter = (this.#counter + 1) % 1_000_000
    return `${timeOf(at)}-${String(this.#counter).padStart(6, '0')}-${random()}.${records}.batch`
  }

  /** Writes a file whole or not at all. */
  async write(name: string, data: Uint8Array | string): Promise<void> {
    // Another process may write a file of the same name.
    const unfinished = this.#path(`${timeOf(Date.now())}-${random()}.new`)
    const file = await this.#files.open(unfinished, 'w', FILE_MODE)
    try {
      await file.writeFile(data)
      await file.sync()
    } finally {
      await file.close()
    }
    await this.#files.rename(unfinished, this.#path(name))
    await this.#syncDirectory()
  }

  /** Takes a file for this process alone; false while another one has it. */
  async lock({ name }: SpoolFile): Promise<boolean> {
    const lock = lockOf(name)
    try {
      const file = await this.#files.open(this.#path(lock), 'wx', FILE_MODE)
      await file.close()
      return true
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    }
    const status = await unlessGone(this.#files.stat(this.#path(lock)))
    if (status && Date.now() - status.mtimeMs > this.#lockMs) await this.#unlink(lock)
    return false
  }

  async unlock({ name }: SpoolFile): Promise<void> {
    await this.#unlink(lockOf(name))
  }

  /** Undefined when another process, which found it as well, has dealt with it. */
  async read(file: SpoolFile): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = await unlessGone(this.#files.readFile(this.#path(file.name)))
    if (bytes === undefined) this.#forget(file)
    return bytes
  }

  /** The text of a small file; undefined when there is none. */
  async text(name: string): Promise<string | undefined> {
    try {
      return new TextDecoder().decode(await this.#files.readFile(this.#path(name)))
    } catch {
      return undefined
    }
  }

  async remove(file: SpoolFile): Promise<void> {
    this.#forget(file)
    await this.#unlink(file.name)
  }

  async setAside(file: SpoolFile): Promise<void> {
    this.#forget(file)
    await unlessGone(this.#files.rename(this.#path(file.name), `${this.#path(file.name)}.aside`))
  }

  async #unlink(name: string): Promise<void> {
    await unlessGone(this.#files.unlink(this.#path(name)))
  }

  #forget(file: SpoolFile): void {
    this.#list = this.#list.filter(({ name }) => name !== file.name)
  }

  #path(name: string): string {
    return `${this.#directory}/${name}`
  }

  #isOld(at: number): boolean {
    return Date.now() - at > this.#ttlMs
  }

  /** Makes names durable, where directories can be synced. */
  async #syncDirectory(): Promise<void> {
    const directory = await this.#files.open(this.#directory, 'r').catch(() => undefined)
    await directory?.sync().catch(() => undefined)
    await directory?.close()
  }
}

/** Unix milliseconds in 15 digits, as names begin. */
function timeOf(ms: number): string {
  return String(ms).padStart(15, '0')
}

function random(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(4))
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

function lockOf(name: string): string {
  return `${name}.lock`
}

/** Undefined where the file is not there any more: another process has dealt with it. */
async function unlessGone<T>(doing: Promise<T>): Promise<T | undefined> {
  try {
    return await doing
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    return undefined
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
}
