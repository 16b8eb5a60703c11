/**
 * A store of objects in a bucket of Google Cloud Storage, by its published JSON protocol. Locks are retention of single objects:
 * compliance is Locked, governance is Unlocked; versions are generations. It is tested against that protocol and was not run against the
 * real service.
 */
import { createHash, randomUUID } from 'node:crypto'
import { type Clock, realClock } from './clock.ts'
import { gcsReason, NO_BUCKET } from './gcs-failures.ts'
import {
  lockStated,
  retentionOf,
  stated,
  type StatedBucket,
  type StatedObject,
  type StatedPage,
  uploadBody,
} from './gcs-objects.ts'
import { GoogleToken } from './gcs-token.ts'
import { byName } from './names-on-pages.ts'
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
  weakens,
} from './object-store.ts'
import { LOCKED, type Said, said, SENSELESS } from './store-failures.ts'
import { askStore, NoAnswer, type Patience, type StoreAnswer, type StoreRequest } from './store-requests.ts'

export interface GcsStoreSettings {
  readonly bucket: string
  /** What every key begins with: '' or a path that ends with a slash. */
  readonly prefix: string
  /** Instead of the service's own. */
  readonly endpoint?: string
  /** Keys asked for in one answer; 1,000 when absent, which is the most. */
  readonly pageKeys?: number
  readonly clock?: Clock
  /** The longest wait before a second attempt, in milliseconds. */
  readonly firstWaitMs?: number
}

const SERVICE = 'https://storage.googleapis.com'
const PAGE_KEYS = 1_000
const DAY_S = 86_400

const NOT_RUN = '(not run against the real service)'
const WORM = 'Google Cloud Storage with retention of objects'
const NOT_WORM = 'Google Cloud Storage without retention of objects: not WORM'
const TAKES_NO_LOCKS = said(
  'not_supported',
  'has a bucket without retention of objects, which takes no locks',
)

interface Bucket {
  readonly takesLocks: boolean
  readonly keepsVersions: boolean
  readonly softDeleteDays: number
}

interface Asked {
  readonly method: StoreRequest['method']
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

/** The store in a bucket, with the service account of the environment. */
export function gcsStore(settings: GcsStoreSettings): ObjectStore {
  return new GcsStore(settings)
}

class GcsStore implements ObjectStore {
  readonly place: string
  readonly #settings: GcsStoreSettings
  readonly #clock: Clock
  readonly #patience: Patience
  readonly #token: GoogleToken
  #bucket: Promise<Bucket> | undefined

  constructor(settings: GcsStoreSettings) {
    const { bucket, prefix, endpoint, clock = realClock, firstWaitMs } = settings
    this.place = `gs://${bucket}/${prefix}${endpoint === undefined ? '' : ` at ${endpoint}`}`
    this.#settings = settings
    this.#clock = clock
    this.#patience = { clock, ...(firstWaitMs !== undefined && { firstWaitMs }) }
    this.#token = new GoogleToken(this.#patience)
  }

  async ability(): Promise<StoreAbility> {
    this.#bucket = undefined
    const { takesLocks, keepsVersions, softDeleteDays } = await this.#asked()
    const kept = softDeleteDays > 0 ? `; what is removed can be brought back for ${softDeleteDays} days` : ''
    const description = `${takesLocks ? WORM : NOT_WORM}${kept} ${NOT_RUN}`
    return { isWorm: takesLocks, takesLocks, keepsVersions, description }
  }

  async put(key: string, bytes: Uint8Array, { lock, ifAbsent }: PutOptions = {}): Promise<string | null> {
    checkKey(key)
    if (lock) await this.#checkTakesLocks()
    const { keepsVersions } = await this.#asked()
    const statement = {
      name: this.#settings.prefix + key,
      md5Hash: createHash('md5').update(bytes).digest('base64'),
      ...(lock && { retention: retentionOf(lock) }),
    }
    const boundary = randomUUID()
    const asked: Asked = {
      method: 'POST',
      path: `/upload/storage/v1/b/${this.#settings.bucket}/o`,
      query: { uploadType: 'multipart', ...(ifAbsent === true && { ifGenerationMatch: '0' }) },
      headers: { 'Content-Type': `multipart/related; boundary=${boundary}` },
      body: uploadBody(statement, bytes, boundary),
    }
    const answer = await this.#send(asked, [403])
    if (answer.status === 403) throw await this.#lockedOr(answer, key, null)
    return keepsVersions ? this.#stated<StatedObject>(answer).generation : null
  }

  async get(
    key: string,
    { version, range }: { version?: string | null; range?: Range } = {},
  ): Promise<Uint8Array | undefined> {
    // No header says `no bytes at all`: one is fetched and left out.
    const end = range && Math.max(range.end, range.from + 1)
    const answer = await this.#send(
      {
        method: 'GET',
        path: this.#object(key),
        query: { alt: 'media', ...generationNamed(version) },
        headers: range ? { Range: `bytes=${range.from}-${end! - 1}` } : {},
      },
      [404, 416],
    )
    if (answer.status === 404) return this.#nothing(answer)
    if (answer.status === 416) return new Uint8Array(0)
    return range ? answer.bytes.subarray(0, Math.max(0, range.end - range.from)) : answer.bytes
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    checkPrefix(prefix)
    const { prefix: above } = this.#settings
    for await (const items of this.#pages({ prefix: above + prefix }))
      for (const item of items) yield { key: item.name.slice(above.length), ...factsOf(item) }
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
    const path = this.#object(key)
    const { takesLocks, keepsVersions } = await this.#asked()
    const query = generationNamed(version)
    const removesForGood = version != null || !keepsVersions
    if (takesLocks && bypassGovernance === true && removesForGood) await this.#unlock(key, version ?? null)
    const answer = await this.#send({ method: 'DELETE', path, query }, [403, 404])
    if (answer.status === 403) throw await this.#lockedOr(answer, key, version ?? null)
    if (answer.status === 404) this.#nothing(answer)
  }

  async lockOf(key: string, version: string | null = null): Promise<Lock | undefined> {
    const query = generationNamed(version)
    const answer = await this.#send({ method: 'GET', path: this.#object(key), query }, [404])
    if (answer.status === 404) return this.#nothing(answer)
    return lockStated(this.#stated<StatedObject>(answer), this.#clock.now())
  }

  async extendLock(key: string, lock: Lock, version: string | null = null): Promise<void> {
    const path = this.#object(key)
    await this.#checkTakesLocks()
    const known = await this.lockOf(key, version)
    if (known && weakens(lock, known)) throw this.#failure(LOCKED)
    const isHardened = known?.mode === 'governance' && lock.mode === 'compliance'
    const answer = await this.#send(
      {
        method: 'PATCH',
        path,
        query: { ...generationNamed(version), ...(isHardened && OVERRIDING) },
        ...bodyOf({ retention: retentionOf(lock) }),
      },
      [403],
    )
    if (answer.status === 403) throw await this.#lockedOr(answer, key, version)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  /** Takes a governance lock away; one of compliance is left for the removal to fail at. */
  async #unlock(key: string, version: string | null): Promise<void> {
    if ((await this.lockOf(key, version))?.mode !== 'governance') return
    const query = { ...generationNamed(version), ...OVERRIDING }
    await this.#send({ method: 'PATCH', path: this.#object(key), query, ...bodyOf({ retention: null }) })
  }

  /** The service may say only that it is forbidden: whether a lock forbids it is seen by the lock. */
  async #lockedOr(answer: StoreAnswer, key: string, version: string | null): Promise<StoreFailure> {
    const reason = reasonOf(answer)
    if (reason.code === 'locked') return this.#failure(reason)
    const lock = await this.lockOf(key, version).catch(() => undefined)
    return this.#failure(lock ? LOCKED : reason)
  }

  async #checkTakesLocks(): Promise<void> {
    const { takesLocks } = await this.#asked()
    if (!takesLocks) throw this.#failure(TAKES_NO_LOCKS)
  }

  /** What the bucket says of itself, asked once. */
  #asked(): Promise<Bucket> {
    this.#bucket ??= this.#ask().catch((error: unknown) => {
      this.#bucket = undefined
      throw error
    })
    return this.#bucket
  }

  async #ask(): Promise<Bucket> {
    const answer = await this.#send({ method: 'GET', path: `/storage/v1/b/${this.#settings.bucket}` })
    const { objectRetention, versioning, softDeletePolicy } = this.#stated<StatedBucket>(answer)
    return {
      takesLocks: objectRetention?.mode === 'Enabled',
      keepsVersions: versioning?.enabled === true,
      softDeleteDays: Math.ceil(Number(softDeletePolicy?.retentionDurationSeconds ?? 0) / DAY_S),
    }
  }

  /** The generations of each key that begins with `prefix`, newest first. */
  async *#versionsByKey(prefix: string): AsyncGenerator<StoredVersion[]> {
    const { keepsVersions } = await this.#asked()
    const { prefix: above } = this.#settings
    for await (const found of byName(this.#pages({ prefix: above + prefix, versions: 'true' }))) {
      const isNamed = keepsVersions || found.length > 1 || found[0]!.timeDeleted !== undefined
      const order = found.toSorted((a, b) => (BigInt(a.generation) < BigInt(b.generation) ? 1 : -1))
      yield order.map((object) => ({
        key: object.name.slice(above.length),
        version: isNamed ? object.generation : null,
        isRemoval: false,
        ...factsOf(object),
      }))
    }
  }

  async *#pages(query: Readonly<Record<string, string>>): AsyncGenerator<readonly StatedObject[]> {
    const { bucket, pageKeys = PAGE_KEYS } = this.#settings
    let pageToken: string | undefined
    do {
      const answer = await this.#send({
        method: 'GET',
        path: `/storage/v1/b/${bucket}/o`,
        query: { ...query, maxResults: String(pageKeys), ...(pageToken !== undefined && { pageToken }) },
      })
      const page = this.#stated<StatedPage>(answer)
      yield page.items ?? []
      pageToken = page.nextPageToken || undefined
    } while (pageToken !== undefined)
  }

  /** What is not there is undefined; a bucket that is not there is a failure. */
  #nothing(answer: StoreAnswer): undefined {
    const reason = reasonOf(answer)
    if (reason === NO_BUCKET) throw this.#failure(reason)
    return undefined
  }

  #stated<T extends object>({ bytes }: StoreAnswer): T {
    const value = stated<T>(bytes)
    if (!value) throw this.#failure(SENSELESS)
    return value
  }

  /** The answer where it is one of success, or of the statuses that are `taken`. */
  async #send(asked: Asked, taken: readonly number[] = []): Promise<StoreAnswer> {
    try {
      let answer = await askStore(() => this.#authorized(asked), this.#patience)
      if (answer.status === 401) {
        this.#token.forget()
        answer = await askStore(() => this.#authorized(asked), this.#patience)
      }
      if ((answer.status >= 200 && answer.status < 300) || taken.includes(answer.status)) return answer
      throw this.#failure(reasonOf(answer))
    } catch (error) {
      throw error instanceof NoAnswer ? this.#failure(error.said) : error
    }
  }

  async #authorized({ method, path, query, headers, body }: Asked): Promise<StoreRequest> {
    const url = new URL((this.#settings.endpoint ?? SERVICE).replace(/\/+$/, '') + path)
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value)
    const token = await this.#token.get()
    return {
      method,
      url: url.href,
      headers: { ...headers, Authorization: `Bearer ${token}` },
      ...(body && { body }),
    }
  }

  #object(key: string): string {
    checkKey(key)
    const { bucket, prefix } = this.#settings
    return `/storage/v1/b/${bucket}/o/${encodeURIComponent(prefix + key)}`
  }

  #failure({ code, what }: Said): StoreFailure {
    return new StoreFailure(code, `the store ${this.place} ${what}`)
  }
}

/** What taking an Unlocked retention away, or making it Locked, needs to say, and a right of its own. */
const OVERRIDING = { overrideUnlockedRetention: 'true' } as const

function bodyOf(value: object): { headers: Record<string, string>; body: Uint8Array } {
  return {
    headers: { 'Content-Type': 'application/json' },
    body: new TextEncoder().encode(JSON.stringify(value)),
  }
}

function generationNamed(version: string | null | undefined): Record<string, string> {
  return version == null ? {} : { generation: version }
}

function factsOf({ size, timeCreated }: StatedObject): { bytes: number; storedAt: number } {
  return { bytes: Number(size ?? 0), storedAt: Date.parse(timeCreated ?? '') || 0 }
}

function reasonOf({ status, bytes }: StoreAnswer): Said {
  return gcsReason(status, new TextDecoder().decode(bytes.subarray(0, 16_384)))
}
