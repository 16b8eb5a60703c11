/**
 * A bucket service that behaves as the JSON protocol of Google Cloud Storage is published: tokens for statements of service accounts,
 * conditions, generations, retention of objects. Written from the documentation; the real service may differ where that is silent.
 */
import { createHash, generateKeyPairSync, randomUUID, verify } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Answer, type Asked, partOf, PassingClock, ServedFake } from './served-fake.ts'

export interface BucketOptions {
  readonly hasLocks?: boolean
  readonly keepsVersions?: boolean
  readonly softDeleteSeconds?: number
}

interface Retention {
  readonly mode: 'Locked' | 'Unlocked'
  readonly retainUntilTime: string
}

interface Kept {
  readonly name: string
  readonly generation: number
  readonly bytes: Buffer
  readonly storedAt: number
  isLive: boolean
  retention?: Retention
}

interface Bucket extends BucketOptions {
  objects: Kept[]
}

const TOKEN_MS = 3_600_000
const SCOPE = 'https://www.googleapis.com/auth/devstorage.full_control'

class Refusal extends Error {
  readonly status: number
  readonly reason: string
  readonly words: string

  constructor(status: number, reason: string, words = 'of somebody@example.test') {
    super(reason)
    this.status = status
    this.reason = reason
    this.words = words
  }
}

export class GcsFake extends ServedFake {
  readonly email = 'tests@deponent.test'
  readonly clock: PassingClock
  /** How many tokens were handed out. */
  tokens = 0
  readonly #keys = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  readonly #buckets = new Map<string, Bucket>()
  readonly #valid = new Map<string, number>()
  #generation = 1_700_000_000_000_000

  constructor(clock = new PassingClock()) {
    super((asked) => this.#answer(asked))
    this.clock = clock
  }

  newBucket(options: BucketOptions = {}): string {
    const name = `bucket-${this.#buckets.size}`
    this.#buckets.set(name, { objects: [], ...options })
    return name
  }

  /** The file of a service account whose tokens are handed out here. */
  accountFile(change: Readonly<Record<string, string>> = {}): string {
    const path = join(mkdtempSync(join(tmpdir(), 'account-')), 'key.json')
    const privateKey = this.#keys.privateKey.export({ type: 'pkcs8', format: 'pem' })
    const account = {
      type: 'service_account',
      client_email: this.email,
      private_key_id: 'one',
      private_key: privateKey,
      token_uri: `${this.endpoint}/token`,
      ...change,
    }
    writeFileSync(path, JSON.stringify(account))
    return path
  }

  /** Ends every token that was handed out, as a changed right does. */
  endTokens(): void {
    this.#valid.clear()
  }

  #answer(asked: Asked): Answer {
    try {
      if (asked.path === '/token') return this.#token(asked)
      const token = /^Bearer (.+)$/.exec(asked.headers.authorization ?? '')?.[1] ?? ''
      if (!((this.#valid.get(token) ?? 0) > this.clock.now())) throw new Refusal(401, 'authError')
      return this.#authorized(asked)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const { status, reason, words } = error
      return json({ error: { code: status, message: words, errors: [{ reason, message: words }] } }, status)
    }
  }

  #token({ body }: Asked): Answer {
    const form = new URLSearchParams(body.toString())
    const [header = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.')
    const isSigned = verify(
      'RSA-SHA256',
      Buffer.from(`${header}.${claims}`),
      this.#keys.publicKey,
      Buffer.from(signature, 'base64url'),
    )
    const { iss, scope, aud, iat, exp } = part(claims)
    const now = this.clock.now() / 1_000
    const isTaken =
      form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:jwt-bearer' &&
      part(header).alg === 'RS256' &&
      isSigned &&
      iss === this.email &&
      scope === SCOPE &&
      aud === `${this.endpoint}/token` &&
      Math.abs(Number(iat) - now) < 300 &&
      Number(exp) - Number(iat) <= 3_600
    if (!isTaken) return json({ error: 'invalid_grant' }, 400)
    this.tokens += 1
    const token = randomUUID()
    this.#valid.set(token, this.clock.now() + TOKEN_MS)
    return json({ access_token: token, expires_in: TOKEN_MS / 1_000, token_type: 'Bearer' })
  }

  #authorized(asked: Asked): Answer {
    const { method, path, query } = asked
    const [, upload, bucketName, isObjects, encoded] =
      /^(\/upload)?\/storage\/v1\/b\/([^/]+)(?:(\/o)(?:\/(.+))?)?$/.exec(path) ?? []
    const bucket = this.#buckets.get(bucketName ?? '')
    if (!bucket) throw new Refusal(404, 'notFound', 'The specified bucket does not exist.')
    if (upload !== undefined) return this.#insert(asked, bucket)
    if (isObjects === undefined) return stateBucket(bucket)
    if (encoded === undefined) return list(bucket, query)
    const object = found(bucket, decodeURIComponent(encoded), query)
    if (method === 'PATCH') return this.#patch(asked, bucket, object)
    if (method === 'DELETE') return this.#delete(query, bucket, object)
    return read(asked, object)
  }

  #insert({ headers, query, body }: Asked, bucket: Bucket): Answer {
    const boundary = /^multipart\/related; boundary=(.+)$/.exec(headers['content-type'] ?? '')?.[1]
    if (query.get('uploadType') !== 'multipart' || boundary === undefined) throw new Refusal(400, 'invalid')
    const { statement, bytes } = partsOf(body, boundary)
    const { name, md5Hash, retention } = statement as {
      name: string
      md5Hash?: string
      retention?: Retention
    }
    if (md5Hash !== undefined && md5Hash !== createHash('md5').update(bytes).digest('base64'))
      throw new Refusal(400, 'invalid', `Provided MD5 hash "${md5Hash}" doesn't match calculated MD5 hash`)
    const live = bucket.objects.find((object) => object.name === name && object.isLive)
    if (live && query.get('ifGenerationMatch') === '0') throw new Refusal(412, 'conditionNotMet')
    if (retention) this.#checkRetention(retention, bucket)
    if (live) this.#displace(bucket, live)
    this.#generation += 1
    const object = {
      name,
      generation: this.#generation,
      bytes,
      storedAt: this.clock.now(),
      isLive: true,
      ...(retention && { retention }),
    }
    bucket.objects.push(object)
    return json(stateObject(object))
  }

  /** Where no generations are kept, what is replaced or removed is gone, unless it is retained. */
  #displace(bucket: Bucket, live: Kept): void {
    if (bucket.keepsVersions === true) {
      live.isLive = false
      return
    }
    this.#checkNotRetained(live)
    bucket.objects.splice(bucket.objects.indexOf(live), 1)
  }

  #checkRetention({ mode, retainUntilTime }: Retention, bucket: Bucket): void {
    const isTaken = bucket.hasLocks === true && ['Locked', 'Unlocked'].includes(mode)
    if (!isTaken || !(Date.parse(retainUntilTime) > this.clock.now())) throw new Refusal(400, 'invalid')
  }

  #checkNotRetained(object: Kept): void {
    if (this.#isRetained(object)) throw new Refusal(403, 'retentionPolicyNotMet')
  }

  #isRetained({ retention }: Kept): boolean {
    return retention !== undefined && Date.parse(retention.retainUntilTime) > this.clock.now()
  }

  #patch({ query, body }: Asked, bucket: Bucket, object: Kept): Answer {
    const { retention } = JSON.parse(body.toString()) as { retention: Retention | null }
    const known = this.#isRetained(object) ? object.retention : undefined
    const isShorter =
      known !== undefined &&
      (retention === null || Date.parse(retention.retainUntilTime) < Date.parse(known.retainUntilTime))
    const isOtherMode = known !== undefined && retention?.mode !== known.mode
    const overrides = query.get('overrideUnlockedRetention') === 'true'
    // The documentation does not name the reason of this one.
    if (known?.mode === 'Locked' && (isShorter || isOtherMode)) throw new Refusal(403, 'forbidden')
    if (known?.mode === 'Unlocked' && (isShorter || isOtherMode) && !overrides)
      throw new Refusal(403, 'forbidden')
    if (retention) this.#checkRetention(retention, bucket)
    if (retention) object.retention = retention
    else delete object.retention
    return json(stateObject(object))
  }

  #delete(query: Asked['query'], bucket: Bucket, object: Kept): Answer {
    if (query.has('generation')) {
      this.#checkNotRetained(object)
      bucket.objects.splice(bucket.objects.indexOf(object), 1)
    } else this.#displace(bucket, object)
    return { status: 204 }
  }
}

function found(bucket: Bucket, name: string, query: Asked['query']): Kept {
  const generation = query.get('generation')
  const object = bucket.objects.find(
    (one) =>
      one.name === name && (generation === undefined ? one.isLive : String(one.generation) === generation),
  )
  if (!object) throw new Refusal(404, 'notFound', `No such object: bucket/${name}`)
  return object
}

function read({ query, headers }: Asked, object: Kept): Answer {
  if (query.get('alt') !== 'media') return json(stateObject(object))
  if (headers.range === undefined) return { status: 200, body: object.bytes }
  const bytes = partOf(object.bytes, headers.range)
  if (!bytes) throw new Refusal(416, 'requestedRangeNotSatisfiable')
  return { status: 206, body: bytes }
}

function list(bucket: Bucket, query: Asked['query']): Answer {
  const all = bucket.objects
    .filter(({ name }) => name.startsWith(query.get('prefix') ?? ''))
    .filter(({ isLive }) => isLive || query.get('versions') === 'true')
    .toSorted((a, b) => (a.name === b.name ? a.generation - b.generation : a.name < b.name ? -1 : 1))
  const from = Number(query.get('pageToken') ?? 0)
  const end = from + Number(query.get('maxResults') ?? 1_000)
  const items = all.slice(from, end).map(stateObject)
  return json({ ...(items.length > 0 && { items }), ...(end < all.length && { nextPageToken: String(end) }) })
}

function stateBucket({ hasLocks, keepsVersions, softDeleteSeconds }: Bucket): Answer {
  return json({
    ...(hasLocks === true && { objectRetention: { mode: 'Enabled' } }),
    ...(keepsVersions !== undefined && { versioning: { enabled: keepsVersions } }),
    softDeletePolicy: { retentionDurationSeconds: String(softDeleteSeconds ?? 0) },
  })
}

function stateObject({ name, generation, bytes, storedAt, isLive, retention }: Kept): object {
  const time = new Date(storedAt).toISOString()
  return {
    name,
    generation: String(generation),
    size: String(bytes.length),
    timeCreated: time,
    ...(!isLive && { timeDeleted: time }),
    ...(retention && { retention }),
  }
}

/** The two parts of an upload: what is stated of the object, and its bytes. */
function partsOf(body: Buffer, boundary: string): { statement: unknown; bytes: Buffer } {
  const [mark, blank] = [Buffer.from(`--${boundary}`), Buffer.from('\r\n\r\n')]
  const second = body.indexOf(mark, mark.length)
  const end = body.lastIndexOf(Buffer.from(`\r\n--${boundary}--`))
  if (body.indexOf(mark) !== 0 || second < 0 || end < 0) throw new Refusal(400, 'invalid')
  const statement = body.subarray(body.indexOf(blank) + blank.length, second).toString()
  return {
    statement: JSON.parse(statement),
    bytes: Buffer.from(body.subarray(body.indexOf(blank, second) + blank.length, end)),
  }
}

function json(value: object, status = 200): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) }
}

function part(base64url: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(base64url, 'base64url').toString()) as Record<string, unknown>
}
