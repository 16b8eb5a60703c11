/**
 * Every call the product makes on a store of objects: a bucket, a container, a directory. Objects are whole: one is there with all its
 * bytes or not at all, and once `put` has resolved it survives the loss of this machine as well as the store says it does.
 */
import { ExplainedError } from './explained-error.ts'

/** Who may take a lock away before its time: nobody, or whoever has a right of its own for it. */
export type LockMode = 'compliance' | 'governance'

export interface Lock {
  readonly mode: LockMode
  /** Until when an object can neither be overwritten nor removed. Unix milliseconds; stores round to their own grain, never down. */
  readonly until: number
}

/** What a store is able to: what it states of itself when it is asked, never what was configured. */
export interface StoreAbility {
  /** Whether a lock holds against whoever has the credentials used here. A directory of files never does. */
  readonly isWorm: boolean
  /** Whether `put` and `extendLock` take locks; where they do not, a lock is refused as `not_supported`, never left out. */
  readonly takesLocks: boolean
  /** Whether overwritten and removed objects stay as earlier versions. */
  readonly keepsVersions: boolean
  /** In words, for people: `S3 Object Lock`, `a directory of files: not WORM`. */
  readonly description: string
}

export interface PutOptions {
  readonly lock?: Lock
  /** Writes nothing when there is an object of that key. A second guard and no more: some stores ignore it in buckets that keep versions. */
  readonly ifAbsent?: boolean
}

export interface StoredObject {
  readonly key: string
  readonly bytes: number
  /** Unix milliseconds at which the store took it. */
  readonly storedAt: number
}

export interface StoredVersion extends StoredObject {
  /** Names this version among those of its key; `null` where a store keeps none. */
  readonly version: string | null
  /** Whether it only says that the object was removed. Some stores keep no such version: what was removed is there, and nothing is above it. */
  readonly isRemoval: boolean
}

export interface Range {
  readonly from: number
  /** Past the last byte wanted. */
  readonly end: number
}

/**
 * A key is up to 900 bytes of ASCII letters, digits and `-_./=`, in segments of 1 to 200 between slashes, none of them `.` or `..`. No key
 * may be a folder of another (`a` beside `a/b`): a directory of files cannot hold both. Whatever a store refuses or cannot do is a
 * StoreFailure; what is not there is `undefined`.
 */
export interface ObjectStore {
  /** Where it is, for people; without credentials. */
  readonly place: string
  ability(): Promise<StoreAbility>
  /**
   * Resolves to the version that was written, `null` where none is kept of this key. Where the object there is locked it stays as an
   * earlier version, or StoreFailure `locked`; `exists` with `ifAbsent`.
   */
  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<string | null>
  /** All bytes, or those of `range` as far as there are any. */
  get(key: string, options?: { version?: string | null; range?: Range }): Promise<Uint8Array | undefined>
  /** Objects whose keys begin with `prefix`, by key in the order of their bytes. */
  list(prefix: string): AsyncIterable<StoredObject>
  /** Every version of one key, newest first; where none are kept the object itself, with `null`. */
  versions(key: string): Promise<StoredVersion[]>
  /** Every version of every key that begins with `prefix`, also of keys that are hidden: by key as `list`, those of one key as `versions`. */
  listVersions(prefix: string): AsyncIterable<StoredVersion>
  /**
   * Removes one version for good; of what is not there, nothing. Without a version the object as `get` sees it: where versions are kept, or
   * a lock is on, it is only hidden, and its versions are removed one by one. Whether an earlier version is read again when those above it
   * are gone differs by store. With `bypassGovernance` a governance lock is
   * passed by whoever may, and whoever passes it records that. StoreFailure `locked`.
   */
  remove(key: string, options?: { version?: string | null; bypassGovernance?: boolean }): Promise<void>
  /** The lock as the store states it now; undefined when there is none. */
  lockOf(key: string, version?: string | null): Promise<Lock | undefined>
  /** Sets a lock, or moves its end further away; StoreFailure `locked` for what would weaken one. */
  extendLock(key: string, lock: Lock, version?: string | null): Promise<void>
  close(): Promise<void>
}

/** Whether one lock holds less than another: it ends earlier, or others may pass it. */
export function weakens(lock: Lock, known: Lock): boolean {
  return lock.until < known.until || (lock.mode === 'governance' && known.mode === 'compliance')
}

const KEY_BYTES_MAX = 900
const SEGMENT = /^(?!\.{1,2}$)[A-Za-z0-9_.=-]{1,200}$/

/** Throws a RangeError unless `key` is one that every store takes. */
export function checkKey(key: string): void {
  const isTaken = key.length <= KEY_BYTES_MAX && key.split('/').every((segment) => SEGMENT.test(segment))
  if (!isTaken) throw new RangeError('a key of an object needs segments of 1 to 200 letters, digits and -_.=')
}

/** Throws a RangeError unless keys that every store takes can begin with `prefix`. */
export function checkPrefix(prefix: string): void {
  if (prefix !== '') checkKey(prefix.endsWith('/') || prefix.endsWith('.') ? `${prefix}0` : prefix)
}

/** Versions as a service lists them: those of one key together, keys in the order of their bytes. */
type ByKey = (prefix: string) => AsyncIterable<StoredVersion[]>

/** The versions of one key out of such a list. */
export async function versionsOf(key: string, byKey: ByKey): Promise<StoredVersion[]> {
  checkKey(key)
  // Keys that begin with this one follow it.
  for await (const found of byKey(key)) return found[0]!.key === key ? found : []
  return []
}

/** All versions of such a list, one after another. */
export async function* versionsBelow(prefix: string, byKey: ByKey): AsyncGenerator<StoredVersion> {
  checkPrefix(prefix)
  for await (const found of byKey(prefix)) yield* found
}

/** Why a store did not do what it was asked. */
export type StoreFailureCode =
  | 'exists'
  | 'locked'
  | 'denied'
  | 'not_found'
  | 'not_supported'
  | 'damaged_on_the_way'
  | 'unreachable'
  | 'refused'

/** A store did not do what it was asked; the message names the store and what to do, and repeats nothing the store said. */
export class StoreFailure extends ExplainedError {
  readonly code: StoreFailureCode

  constructor(code: StoreFailureCode, message: string) {
    super(message)
    this.code = code
  }
}
