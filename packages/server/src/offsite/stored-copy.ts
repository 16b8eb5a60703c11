/** A copy as it lies in a store: what is there by every key, in every version, believed of none of them. */
import { ExplainedError } from '../platform/explained-error.ts'
import type { ObjectStore, StoredVersion } from '../platform/object-store.ts'

/** Versions of one object that are looked at on each side, the newest and the oldest: whoever has more of them was overwritten by somebody. */
const VERSIONS_MAX = 32

/** Something that a copy must hold is in no version of it; the message names the object. */
export class CopyIncomplete extends ExplainedError {}

export class StoredCopy {
  /** The ledger's name as keys have it. */
  readonly ledger: string
  /** The first digits of the ledger's id. */
  readonly id: string
  readonly #store: ObjectStore
  readonly #versions = new Map<string, StoredVersion[]>()

  constructor(store: ObjectStore, ledger: string, id: string) {
    this.#store = store
    this.ledger = ledger
    this.id = id
  }

  take(key: string, version: StoredVersion): void {
    const known = this.#versions.get(key)
    if (known) known.push(version)
    else this.#versions.set(key, [version])
  }

  /** Keys that begin with `prefix`, hidden ones too. */
  keys(prefix: string): string[] {
    return [...this.#versions.keys()].filter((key) => key.startsWith(prefix))
  }

  /** What there is by a key, newest first: that of each version, also where the object was hidden or overwritten. */
  async *candidates(key: string): AsyncGenerator<Uint8Array> {
    const versions = (this.#versions.get(key) ?? []).filter(({ isRemoval }) => !isRemoval)
    const oldest = versions.slice(Math.max(VERSIONS_MAX, versions.length - VERSIONS_MAX))
    for (const { key: whole, version } of [...versions.slice(0, VERSIONS_MAX), ...oldest]) {
      const bytes = await this.#store.get(whole, { version })
      if (bytes) yield bytes
    }
  }

  /** What `read` gives for the newest of them that it takes; what it throws at is not it. */
  async find<T>(key: string, read: (bytes: Uint8Array) => T | undefined): Promise<T | undefined> {
    for await (const bytes of this.candidates(key)) {
      const found = orNothing(() => read(bytes))
      if (found !== undefined) return found
    }
    return undefined
  }

  /** The same for the oldest: of what is put once and never again, that is the one the server put. */
  async findOldest<T>(key: string, read: (bytes: Uint8Array) => T | undefined): Promise<T | undefined> {
    let oldest: T | undefined
    for await (const bytes of this.candidates(key)) oldest = orNothing(() => read(bytes)) ?? oldest
    return oldest
  }
}

/** Every copy in a store. */
export async function copiesIn(store: ObjectStore): Promise<StoredCopy[]> {
  const copies = new Map<string, StoredCopy>()
  for await (const version of store.listVersions('')) {
    const [, ledger, id, key] = /^([^/]+)\/([0-9a-f]{16})\/(.+)$/.exec(version.key) ?? []
    if (ledger === undefined || id === undefined || key === undefined) continue
    const name = `${ledger}/${id}`
    const copy = copies.get(name) ?? new StoredCopy(store, ledger, id)
    copies.set(name, copy)
    copy.take(key, version)
  }
  return [...copies.values()]
}

/** What `read` gives; undefined when it throws, because whoever wrote what it reads may be anybody. */
export function orNothing<T>(read: () => T | undefined): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
