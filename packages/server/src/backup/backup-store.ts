/**
 * A backup in a store of objects, as whoever holds the master key sees it:
 *
 *   objects/<2 hex>/<62 hex>    the content of files, each under a name made from its digest with a key: put once, whoever refers to it
 *   snapshots/<id>              which of them are the directory at one moment
 *
 * Names tell nobody without the key what is inside, nor whether a file that somebody knows is among them.
 */
import { createHash, createHmac } from 'node:crypto'
import { toHex } from '@deponent/format'
import { type ObjectStore, StoreFailure } from '../platform/object-store.ts'
import type { Random } from '../platform/random.ts'
import { deriveKey } from '../vault/root-key.ts'
import { BackupRefused } from './refusal.ts'
import { openObject, sealObject } from './sealed-object.ts'
import { decodeSnapshot, encodeSnapshot, isSnapshotId, type Snapshot, type SnapshotFile } from './snapshot.ts'

export const OBJECTS = 'objects/'
const SNAPSHOTS = 'snapshots/'

export interface BackupStoreOptions {
  store: ObjectStore
  random: Random
  /** The master key of the data directory, 32 bytes. */
  master: Uint8Array
}

export class BackupStore {
  readonly store: ObjectStore
  readonly #random: Random
  readonly #key: Uint8Array
  readonly #nameKey: Uint8Array

  constructor({ store, random, master }: BackupStoreOptions) {
    this.store = store
    this.#random = random
    this.#key = deriveKey(master, 'deponent/backup/v1')
    this.#nameKey = deriveKey(master, 'deponent/backup-names/v1')
  }

  /** The name of the object that holds content of this digest (hex SHA-256). */
  objectOf(digest: string): string {
    const name = createHmac('sha256', this.#nameKey).update(digest).digest('hex')
    return `${OBJECTS}${name.slice(0, 2)}/${name.slice(2)}`
  }

  /** Puts content under a name, unless an object of that name is there: it holds the same. Gives the bytes that were put. */
  async putObject(name: string, content: Uint8Array, isLoose: boolean): Promise<number> {
    const object = sealObject(this.#key, name, content, { random: this.#random, isLoose })
    try {
      await this.store.put(name, object, { ifAbsent: true })
      return object.length
    } catch (error) {
      if (error instanceof StoreFailure && error.code === 'exists') return 0
      throw error
    }
  }

  /** The content of a file. BackupRefused `object_missing` or `object_damaged`, which names the object and the file. */
  async contentOf({ path, object, digest }: SnapshotFile): Promise<Uint8Array> {
    const content = await this.#open(object, path)
    if (createHash('sha256').update(content).digest('hex') !== digest)
      throw new BackupRefused(
        'object_damaged',
        `${object} (${path}) holds another file than its snapshot says`,
      )
    return content
  }

  /** Ids of all snapshots, oldest first. */
  async snapshotIds(): Promise<string[]> {
    const ids: string[] = []
    for await (const { key } of this.store.list(SNAPSHOTS)) {
      const id = key.slice(SNAPSHOTS.length)
      if (isSnapshotId(id)) ids.push(id)
    }
    return ids
  }

  async snapshot(id: string): Promise<Snapshot> {
    const content = await this.#open(SNAPSHOTS + id, `snapshot ${id}`)
    return decodeSnapshot(content)
  }

  async putSnapshot(snapshot: Snapshot): Promise<number> {
    const name = SNAPSHOTS + snapshot.id
    const choice = { random: this.#random, isLoose: true }
    const object = sealObject(this.#key, name, encodeSnapshot(snapshot), choice)
    await this.store.put(name, object)
    return object.length
  }

  removeSnapshot(id: string): Promise<void> {
    return removeWholly(this.store, SNAPSHOTS + id)
  }

  async #open(name: string, what: string): Promise<Uint8Array> {
    const object = await this.store.get(name)
    if (!object) throw new BackupRefused('object_missing', `${name} (${what}) is not in ${this.store.place}`)
    const content = openObject(this.#key, name, object)
    if (content) return content
    throw new BackupRefused(
      'object_damaged',
      `${name} (${what}) in ${this.store.place} does not open: it is damaged, or sealed for another data directory`,
    )
  }
}

/** Removes an object with every earlier version that the store keeps of it. StoreFailure `locked`. */
export async function removeWholly(store: ObjectStore, key: string): Promise<void> {
  for (const { version } of await store.versions(key)) await store.remove(key, { version })
}

export const sha256Hex = (bytes: Uint8Array): string =>
  toHex(new Uint8Array(createHash('sha256').update(bytes).digest()))
