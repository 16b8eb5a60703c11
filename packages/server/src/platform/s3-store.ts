/**
 * A store of objects that speaks the protocol of S3, by Amazon's own client, which is loaded when it is first used. Locks are those of
 * S3 Object Lock; whether the bucket has it is asked of the bucket.
 */
import type * as S3 from '@aws-sdk/client-s3'
import { createHash } from 'node:crypto'
import { type Clock, realClock } from './clock.ts'
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
  versionsBelow,
  versionsOf,
  StoreFailure,
  type StoreFailureCode,
} from './object-store.ts'
import { nameOf, reasonOf, statusOf } from './s3-failures.ts'

export interface S3StoreSettings {
  readonly bucket: string
  /** What every key begins with: '' or a path that ends with a slash. */
  readonly prefix: string
  /** Instead of the region of the environment. */
  readonly region?: string
  /** Instead of the endpoint of the region; the bucket is then named in the path. */
  readonly endpoint?: string
  /** Keys asked for in one answer; 1,000 when absent, which is the most. */
  readonly pageKeys?: number
  readonly clock?: Clock
}

const CONNECT_MS = 5_000
const ANSWER_MS = 60_000
const ATTEMPTS = 4
const PAGE_KEYS = 1_000

const WORM = 'S3 Object Lock'
const NOT_WORM = 'S3 without Object Lock: not WORM'

interface Bucket {
  readonly takesLocks: boolean
  readonly keepsVersions: boolean
  /** Versions were kept once, so that those from before and since have names. */
  readonly namesVersions: boolean
}

interface Opened {
  readonly client: S3.S3Client
  readonly s3: typeof S3
}

/** The store in a bucket, with the credentials Amazon's client finds (environment, files, roles). */
export function s3Store(settings: S3StoreSettings): ObjectStore {
  return new S3Store(settings)
}

class S3Store implements ObjectStore {
  readonly place: string
  readonly #settings: S3StoreSettings
  readonly #clock: Clock
  #opened: Promise<Opened> | undefined
  #bucket: Promise<Bucket> | undefined

  constructor(settings: S3StoreSettings) {
    const { bucket, prefix, endpoint } = settings
    this.place = `s3://${bucket}/${prefix}${endpoint === undefined ? '' : ` at ${endpoint}`}`
    this.#settings = settings
    this.#clock = settings.clock ?? realClock
  }

  async ability(): Promise<StoreAbility> {
    this.#bucket = undefined
    const { takesLocks, keepsVersions } = await this.#asked()
    return { isWorm: takesLocks, takesLocks, keepsVersions, description: takesLocks ? WORM : NOT_WORM }
  }

  async put(key: string, bytes: Uint8Array, { lock, ifAbsent }: PutOptions = {}): Promise<string | null> {
    if (lock) await this.#checkTakesLocks()
    return this.#asking(key, async ({ client, s3 }, name) => {
      const { VersionId } = await client.send(
        new s3.PutObjectCommand({
          ...name,
          Body: bytes,
          // Required of every put under a lock; of the others it is what finds damage on the way.
          ContentMD5: createHash('md5').update(bytes).digest('base64'),
          ...(lock && { ObjectLockMode: modeNamed(lock), ObjectLockRetainUntilDate: endOf(lock) }),
          ...(ifAbsent === true && { IfNoneMatch: '*' }),
        }),
      )
      return VersionId ?? null
    })
  }

  get(
    key: string,
    { version, range }: { version?: string | null; range?: Range } = {},
  ): Promise<Uint8Array | undefined> {
    return this.#asking(key, async ({ client, s3 }, name) => {
      // No header says `no bytes at all`: one is fetched and left out.
      const end = range && Math.max(range.end, range.from + 1)
      try {
        const { Body } = await client.send(
          new s3.GetObjectCommand({
            ...name,
            ...versionNamed(version),
            ...(range && { Range: `bytes=${range.from}-${end! - 1}` }),
          }),
        )
        const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array(0)
        return range ? bytes.subarray(0, Math.max(0, range.end - range.from)) : bytes
      } catch (error) {
        if (statusOf(error) === 416) return new Uint8Array(0)
        if (isNotThere(error)) return undefined
        throw error
      }
    })
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    checkPrefix(prefix)
    const { bucket, prefix: above, pageKeys = PAGE_KEYS } = this.#settings
    let next: string | undefined
    do {
      const page: S3.ListObjectsV2CommandOutput = await this.#asking(undefined, async ({ client, s3 }) =>
        client.send(
          new s3.ListObjectsV2Command({
            Bucket: bucket,
            Prefix: above + prefix,
            MaxKeys: pageKeys,
            ...(next !== undefined && { ContinuationToken: next }),
          }),
        ),
      )
      for (const { Key, Size, LastModified } of page.Contents ?? [])
        yield { key: Key!.slice(above.length), bytes: Size ?? 0, storedAt: timeOf(LastModified) }
      next = page.IsTruncated === true ? page.NextContinuationToken : undefined
    } while (next !== undefined)
  }

  versions(key: string): Promise<StoredVersion[]> {
    return versionsOf(key, (prefix) => this.#versionsByKey(prefix))
  }

  listVersions(prefix: string): AsyncIterable<StoredVersion> {
    return versionsBelow(prefix, (above) => this.#versionsByKey(above))
  }

  async remove(
    key: string,
    { version, bypassGovernance }: { version?: string | null; bypassGovernance?: boolean } = {},
  ): Promise<void> {
    const { takesLocks } = await this.#asked()
    await this.#asking(key, async ({ client, s3 }, name) => {
      // Otherwise a removal would be kept of what never was.
      if (version == null && !(await this.#isThere(name))) return
      const command = new s3.DeleteObjectCommand({
        ...name,
        ...versionNamed(version),
        ...(takesLocks && bypassGovernance === true && { BypassGovernanceRetention: true }),
      })
      try {
        await client.send(command)
      } catch (error) {
        throw await this.#lockedOr(error, key, version)
      }
    })
  }

  async lockOf(key: string, version: string | null = null): Promise<Lock | undefined> {
    const { takesLocks } = await this.#asked()
    if (!takesLocks) return undefined
    return this.#asking(key, async ({ client, s3 }, name) => {
      try {
        const { Retention } = await client.send(
          new s3.GetObjectRetentionCommand({ ...name, ...versionNamed(version) }),
        )
        return lockOf(Retention, this.#clock.now())
      } catch (error) {
        if (HAS_NO_LOCK.has(nameOf(error)) || isNotThere(error)) return undefined
        throw error
      }
    })
  }

  async extendLock(key: string, lock: Lock, version: string | null = null): Promise<void> {
    await this.#checkTakesLocks()
    await this.#asking(key, async ({ client, s3 }, name) => {
      const command = new s3.PutObjectRetentionCommand({
        ...name,
        ...versionNamed(version),
        Retention: { Mode: modeNamed(lock), RetainUntilDate: endOf(lock) },
      })
      try {
        await client.send(command)
      } catch (error) {
        throw await this.#lockedOr(error, key, version)
      }
    })
  }

  async close(): Promise<void> {
    const opened = this.#opened
    this.#opened = undefined
    if (opened) (await opened).client.destroy()
  }

  /** The versions of each key that begins with `prefix`, newest first; a key's may be on several pages. */
  async *#versionsByKey(prefix: string): AsyncGenerator<StoredVersion[]> {
    const { namesVersions } = await this.#asked()
    const { bucket, prefix: above, pageKeys = PAGE_KEYS } = this.#settings
    const open: ListedVersion[] = []
    let next: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {}
    while (next) {
      const marker: typeof next = next
      const page: S3.ListObjectVersionsCommandOutput = await this.#asking(undefined, ({ client, s3 }) =>
        client.send(
          new s3.ListObjectVersionsCommand({
            Bucket: bucket,
            Prefix: above + prefix,
            MaxKeys: pageKeys,
            ...marker,
          }),
        ),
      )
      for (const found of listedOn(page, above.length, namesVersions)) {
        if (open.length > 0 && open[0]!.key !== found.key) yield newestFirst(open.splice(0))
        open.push(found)
      }
      next = nextOf(page)
    }
    if (open.length > 0) yield newestFirst(open)
  }

  /** The service says only that it was forbidden: whether a lock forbade it is seen by the lock. */
  async #lockedOr(error: unknown, key: string, version: string | null | undefined): Promise<unknown> {
    if (statusOf(error) !== 403) return error
    const lock = await this.lockOf(key, version ?? null).catch(() => undefined)
    return lock ? this.#failure('locked', 'keeps the object locked') : error
  }

  async #checkTakesLocks(): Promise<void> {
    const { takesLocks } = await this.#asked()
    if (!takesLocks)
      throw this.#failure('not_supported', 'has a bucket without Object Lock, which takes no locks')
  }

  async #isThere(name: { Bucket: string; Key: string }): Promise<boolean> {
    const { client, s3 } = await this.#open()
    try {
      await client.send(new s3.HeadObjectCommand(name))
      return true
    } catch (error) {
      if (isNotThere(error)) return false
      throw error
    }
  }

  /** What the bucket says of itself, asked once. */
  #asked(): Promise<Bucket> {
    this.#bucket ??= this.#ask().catch((error: unknown) => {
      this.#bucket = undefined
      throw error
    })
    return this.#bucket
  }

  #ask(): Promise<Bucket> {
    return this.#asking(undefined, async ({ client, s3 }) => {
      const bucket = { Bucket: this.#settings.bucket }
      const { Status } = await client.send(new s3.GetBucketVersioningCommand(bucket))
      const locks = await unlessUnknown(client.send(new s3.GetObjectLockConfigurationCommand(bucket)))
      return {
        takesLocks: locks?.ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled',
        keepsVersions: Status === 'Enabled',
        namesVersions: Status !== undefined,
      }
    })
  }

  async #asking<T>(
    key: string | undefined,
    ask: (opened: Opened, name: { Bucket: string; Key: string }) => Promise<T>,
  ): Promise<T> {
    if (key !== undefined) checkKey(key)
    const { bucket, prefix } = this.#settings
    try {
      return await ask(await this.#open(), { Bucket: bucket, Key: prefix + (key ?? '') })
    } catch (error) {
      if (error instanceof StoreFailure) throw error
      const { code, what } = reasonOf(error)
      throw this.#failure(code, what)
    }
  }

  #open(): Promise<Opened> {
    this.#opened ??= this.#connect()
    return this.#opened
  }

  async #connect(): Promise<Opened> {
    const s3 = await import('@aws-sdk/client-s3')
    const { region, endpoint } = this.#settings
    const client = new s3.S3Client({
      ...(region !== undefined && { region }),
      ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
      maxAttempts: ATTEMPTS,
      // What the client adds of its own is taken by Amazon's service alone.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: {
        connectionTimeout: CONNECT_MS,
        requestTimeout: ANSWER_MS,
        throwOnRequestTimeout: true,
      },
    })
    return { client, s3 }
  }

  #failure(code: StoreFailureCode, what: string): StoreFailure {
    return new StoreFailure(code, `the store ${this.place} ${what}`)
  }
}

function modeNamed({ mode }: Lock): 'COMPLIANCE' | 'GOVERNANCE' {
  return mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE'
}

/** S3 counts whole seconds. */
function endOf({ until }: Lock): Date {
  return new Date(Math.ceil(until / 1_000) * 1_000)
}

function lockOf(stated: S3.ObjectLockRetention | undefined, now: number): Lock | undefined {
  const until = timeOf(stated?.RetainUntilDate)
  if (until <= now) return undefined
  return { mode: stated?.Mode === 'COMPLIANCE' ? 'compliance' : 'governance', until }
}

function versionNamed(version: string | null | undefined): { VersionId?: string } {
  return version == null ? {} : { VersionId: version }
}

function timeOf(date: Date | undefined): number {
  return date?.getTime() ?? 0
}

interface ListedVersion extends StoredVersion {
  readonly isLatest: boolean
}

/** What a page lists, by key; keys without the first `above` characters. */
function listedOn(
  { DeleteMarkers = [], Versions = [] }: S3.ListObjectVersionsCommandOutput,
  above: number,
  namesVersions: boolean,
): ListedVersion[] {
  const listed = (one: S3.ObjectVersion | S3.DeleteMarkerEntry, isRemoval: boolean): ListedVersion => ({
    key: one.Key!.slice(above),
    version: namesVersions ? (one.VersionId ?? null) : null,
    isRemoval,
    bytes: 'Size' in one && typeof one.Size === 'number' ? one.Size : 0,
    storedAt: timeOf(one.LastModified),
    isLatest: one.IsLatest === true,
  })
  const all = [...DeleteMarkers.map((one) => listed(one, true)), ...Versions.map((one) => listed(one, false))]
  return all.toSorted((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
}

function newestFirst(versions: readonly ListedVersion[]): StoredVersion[] {
  const order = versions.toSorted(
    (a, b) => Number(b.isLatest) - Number(a.isLatest) || b.storedAt - a.storedAt,
  )
  return order.map(({ isLatest: _, ...version }) => version)
}

function nextOf(
  page: S3.ListObjectVersionsCommandOutput,
): { KeyMarker?: string; VersionIdMarker?: string } | undefined {
  const { IsTruncated, NextKeyMarker, NextVersionIdMarker } = page
  if (IsTruncated !== true || !NextKeyMarker) return undefined
  return { KeyMarker: NextKeyMarker, ...(NextVersionIdMarker && { VersionIdMarker: NextVersionIdMarker }) }
}

const NOT_THERE = new Set(['NoSuchKey', 'NoSuchVersion', 'NotFound'])

/** A version that is a removal answers 405 to whoever wants its bytes. */
function isNotThere(error: unknown): boolean {
  return NOT_THERE.has(nameOf(error)) || statusOf(error) === 405
}

/** Of an object, Amazon's service says the first of these, and others the second. */
const HAS_NO_LOCK = new Set(['NoSuchObjectLockConfiguration', 'ObjectLockConfigurationNotFoundError'])

const NO_LOCKS = new Set(['ObjectLockConfigurationNotFoundError', 'NotImplemented', 'MethodNotAllowed'])

async function unlessUnknown<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking
  } catch (error) {
    if (NO_LOCKS.has(nameOf(error)) || [404, 405, 501].includes(statusOf(error) ?? 0)) return undefined
    throw error
  }
}
