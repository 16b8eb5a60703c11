/**
 * A directory that behaves as a store of objects does. Whoever may write files can change and remove every one of them, locks
 * included: it is not WORM, and says so.
 *
 * An object lies under its key as one plain file, until a lock or a version has to be kept for it. From then on it is the folder KEY~,
 * with a file for each version; the newest name in it is what is read, and a plain file beside it counts no more.
 */
import { randomBytes } from 'node:crypto'
import { type Dirent } from 'node:fs'
import { link, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Clock, realClock } from './clock.ts'
import { errorCode, realDisk } from './disk.ts'
import {
  fileFacts,
  type FileVersion,
  FOLDER_MARK,
  isVersion,
  nextVersion,
  readLock,
  removeVersion,
  timeOfVersion,
  versionPath,
  versionsIn,
  writeLock,
} from './file-versions.ts'
import {
  checkKey,
  checkPrefix,
  type Lock,
  type ObjectStore,
  type PutOptions,
  type Range,
  type StoreAbility,
  type StoredObject,
  type StoredVersion,
  StoreFailure,
  type StoreFailureCode,
  weakens,
} from './object-store.ts'

export interface FileStoreSettings {
  /** Keeps what is overwritten or removed as an earlier version, as a bucket with versioning does. */
  readonly keepsVersions?: boolean
  /** By which locks end; the machine's when absent. */
  readonly clock?: Clock
}

/** Where files are written before they get their names. */
const UNNAMED = `${FOLDER_MARK}new`
/** After this long what lies there belongs to a life that ended. */
const LEFT_MS = 86_400_000
const FULL = new Set(['ENOSPC', 'EDQUOT'])
const FORBIDDEN = new Set(['EACCES', 'EPERM', 'EROFS'])
const IN_THE_WAY = new Set(['EISDIR', 'ENOTDIR', 'EEXIST', 'ENOTEMPTY'])

/** The store in a directory, which is made with the first object. */
export function fileStore(root: string, settings: FileStoreSettings = {}): ObjectStore {
  return new FileStore(root, settings.keepsVersions === true, settings.clock ?? realClock)
}

class FileStore implements ObjectStore {
  readonly place: string
  readonly #root: string
  readonly #keepsVersions: boolean
  readonly #clock: Clock
  readonly #turns = new Map<string, Promise<unknown>>()
  #isReady: Promise<void> | undefined

  constructor(root: string, keepsVersions: boolean, clock: Clock) {
    this.place = root
    this.#root = root
    this.#keepsVersions = keepsVersions
    this.#clock = clock
  }

  ability(): Promise<StoreAbility> {
    const keepsVersions = this.#keepsVersions
    return Promise.resolve({
      isWorm: false,
      takesLocks: true,
      keepsVersions,
      description: 'a directory of files: not WORM',
    })
  }

  put(key: string, bytes: Uint8Array, { lock, ifAbsent = false }: PutOptions = {}): Promise<string | null> {
    return this.#inTurn(key, async () => {
      if (lock) this.#checkLock(lock)
      const versions = await versionsIn(this.#folder(key))
      if (ifAbsent && versions[0] && !versions[0].isRemoval) throw this.#exists()
      if (versions.length > 0 || lock || this.#keepsVersions)
        return this.#putVersion(key, bytes, lock, ifAbsent)
      await this.#putPlain(key, bytes, ifAbsent)
      return null
    })
  }

  get(
    key: string,
    options: { version?: string | null; range?: Range } = {},
  ): Promise<Uint8Array | undefined> {
    return this.#doing(key, async () => {
      // A plain file may be given its folder between the two looks.
      for (let look = 0; look < 2; look += 1) {
        const path = await this.#pathOf(key, options.version ?? null)
        const bytes = path === undefined ? undefined : await readPart(path, options.range)
        if (bytes) return bytes
      }
      return undefined
    })
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    checkPrefix(prefix)
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1)
    for await (const key of this.#keysBelow(folder, prefix)) {
      const facts = await this.#doing(key, () => this.#factsOf(key))
      if (facts) yield { key, ...facts }
    }
  }

  async *listVersions(prefix: string): AsyncGenerator<StoredVersion> {
    checkPrefix(prefix)
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1)
    for await (const key of this.#keysBelow(folder, prefix)) yield* await this.versions(key)
  }

  versions(key: string): Promise<StoredVersion[]> {
    return this.#doing(key, async () => {
      const found: StoredVersion[] = []
      for (const { version, path, isRemoval } of await versionsIn(this.#folder(key))) {
        const bytes = (await fileFacts(path))?.bytes
        const storedAt = timeOfVersion(version)
        if (bytes !== undefined) found.push({ key, version, isRemoval, bytes, storedAt })
      }
      if (found.length > 0) return found
      const facts = await fileFacts(this.#plain(key))
      return facts ? [{ key, version: null, isRemoval: false, ...facts }] : []
    })
  }

  remove(key: string, options: { version?: string | null; bypassGovernance?: boolean } = {}): Promise<void> {
    return this.#inTurn(key, async () => {
      const versions = await versionsIn(this.#folder(key))
      if (options.version != null) {
        const version = versions.find((one) => one.version === options.version)
        if (version) await this.#removeVersion(key, version, options.bypassGovernance === true)
      } else if (versions.length > 0 || this.#keepsVersions) await this.#hide(key, versions[0])
      else await this.#removePlain(key)
    })
  }

  lockOf(key: string, version: string | null = null): Promise<Lock | undefined> {
    return this.#doing(key, async () => {
      const found = await this.#version(key, version)
      return found && readLock(this.#folder(key), found.version, this.#clock.now())
    })
  }

  extendLock(key: string, lock: Lock, version: string | null = null): Promise<void> {
    return this.#inTurn(key, async () => {
      this.#checkLock(lock)
      await this.#adoptPlain(key)
      const found = await this.#version(key, version)
      if (!found) throw this.#failure('not_found', 'has no such object to lock')
      const known = await readLock(this.#folder(key), found.version, this.#clock.now())
      if (known && weakens(lock, known)) throw this.#locked()
      await writeLock(this.#folder(key), found.version, lock)
    })
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  async #putPlain(key: string, bytes: Uint8Array, ifAbsent: boolean): Promise<void> {
    const path = this.#plain(key)
    const unnamed = await this.#write(bytes)
    try {
      await realDisk.makeDirectory(dirname(path))
      if (ifAbsent) await this.#linkNew(unnamed, path)
      else await rename(unnamed, path)
      await realDisk.syncDirectory(dirname(path))
    } finally {
      await rm(unnamed, { force: true })
    }
  }

  /** Gives a file its name, unless somebody else has given it to another. */
  async #linkNew(unnamed: string, path: string): Promise<void> {
    try {
      await link(unnamed, path)
    } catch (error) {
      throw errorCode(error) === 'EEXIST' ? this.#exists() : error
    }
  }

  async #putVersion(
    key: string,
    bytes: Uint8Array,
    lock: Lock | undefined,
    ifAbsent: boolean,
  ): Promise<string> {
    const folder = this.#folder(key)
    if (ifAbsent && (await fileFacts(this.#plain(key)))) throw this.#exists()
    if (this.#keepsVersions) await this.#adoptPlain(key)
    const unnamed = await this.#write(bytes)
    try {
      await realDisk.makeDirectory(folder)
      const version = nextVersion(this.#clock.now(), (await versionsIn(folder))[0]?.version)
      // Before the object itself: there is no moment at which it is there without its lock.
      if (lock) await writeLock(folder, version, lock)
      await rename(unnamed, versionPath(folder, version))
      await realDisk.syncDirectory(folder)
      await this.#removePlain(key)
      return version
    } finally {
      await rm(unnamed, { force: true })
    }
  }

  /** Makes a plain file the first version of its key, where it is none yet. */
  async #adoptPlain(key: string): Promise<void> {
    const [plain, folder] = [this.#plain(key), this.#folder(key)]
    const facts = await fileFacts(plain)
    if (!facts || (await versionsIn(folder)).length > 0) return
    await realDisk.makeDirectory(folder)
    await rename(plain, versionPath(folder, nextVersion(facts.storedAt, undefined)))
    await realDisk.syncDirectory(folder)
    await realDisk.syncDirectory(dirname(plain))
  }

  async #removePlain(key: string): Promise<void> {
    const path = this.#plain(key)
    if (!(await fileFacts(path))) return
    await rm(path)
    await realDisk.syncDirectory(dirname(path))
  }

  async #hide(key: string, newest: FileVersion | undefined): Promise<void> {
    await this.#adoptPlain(key)
    const folder = this.#folder(key)
    const last = newest ?? (await versionsIn(folder))[0]
    if (!last || last.isRemoval) return
    const version = nextVersion(this.#clock.now(), last.version)
    await realDisk.writeDurably(versionPath(folder, version, true), new Uint8Array(0))
  }

  async #removeVersion(key: string, version: FileVersion, bypassesGovernance: boolean): Promise<void> {
    const folder = this.#folder(key)
    const lock = await readLock(folder, version.version, this.#clock.now())
    if (lock && !(lock.mode === 'governance' && bypassesGovernance)) throw this.#locked()
    await removeVersion(folder, version)
  }

  async #version(key: string, version: string | null): Promise<FileVersion | undefined> {
    const versions = await versionsIn(this.#folder(key))
    const found = version === null ? versions[0] : versions.find((one) => one.version === version)
    return found?.isRemoval === true ? undefined : found
  }

  async #pathOf(key: string, version: string | null): Promise<string | undefined> {
    if (version !== null) return isVersion(version) ? versionPath(this.#folder(key), version) : undefined
    const newest = (await versionsIn(this.#folder(key)))[0]
    if (newest) return newest.isRemoval ? undefined : newest.path
    return this.#plain(key)
  }

  async #factsOf(key: string): Promise<{ bytes: number; storedAt: number } | undefined> {
    const newest = (await versionsIn(this.#folder(key)))[0]
    if (!newest) return fileFacts(this.#plain(key))
    if (newest.isRemoval) return undefined
    const facts = await fileFacts(newest.path)
    return facts && { bytes: facts.bytes, storedAt: timeOfVersion(newest.version) }
  }

  /** Keys of objects in a folder and those below it, in the order of their bytes. */
  async *#keysBelow(folder: string, prefix: string): AsyncGenerator<string> {
    const names = new Map<string, 'folder' | 'object'>()
    for (const entry of await this.#explaining(() => entriesOf(join(this.#root, folder)))) {
      const { name } = entry
      const isVersions = name.endsWith(FOLDER_MARK) && entry.isDirectory()
      if (isVersions) names.set(folder + name.slice(0, -FOLDER_MARK.length), 'object')
      else if (name.includes(FOLDER_MARK)) continue
      else if (entry.isDirectory()) names.set(`${folder}${name}/`, 'folder')
      else names.set(folder + name, 'object')
    }
    for (const name of [...names.keys()].toSorted()) {
      const isWanted = name.startsWith(prefix) || (name.endsWith('/') && prefix.startsWith(name))
      if (!isWanted) continue
      if (names.get(name) === 'object') yield name
      else yield* this.#keysBelow(name, prefix)
    }
  }

  /** Writes a file that has no name yet, durably. */
  async #write(bytes: Uint8Array): Promise<string> {
    await (this.#isReady ??= this.#makeReady())
    const path = join(this.#root, UNNAMED, randomBytes(12).toString('hex'))
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } catch (error) {
      await rm(path, { force: true })
      throw error
    } finally {
      await file.close()
    }
    return path
  }

  async #makeReady(): Promise<void> {
    const folder = join(this.#root, UNNAMED)
    try {
      await realDisk.makeDirectory(folder)
      for (const name of await realDisk.list(folder)) {
        const { mtimeMs } = await stat(join(folder, name))
        if (mtimeMs < realClock.now() - LEFT_MS) await rm(join(folder, name), { force: true })
      }
    } catch (error) {
      this.#isReady = undefined
      throw error
    }
  }

  /** One after another for each key, so that no two decide by the same look. */
  #inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(key) ?? Promise.resolve()
    const turn = before.then(
      () => this.#doing(key, work),
      () => this.#doing(key, work),
    )
    this.#turns.set(key, turn)
    const forget = (): void => {
      if (this.#turns.get(key) === turn) this.#turns.delete(key)
    }
    turn.then(forget, forget)
    return turn
  }

  #doing<T>(key: string, work: () => Promise<T>): Promise<T> {
    checkKey(key)
    return this.#explaining(work)
  }

  async #explaining<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw this.#explained(error)
    }
  }

  #explained(error: unknown): unknown {
    const code = errorCode(error)
    if (error instanceof StoreFailure || code === '') return error
    if (FULL.has(code)) return this.#failure('refused', 'has no room left')
    if (FORBIDDEN.has(code)) return this.#failure('denied', 'may not be written or read by this user')
    if (IN_THE_WAY.has(code))
      return this.#failure('not_supported', 'cannot hold a key that is a folder of another')
    return this.#failure('unreachable', `does not do what it is asked (${code})`)
  }

  #checkLock({ until }: Lock): void {
    if (!(until > this.#clock.now())) throw this.#failure('refused', 'takes no lock that is over')
  }

  #exists(): StoreFailure {
    return this.#failure('exists', 'has an object of that key')
  }

  #locked(): StoreFailure {
    return this.#failure('locked', 'keeps the object locked')
  }

  #failure(code: StoreFailureCode, what: string): StoreFailure {
    return new StoreFailure(code, `the directory ${this.place} ${what}`)
  }

  #plain(key: string): string {
    return join(this.#root, key)
  }

  #folder(key: string): string {
    return this.#plain(key) + FOLDER_MARK
  }
}

async function readPart(path: string, range: Range | undefined): Promise<Uint8Array | undefined> {
  if (!range) return unlessMissing(realDisk.read(path))
  const file = await unlessMissing(realDisk.open(path, 'read'))
  if (!file) return undefined
  try {
    return await file.read(range.from, Math.max(0, range.end - range.from))
  } finally {
    await file.close()
  }
}

async function entriesOf(path: string): Promise<Dirent[]> {
  return (await unlessMissing(readdir(path, { withFileTypes: true }))) ?? []
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(errorCode(error))) return undefined
    throw error
  }
}
