/** The place of one ledger's copy in a store of objects: every object of it is put there under its lock, and what the store says of that is kept. */
import { createHash } from 'node:crypto'
import type { Clock } from '../platform/clock.ts'
import { ExplainedError } from '../platform/explained-error.ts'
import type { Lock, LockMode, ObjectStore, StoreAbility, StoredVersion } from '../platform/object-store.ts'
import type { CopiedObject, CopiedObjects } from './copied-objects.ts'

export const DAY_MS = 86_400_000

export interface LockedPlaceOptions {
  readonly store: ObjectStore
  /** What every key begins with. */
  readonly prefix: string
  readonly lockDays: number
  readonly clock: Clock
  readonly objects: CopiedObjects
}

/** The process is ending. */
class CopyEnded extends ExplainedError {}

export class LockedPlace {
  readonly objects: CopiedObjects
  readonly #options: LockedPlaceOptions
  #ability: StoreAbility | undefined
  /** Whether objects may be there that nothing is remembered of. */
  #adopts = false
  #isEnded = false

  constructor(options: LockedPlaceOptions) {
    this.objects = options.objects
    this.#options = options
  }

  /** What the store said of itself; undefined before it was asked. */
  get ability(): StoreAbility | undefined {
    return this.#ability
  }

  async ask(): Promise<StoreAbility> {
    this.#ability = await this.#options.store.ability()
    return this.#ability
  }

  /** From here on, of objects that nothing is remembered of, it is looked whether they are there; until that is over. */
  adopt(isWanted: boolean): void {
    this.#adopts = isWanted
  }

  /** From here on nothing more is put or locked. */
  end(): void {
    this.#isEnded = true
  }

  /** Puts an object unless the same is there already; what the store says of its lock is remembered with it. */
  async put(key: string, bytes: Uint8Array, mode: LockMode): Promise<CopiedObject> {
    this.#mustGoOn()
    const { store } = this.#options
    const digest = digestOf(bytes)
    const known = this.objects.get(key)
    if (known?.digest === digest && known.isLive) return known
    const found = known || !this.#adopts ? undefined : await this.#found(key, bytes, digest, mode)
    if (found) return found
    const takesLocks = (this.#ability ?? (await this.ask())).takesLocks
    const lock = takesLocks ? this.#lock(mode) : undefined
    const version = await store.put(this.#named(key), bytes, lock && { lock })
    // Crash before it is remembered: it is put again, and lies there twice.
    return this.#remembered(key, version, digest, lock)
  }

  async #remembered(
    key: string,
    version: string | null,
    digest: string,
    lock: Lock | undefined,
  ): Promise<CopiedObject> {
    const object = await this.#looked(
      {
        key,
        version,
        digest,
        mode: lock?.mode ?? null,
        until: 0,
        checkedAt: this.#options.clock.now(),
        isLive: true,
        isWeak: false,
      },
      lock,
    )
    this.objects.set(object)
    return object
  }

  /** The object as it lies there already, with the same bytes; locked again where that is weaker than it is to be. */
  async #found(
    key: string,
    bytes: Uint8Array,
    digest: string,
    mode: LockMode,
  ): Promise<CopiedObject | undefined> {
    const newest = (await this.versions(key))[0]
    if (!newest || newest.isRemoval || newest.bytes !== bytes.length) return undefined
    const stored = await this.get(key, newest.version)
    if (!stored || digestOf(stored) !== digest) return undefined
    const { takesLocks } = this.#ability ?? (await this.ask())
    const object = await this.#remembered(
      key,
      newest.version,
      digest,
      takesLocks ? this.#lock(mode) : undefined,
    )
    return this.renew(object)
  }

  /** Looks at the lock of an object again; one that is half over or weaker than it is to be is set anew. Gives what was found. */
  async renew(object: CopiedObject): Promise<CopiedObject> {
    const { clock, lockDays, store } = this.#options
    this.#mustGoOn()
    const { key, mode, version } = object
    if (mode === null) return object
    const now = clock.now()
    const found = await this.#looked({ ...object, checkedAt: now }, { mode, until: object.until })
    if (found.isWeak || found.until < now + (lockDays * DAY_MS) / 2) {
      const lock = this.#lock(mode)
      await store.extendLock(this.#named(key), lock, version)
      const { until } = await this.#looked(found, lock)
      this.objects.set({ ...found, until })
    } else this.objects.set(found)
    return found
  }

  /** Bytes of the object as it was put; undefined when it is not there any more. */
  get(key: string, version?: string | null): Promise<Uint8Array | undefined> {
    return this.#options.store.get(this.#named(key), version === undefined ? {} : { version })
  }

  /** Every version of a key, its key below the prefix. */
  async versions(key: string): Promise<StoredVersion[]> {
    return (await this.#options.store.versions(this.#named(key))).map((version) => ({ ...version, key }))
  }

  /** Every version of every key that begins with `prefix`. */
  async *listVersions(prefix: string): AsyncGenerator<StoredVersion> {
    const { prefix: above, store } = this.#options
    for await (const version of store.listVersions(above + prefix))
      yield { ...version, key: version.key.slice(above.length) }
  }

  /** Removes one version for good, past a governance lock if that is said. */
  remove({ key, version }: Pick<StoredVersion, 'key' | 'version'>, bypassGovernance: boolean): Promise<void> {
    return this.#options.store.remove(this.#named(key), { version, bypassGovernance })
  }

  #mustGoOn(): void {
    if (this.#isEnded) throw new CopyEnded('the copy goes on at the next start')
  }

  #named(key: string): string {
    return this.#options.prefix + key
  }

  #lock(mode: LockMode): Lock {
    return { mode, until: this.#options.clock.now() + this.#options.lockDays * DAY_MS }
  }

  async #looked(object: CopiedObject, asked: Lock | undefined): Promise<CopiedObject> {
    if (!asked) return object
    const stated = await this.#options.store.lockOf(this.#named(object.key), object.version)
    return { ...object, until: stated?.until ?? 0, isWeak: !stated || holdsLess(stated, asked) }
  }
}

export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Whether a lock ends earlier than was asked for, or others may pass it. */
function holdsLess(stated: Lock, asked: Lock): boolean {
  return stated.until < asked.until || (stated.mode === 'governance' && asked.mode === 'compliance')
}
