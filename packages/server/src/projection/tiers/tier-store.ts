// Files of the index in a store of objects, and where the engine finds them.
//
// Invariant. Below the prefix nothing lies for long that no month names: what a crash leaves there is removed at the next start.

import { createHash } from 'node:crypto'
import type { Disk } from '../../platform/disk.ts'
import type { ObjectStore, StoredVersion } from '../../platform/object-store.ts'
import { quoted } from './parquet.ts'

export interface TierPlace {
  readonly store: ObjectStore
  /** Where objects of the store lie as plain files under their keys, which the engine reads there. */
  readonly directory?: string
  /** An address of the engine's machine at which objects are read under their keys, where they are no plain files. */
  readonly url?: string
  /** Tells whoever answers at that address that objects were removed or replaced. */
  forget?(keys: readonly string[]): void
  /** The ledger, as it is told apart in the store: a segment of keys. */
  readonly ledger: string
  /** A directory for files under way; emptied at the start. */
  readonly scratch: string
  readonly disk: Disk
}

/** What was put into the store is not what is read from it. */
export class ObjectDiffers extends Error {
  constructor() {
    super('the store gives other bytes than it was given')
  }
}

export interface Kept {
  readonly bytes: number
  readonly sha256: string
}

const CLASSES = ['warm', 'cold'] as const

export class TierStore {
  readonly #place: TierPlace
  #count = 0

  constructor(place: TierPlace) {
    this.#place = place
  }

  /** Whether objects are plain files, so that it costs little to look for them. */
  get isDirectory(): boolean {
    return this.#place.directory !== undefined
  }

  /** A path for a file under way that nobody else uses. */
  scratchPath(ending: string): string {
    this.#count += 1
    return `${this.#place.scratch}/${this.#count}.${ending}`
  }

  async emptyScratch(): Promise<void> {
    const { disk, scratch } = this.#place
    await disk.makeDirectory(scratch, 0o700)
    for (const name of await disk.list(scratch)) await disk.remove(`${scratch}/${name}`)
  }

  writeScratch(path: string, bytes: Uint8Array): Promise<void> {
    return this.#place.disk.write(path, bytes)
  }

  async readScratch(path: string): Promise<Uint8Array> {
    const bytes = await this.#place.disk.read(path)
    if (!bytes) throw new Error('the engine wrote no file')
    return bytes
  }

  async removeScratch(paths: readonly string[]): Promise<void> {
    const { disk } = this.#place
    for (const path of paths) if ((await disk.size(path)) !== undefined) await disk.remove(path)
  }

  /** `warm/LEDGER/INDEX/` or `cold/LEDGER/INDEX/`. */
  prefix(tier: (typeof CLASSES)[number], index: string): string {
    return `${tier}/${this.#place.ledger}/${index}/`
  }

  /** Puts a file that is under way into the store and reads it back. @throws ObjectDiffers */
  async keepFile(path: string, key: string): Promise<Kept> {
    return this.keep(key, await this.readScratch(path))
  }

  /** @throws ObjectDiffers */
  async keep(key: string, bytes: Uint8Array): Promise<Kept> {
    const sha256 = digestOf(bytes)
    await this.#place.store.put(key, bytes)
    const back = await this.#place.store.get(key)
    if (!back || digestOf(back) !== sha256) throw new ObjectDiffers()
    return { bytes: bytes.length, sha256 }
  }

  /** Puts an object in place of another, of which no version is left. @throws ObjectDiffers */
  async replace(key: string, bytes: Uint8Array): Promise<Kept> {
    const kept = await this.keep(key, bytes)
    const { store } = this.#place
    for (const { version } of (await store.versions(key)).slice(1)) await store.remove(key, { version })
    this.#place.forget?.([key])
    return kept
  }

  /** An object as it was put there. @throws ObjectDiffers when it is another, or gone */
  async read(key: string, sha256: string): Promise<Uint8Array> {
    const bytes = await this.#place.store.get(key)
    if (!bytes || digestOf(bytes) !== sha256) throw new ObjectDiffers()
    return bytes
  }

  /** An object that tells of others; undefined when it is gone. */
  readTold(key: string): Promise<Uint8Array | undefined> {
    return this.#place.store.get(key)
  }

  /** Whether the object is there with as many bytes. */
  async has(key: string, bytes: number): Promise<boolean> {
    const { directory, disk, store } = this.#place
    if (directory !== undefined) return (await disk.size(`${directory}/${key}`)) === bytes
    for await (const object of store.list(key)) if (object.key === key) return object.bytes === bytes
    return false
  }

  /** Removes objects for good, with every earlier version. */
  async remove(keys: readonly string[]): Promise<void> {
    const { store } = this.#place
    for (const key of keys) {
      for (const { version } of await store.versions(key)) await store.remove(key, { version })
    }
    this.#place.forget?.(keys)
  }

  /** Removes every version of everything of this ledger that is not kept, and versions below what is. */
  async sweep(kept: ReadonlySet<string>): Promise<void> {
    const { ledger, store } = this.#place
    for (const tier of CLASSES) {
      const leftovers: StoredVersion[] = []
      let above: StoredVersion | undefined
      for await (const version of store.listVersions(`${tier}/${ledger}/`)) {
        if (above?.key !== version.key) above = version
        const isNewest = above === version
        // Whoever hid what a month names may show it again.
        if (!kept.has(version.key) || (!isNewest && !above.isRemoval)) leftovers.push(version)
      }
      for (const { key, version } of leftovers) await store.remove(key, { version })
      this.#place.forget?.(leftovers.map(({ key }) => key))
    }
  }

  /** What the engine reads the objects by, as arguments of its `File` or `URL`; `name` says which of the two. */
  source(keys: readonly string[]): { name: 'File' | 'URL'; path: string } {
    const { directory, url } = this.#place
    const pattern = keys.length === 1 ? keys[0]! : braces(keys)
    if (directory !== undefined) return { name: 'File', path: `${directory}/${pattern}` }
    if (url !== undefined) return { name: 'URL', path: `${url}/${pattern}` }
    throw new Error('the engine cannot read this store')
  }

  /** A table function that reads one object. */
  reading(key: string, structure: string): string {
    const { name, path } = this.source([key])
    return `${name.toLowerCase()}(${quoted(path)}, Parquet, ${quoted(structure)})`
  }
}

/** Keys with the same beginning, up to its last slash, in one pattern. */
function braces(keys: readonly string[]): string {
  const first = keys[0]!
  let length = 0
  while (length < first.length && keys.every((key) => key[length] === first[length])) length += 1
  const common = first.slice(0, first.lastIndexOf('/', length - 1) + 1)
  return `${common}{${keys.map((key) => key.slice(common.length)).join()}}`
}

export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** A table function that reads or writes a file under way. */
export function scratchFile(path: string, structure?: string): string {
  const further = structure === undefined ? '' : `, ${quoted(structure)}`
  return `file(${quoted(path)}, Parquet${further})`
}
