/*
 * The files of a spool. Their names say when each was written and how many records it holds, so that nothing has to be read to know
 * what is there: `<unix ms>-<counter>-<random>.<records>.batch`.
 */
import type { Files } from './host.ts'

const NAME = /^(\d{15})-\d{6}-[0-9a-f]{8}\.(\d+)\.batch$/
/** Left by a process that ended while it wrote, or set aside. */
const REST = /\.(?:new|aside)$/
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
  #list: SpoolFile[] = []
  #counter = 0

  constructor(files: Files, directory: string, ttlMs: number) {
    this.#files = files
    this.#directory = directory
    this.#ttlMs = ttlMs
  }

  /** Finds what earlier processes left. */
  async open(): Promise<void> {
    await this.#files.mkdir(this.#directory, { recursive: true, mode: DIRECTORY_MODE })
    const names = await this.#files.readdir(this.#directory)
    for (const name of names.toSorted()) {
      const [, at, records] = NAME.exec(name) ?? []
      if (at !== undefined) {
        const { size } = await this.#files.stat(this.#path(name))
        this.#list.push({ name, at: Number(at), records: Number(records), bytes: size })
      } else if (REST.test(name) && this.#isOld(Number(name.slice(0, 15))))
        await this.#files.unlink(this.#path(name))
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
    this.#counter = (this.#counter + 1) % 1_000_000
    const random = [...crypto.getRandomValues(new Uint8Array(4))].map((byte) =>
      byte.toString(16).padStart(2, '0'),
    )
    const time = String(at).padStart(15, '0')
    const name = `${time}-${String(this.#counter).padStart(6, '0')}-${random.join('')}.${records}.batch`
    await this.write(name, bytes)
    const file = { name, at, records, bytes: bytes.length }
    this.#list.push(file)
    return file
  }

  /** Writes a file whole or not at all. */
  async write(name: string, data: Uint8Array | string): Promise<void> {
    const path = this.#path(name)
    const file = await this.#files.open(`${path}.new`, 'w', FILE_MODE)
    try {
      await file.writeFile(data)
      await file.sync()
    } finally {
      await file.close()
    }
    await this.#files.rename(`${path}.new`, path)
    await this.#syncDirectory()
  }

  /** Undefined when another process, which found it as well, has dealt with it. */
  async read(file: SpoolFile): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      return await this.#files.readFile(this.#path(file.name))
    } catch (error) {
      if (!isGone(error)) throw error
      this.#forget(file)
      return undefined
    }
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
    await this.#files.unlink(this.#path(file.name)).catch((error: unknown) => {
      if (!isGone(error)) throw error
    })
  }

  async setAside(file: SpoolFile): Promise<void> {
    this.#forget(file)
    await this.#files.rename(this.#path(file.name), `${this.#path(file.name)}.aside`)
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

function isGone(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT'
}
