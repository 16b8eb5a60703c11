/**
 * A store of objects in a container of Azure Blob Storage, by its published REST protocol. Locks are immutability policies of single
 * versions: compliance is Locked, governance is Unlocked. It is tested against that protocol and was not run against the real service.
 */
import { createHash } from 'node:crypto'
import { azureReason, nameOfAzure, NO_CREDENTIALS } from './azure-failures.ts'
import { type BlobPage, type ListedBlob, readBlobPage, readSoftDeleteDays } from './azure-listing.ts'
import { azureBase, azureCredentials, type AzureRequest, signedForAzure } from './azure-requests.ts'
import { type Clock, realClock } from './clock.ts'
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
import { askStore, NoAnswer, type StoreAnswer } from './store-requests.ts'

export interface AzureStoreSettings {
  readonly account: string
  readonly container: string
  /** What every key begins with: '' or a path that ends with a slash. */
  readonly prefix: string
  /** Instead of the account's own; the account is named in the path unless the host's name begins with it. */
  readonly endpoint?: string
  /** Keys asked for in one answer; 1,000 when absent. The most is 5,000. */
  readonly pageKeys?: number
  readonly clock?: Clock
  /** The longest wait before a second attempt, in milliseconds. */
  readonly firstWaitMs?: number
}

const PAGE_KEYS = 1_000

const NOT_RUN = '(not run against the real service)'
const WORM = 'Azure Blob immutability of versions'
const NOT_WORM = 'Azure Blob without immutability of versions: not WORM'
const TAKES_NO_LOCKS = said(
  'not_supported',
  'has a container without immutability of versions, which takes no locks',
)

interface Container {
  readonly takesLocks: boolean
  readonly keepsVersions: boolean
  readonly softDeleteDays: number | undefined
}

/** One version as the service states it now. */
interface BlobFacts {
  readonly lock: Lock | undefined
  readonly isCurrent: boolean
  readonly etag: string | null
}

/** The store in a container, with the key or the token of the environment. */
export function azureStore(settings: AzureStoreSettings): ObjectStore {
  return new AzureStore(settings)
}

class AzureStore implements ObjectStore {
  readonly place: string
  readonly #settings: AzureStoreSettings
  readonly #clock: Clock
  readonly #base: string
  #container: Promise<Container> | undefined

  constructor(settings: AzureStoreSettings) {
    const { account, container, prefix, endpoint, clock } = settings
    this.place = `az://${account}/${container}/${prefix}${endpoint === undefined ? '' : ` at ${endpoint}`}`
    this.#settings = settings
    this.#clock = clock ?? realClock
    this.#base = azureBase(account, endpoint)
  }

  async ability(): Promise<StoreAbility> {
    this.#container = undefined
    const { takesLocks, keepsVersions, softDeleteDays } = await this.#asked()
    const kept = softDeleteDays ? `; what is removed can be brought back for ${softDeleteDays} days` : ''
    const description = `${takesLocks ? WORM : NOT_WORM}${kept} ${NOT_RUN}`
    return { isWorm: takesLocks, takesLocks, keepsVersions, description }
  }

  async put(key: string, bytes: Uint8Array, { lock, ifAbsent }: PutOptions = {}): Promise<string | null> {
    const url = this.#blob(key)
    if (lock) await this.#checkTakesLocks()
    const { headers } = await this.#send({
      method: 'PUT',
      url,
      headers: {
        'x-ms-blob-type': 'BlockBlob',
        'Content-Type': 'application/octet-stream',
        'Content-MD5': createHash('md5').update(bytes).digest('base64'),
        ...(lock && policyOf(lock)),
        ...(ifAbsent === true && { 'If-None-Match': '*' }),
      },
      body: bytes,
    })
    return headers.get('x-ms-version-id')
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
        url: this.#blob(key),
        query: versionNamed(version),
        headers: range ? { 'x-ms-range': `bytes=${range.from}-${end! - 1}` } : {},
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
    for await (const blobs of this.#pages(above + prefix))
      for (const { name, bytes, storedAt } of blobs) yield { key: name.slice(above.length), bytes, storedAt }
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
    const url = this.#blob(key)
    if (version == null) {
      await this.#send({ method: 'DELETE', url }, [404])
      return
    }
    const facts = await this.#facts(key, version)
    if (!facts) return
    const { lock, isCurrent, etag } = facts
    if (lock && !(lock.mode === 'governance' && bypassGovernance === true)) throw this.#failure(LOCKED)
    const query = { versionid: version }
    if (lock) await this.#send({ method: 'DELETE', url, query: { comp: 'immutabilityPolicies', ...query } })
    // The current version cannot be removed by its name: it is hidden first, unless another has taken its place meanwhile.
    if (isCurrent)
      await this.#send({ method: 'DELETE', url, headers: etag ? { 'If-Match': etag } : {} }, [404, 412])
    await this.#send({ method: 'DELETE', url, query }, [404])
  }

  async lockOf(key: string, version: string | null = null): Promise<Lock | undefined> {
    return (await this.#facts(key, version))?.lock
  }

  async extendLock(key: string, lock: Lock, version: string | null = null): Promise<void> {
    const url = this.#blob(key)
    await this.#checkTakesLocks()
    // The service lets an Unlocked policy be shortened.
    const known = await this.lockOf(key, version)
    if (known && weakens(lock, known)) throw this.#failure(LOCKED)
    const query = { comp: 'immutabilityPolicies', ...versionNamed(version) }
    await this.#send({ method: 'PUT', url, query, headers: policyOf(lock) })
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  async #facts(key: string, version: string | null): Promise<BlobFacts | undefined> {
    const request = { method: 'HEAD', url: this.#blob(key), query: versionNamed(version) } as const
    const answer = await this.#send(request, [404])
    const { status, headers } = answer
    if (status === 404) return this.#nothing(answer)
    const isCurrent = version === null || headers.get('x-ms-is-current-version') === 'true'
    return { lock: lockStated(headers, this.#clock.now()), isCurrent, etag: headers.get('etag') }
  }

  async #checkTakesLocks(): Promise<void> {
    const { takesLocks } = await this.#asked()
    if (!takesLocks) throw this.#failure(TAKES_NO_LOCKS)
  }

  /** What the container says of itself, asked once. */
  #asked(): Promise<Container> {
    this.#container ??= this.#ask().catch((error: unknown) => {
      this.#container = undefined
      throw error
    })
    return this.#container
  }

  async #ask(): Promise<Container> {
    const query = { restype: 'container' }
    const { headers } = await this.#send({ method: 'HEAD', url: this.#containerUrl, query })
    const takesLocks = headers.get('x-ms-immutable-storage-with-versioning-enabled') === 'true'
    return {
      takesLocks,
      keepsVersions: takesLocks || (await this.#namesVersions()),
      softDeleteDays: await this.#softDeleteDays(),
    }
  }

  /** Nothing that can be asked here says whether the account keeps versions; a blob says it of itself. An empty container counts as keeping none. */
  async #namesVersions(): Promise<boolean> {
    const { blobs } = await this.#page({ include: 'versions', maxresults: '1' })
    return blobs[0]?.version !== undefined
  }

  /** Of the account; undefined where the credentials may not ask. */
  async #softDeleteDays(): Promise<number | undefined> {
    const query = { restype: 'service', comp: 'properties' }
    const answer = await this.#send({ method: 'GET', url: `${this.#base}/`, query }, [400, 403, 404])
    return answer.status === 200 ? readSoftDeleteDays(textOf(answer)) : undefined
  }

  /** The versions of each key that begins with `prefix`, newest first. */
  async *#versionsByKey(prefix: string): AsyncGenerator<StoredVersion[]> {
    const { prefix: above } = this.#settings
    for await (const blobs of byName(this.#pages(above + prefix, 'versions'))) {
      // A version is named by the time it was made, to the ten-millionth of a second.
      const order = blobs.toSorted((a, b) => (timeNamed(a) < timeNamed(b) ? 1 : -1))
      yield order.map(({ name, version = null, bytes, storedAt }) => ({
        key: name.slice(above.length),
        version,
        isRemoval: false,
        bytes,
        storedAt,
      }))
    }
  }

  async *#pages(prefix: string, include?: 'versions'): AsyncGenerator<readonly ListedBlob[]> {
    const { pageKeys = PAGE_KEYS } = this.#settings
    let marker: string | undefined
    do {
      const page = await this.#page({
        prefix,
        maxresults: String(pageKeys),
        ...(include && { include }),
        ...(marker !== undefined && { marker }),
      })
      yield page.blobs
      marker = page.marker
    } while (marker !== undefined)
  }

  async #page(query: Readonly<Record<string, string>>): Promise<BlobPage> {
    const answer = await this.#send({
      method: 'GET',
      url: this.#containerUrl,
      query: { restype: 'container', comp: 'list', ...query },
    })
    const page = readBlobPage(textOf(answer))
    if (!page) throw this.#failure(SENSELESS)
    return page
  }

  /** What is not there is undefined; a container that is not there is a failure. */
  #nothing({ status, headers }: StoreAnswer): undefined {
    const reason = azureReason(status, nameOfAzure(headers))
    if (nameOfAzure(headers).startsWith('Container')) throw this.#failure(reason)
    return undefined
  }

  /** The answer where it is one of success, or of the statuses that are `taken`. */
  async #send(request: AzureRequest, taken: readonly number[] = []): Promise<StoreAnswer> {
    const { account, firstWaitMs } = this.#settings
    const credentials = azureCredentials(process.env)
    if (!credentials) throw this.#failure(NO_CREDENTIALS)
    const clock = this.#clock
    const make = () => Promise.resolve(signedForAzure(request, account, credentials, clock.now()))
    const patience = { clock, ...(firstWaitMs !== undefined && { firstWaitMs }) }
    const answer = await askStore(make, patience).catch((error: unknown) => {
      throw error instanceof NoAnswer ? this.#failure(error.said) : error
    })
    const { status, headers } = answer
    if ((status >= 200 && status < 300) || taken.includes(status)) return answer
    throw this.#failure(azureReason(status, nameOfAzure(headers)))
  }

  get #containerUrl(): string {
    return `${this.#base}/${this.#settings.container}`
  }

  /** Keys are of characters that stand for themselves in a path. */
  #blob(key: string): string {
    checkKey(key)
    return `${this.#containerUrl}/${this.#settings.prefix}${key}`
  }

  #failure({ code, what }: Said): StoreFailure {
    return new StoreFailure(code, `the store ${this.place} ${what}`)
  }
}

/** Policies count whole seconds. */
function policyOf({ mode, until }: Lock): Record<string, string> {
  return {
    'x-ms-immutability-policy-until-date': new Date(Math.ceil(until / 1_000) * 1_000).toUTCString(),
    'x-ms-immutability-policy-mode': mode === 'compliance' ? 'Locked' : 'Unlocked',
  }
}

function lockStated(headers: Headers, now: number): Lock | undefined {
  const until = Date.parse(headers.get('x-ms-immutability-policy-until-date') ?? '')
  if (!(until > now)) return undefined
  const mode = headers.get('x-ms-immutability-policy-mode')?.toLowerCase()
  return { mode: mode === 'locked' ? 'compliance' : 'governance', until }
}

function versionNamed(version: string | null | undefined): Record<string, string> {
  return version == null ? {} : { versionid: version }
}

/** The current version sorts above all others. */
function timeNamed({ isCurrent, version = '' }: ListedBlob): string {
  return isCurrent ? '~' : version
}

function textOf({ bytes }: StoreAnswer): string {
  return new TextDecoder().decode(bytes)
}
