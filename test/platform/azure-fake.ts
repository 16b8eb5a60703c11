/**
 * A container service that behaves as the REST protocol of Azure Blob Storage is published: signatures, conditions, versions, immutability
 * policies of versions. Written from the documentation; the real service may differ where that is silent.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { type Answer, type Asked, partOf, PassingClock, ServedFake } from './served-fake.ts'

export interface ContainerOptions {
  /** Immutability of versions, which needs versions. */
  readonly hasLocks?: boolean
  readonly keepsVersions?: boolean
}

interface Blob {
  readonly name: string
  readonly version: string
  readonly bytes: Buffer
  readonly storedAt: number
  isCurrent: boolean
  policy?: { mode: 'Locked' | 'Unlocked'; until: number }
}

interface Container extends ContainerOptions {
  blobs: Blob[]
}

const SKEW_MS = 900_000

class Refusal extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string) {
    super(code)
    this.status = status
    this.code = code
  }
}

export class AzureFake extends ServedFake {
  readonly account = 'deponenttests'
  readonly key = createHash('sha256').update('key of the account').digest('base64')
  readonly clock: PassingClock
  softDeleteDays = 0
  readonly #containers = new Map<string, Container>()
  #ticks = 0

  constructor(clock = new PassingClock()) {
    super((asked) => this.#answer(asked))
    this.clock = clock
  }

  newContainer(options: ContainerOptions = {}): string {
    const name = `container-${this.#containers.size}`
    this.#containers.set(name, { blobs: [], ...options })
    return name
  }

  /** A token of the account (SAS) for everything, until `expiry`. */
  newToken(expiry = new Date(this.clock.now() + 3_600_000).toISOString(), permissions = 'rwdlxi'): string {
    const token = new URLSearchParams({
      sv: '2021-12-02',
      ss: 'b',
      srt: 'sco',
      sp: permissions,
      se: expiry,
      spr: 'https,http',
    })
    token.set('sig', this.#tokenSignature(new Map(token)))
    return token.toString()
  }

  #answer(asked: Asked): Answer {
    try {
      this.#authenticate(asked)
      return this.#authorized(asked)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const body =
        asked.method === 'HEAD'
          ? ''
          : `<Error><Code>${error.code}</Code><Message>of ${this.account}</Message></Error>`
      return { status: error.status, headers: { 'x-ms-error-code': error.code }, body }
    }
  }

  #authenticate({ method, path, query, headers, body }: Asked): void {
    const fail = (): never => {
      throw new Refusal(403, 'AuthenticationFailed')
    }
    if (query.has('sig')) {
      const isOver = Date.parse(query.get('se') ?? '') < this.clock.now()
      if (isOver || query.get('sig') !== this.#tokenSignature(query)) fail()
      return
    }
    const date = Date.parse(headers['x-ms-date'] ?? '')
    if (!(Math.abs(date - this.clock.now()) < SKEW_MS)) fail()
    const own = Object.keys(headers)
      .filter((name) => name.startsWith('x-ms-'))
      .toSorted()
    const text = [
      method,
      '',
      '',
      body.length > 0 ? String(body.length) : '',
      headers['content-md5'] ?? '',
      headers['content-type'] ?? '',
      '',
      '',
      headers['if-match'] ?? '',
      headers['if-none-match'] ?? '',
      '',
      headers.range ?? '',
      ...own.map((name) => `${name}:${headers[name]}`),
      `/${this.account}${path}`,
      ...[...query.keys()].toSorted().map((name) => `${name}:${query.get(name)}`),
    ].join('\n')
    const expected = Buffer.from(`SharedKey ${this.account}:${this.#hmac(text)}`)
    const got = Buffer.from(headers.authorization ?? '')
    if (got.length !== expected.length || !timingSafeEqual(got, expected)) fail()
  }

  #tokenSignature(query: ReadonlyMap<string, string>): string {
    const parts = ['sp', 'ss', 'srt', 'st', 'se', 'sip', 'spr', 'sv', 'ses'].map(
      (name) => query.get(name) ?? '',
    )
    return this.#hmac([this.account, ...parts, ''].join('\n'))
  }

  #hmac(text: string): string {
    return createHmac('sha256', Buffer.from(this.key, 'base64')).update(text).digest('base64')
  }

  #authorized(asked: Asked): Answer {
    const { method, query, path } = asked
    const [, account, containerName, ...rest] = path.split('/')
    if (account !== this.account) throw new Refusal(400, 'InvalidUri')
    if (query.get('restype') === 'service') return this.#serviceProperties()
    const container = this.#containers.get(containerName ?? '')
    if (!container) throw new Refusal(404, 'ContainerNotFound')
    if (query.get('comp') === 'list') return list(container, query)
    if (query.get('restype') === 'container') return properties(container)
    const name = rest.join('/')
    if (query.get('comp') === 'immutabilityPolicies') return this.#policy(asked, container, name)
    if (method === 'PUT') return this.#put(asked, container, name)
    if (method === 'DELETE') return this.#delete(asked, container, name)
    return this.#read(asked, container, name)
  }

  #serviceProperties(): Answer {
    const days = this.softDeleteDays
    const policy = days > 0 ? `<Enabled>true</Enabled><Days>${days}</Days>` : '<Enabled>false</Enabled>'
    const body = `<StorageServiceProperties><DeleteRetentionPolicy>${policy}</DeleteRetentionPolicy></StorageServiceProperties>`
    return { status: 200, body }
  }

  #put({ headers, body }: Asked, container: Container, name: string): Answer {
    if (headers['x-ms-blob-type'] !== 'BlockBlob') throw new Refusal(400, 'MissingRequiredHeader')
    const md5 = createHash('md5').update(body).digest('base64')
    if (headers['content-md5'] !== undefined && headers['content-md5'] !== md5)
      throw new Refusal(400, 'Md5Mismatch')
    const current = container.blobs.find((blob) => blob.name === name && blob.isCurrent)
    if (current && headers['if-none-match'] === '*') throw new Refusal(409, 'BlobAlreadyExists')
    const policy =
      headers['x-ms-immutability-policy-mode'] === undefined ? undefined : this.#policyIn(headers, container)
    if (current) current.isCurrent = false
    if (current && !keepsVersions(container)) container.blobs.splice(container.blobs.indexOf(current), 1)
    const [version, storedAt] = [this.#newVersion(), this.clock.now()]
    container.blobs.push({ name, version, bytes: body, storedAt, isCurrent: true, ...(policy && { policy }) })
    return { status: 201, headers: keepsVersions(container) ? { 'x-ms-version-id': version } : {} }
  }

  /** A time to the ten-millionth of a second, no two the same. */
  #newVersion(): string {
    this.#ticks += 1
    return new Date(this.clock.now()).toISOString().replace('Z', `${String(this.#ticks).padStart(4, '0')}Z`)
  }

  #policyIn(headers: Asked['headers'], container: Container): NonNullable<Blob['policy']> {
    const until = Date.parse(headers['x-ms-immutability-policy-until-date'] ?? '')
    const mode = headers['x-ms-immutability-policy-mode']
    if (container.hasLocks !== true) throw new Refusal(400, 'FeatureVersionMismatch')
    if ((mode !== 'Locked' && mode !== 'Unlocked') || !(until > this.clock.now()))
      throw new Refusal(400, 'InvalidHeaderValue')
    return { mode, until }
  }

  #policy({ method, query, headers }: Asked, container: Container, name: string): Answer {
    const blob = found(container, name, query)
    const known = this.#isLocked(blob) ? blob.policy : undefined
    if (method === 'DELETE') {
      if (known?.mode === 'Locked') throw new Refusal(409, 'BlobImmutableDueToPolicy')
      delete blob.policy
      return { status: 200 }
    }
    const policy = this.#policyIn(headers, container)
    const weakens = known?.mode === 'Locked' && (policy.mode !== 'Locked' || policy.until < known.until)
    if (weakens) throw new Refusal(409, 'BlobImmutableDueToPolicy')
    blob.policy = policy
    return { status: 200 }
  }

  #delete({ query, headers }: Asked, container: Container, name: string): Answer {
    const blob = found(container, name, query)
    const match = headers['if-match']
    if (match !== undefined && match !== etagOf(blob)) throw new Refusal(412, 'ConditionNotMet')
    if (query.has('versionid')) {
      if (blob.isCurrent) throw new Refusal(403, 'OperationNotAllowedOnRootBlob')
      if (this.#isLocked(blob)) throw new Refusal(409, 'BlobImmutableDueToPolicy')
    } else if (keepsVersions(container)) {
      blob.isCurrent = false
      return { status: 202 }
    }
    container.blobs.splice(container.blobs.indexOf(blob), 1)
    return { status: 202 }
  }

  #read({ method, query, headers }: Asked, container: Container, name: string): Answer {
    const blob = found(container, name, query)
    const { policy } = blob
    const stated = {
      etag: etagOf(blob),
      ...(keepsVersions(container) && { 'x-ms-version-id': blob.version }),
      ...(keepsVersions(container) && blob.isCurrent && { 'x-ms-is-current-version': 'true' }),
      ...(policy && {
        'x-ms-immutability-policy-mode': policy.mode.toLowerCase(),
        'x-ms-immutability-policy-until-date': new Date(policy.until).toUTCString(),
      }),
    }
    if (method === 'HEAD')
      return { status: 200, headers: { ...stated, 'content-length': String(blob.bytes.length) } }
    const range = headers['x-ms-range']
    if (range === undefined) return { status: 200, headers: stated, body: blob.bytes }
    const part = partOf(blob.bytes, range)
    if (!part) throw new Refusal(416, 'InvalidRange')
    return { status: 206, headers: stated, body: part }
  }

  #isLocked({ policy }: Blob): boolean {
    return policy !== undefined && policy.until > this.clock.now()
  }
}

function keepsVersions(container: Container): boolean {
  return container.keepsVersions === true || container.hasLocks === true
}

function etagOf({ version }: Blob): string {
  return `"0x${Buffer.from(version).toString('hex')}"`
}

function found(container: Container, name: string, query: Asked['query']): Blob {
  const version = query.get('versionid')
  const blob = container.blobs.find(
    (one) => one.name === name && (version === undefined ? one.isCurrent : one.version === version),
  )
  if (!blob) throw new Refusal(404, 'BlobNotFound')
  return blob
}

function properties(container: Container): Answer {
  return {
    status: 200,
    headers: { 'x-ms-immutable-storage-with-versioning-enabled': String(container.hasLocks === true) },
  }
}

function list(container: Container, query: Asked['query']): Answer {
  const all = container.blobs
    .filter(({ name }) => name.startsWith(query.get('prefix') ?? ''))
    .filter(({ isCurrent }) => isCurrent || query.get('include') === 'versions')
    .toSorted((a, b) => (a.name === b.name ? (a.version < b.version ? -1 : 1) : a.name < b.name ? -1 : 1))
  const from = Number(query.get('marker') ?? 0)
  const end = from + Number(query.get('maxresults') ?? 5_000)
  const blobs = all.slice(from, end).map((blob) => {
    const version = keepsVersions(container)
      ? `<VersionId>${blob.version}</VersionId>${blob.isCurrent ? '<IsCurrentVersion>true</IsCurrentVersion>' : ''}`
      : ''
    const stored = `<Last-Modified>${new Date(blob.storedAt).toUTCString()}</Last-Modified>`
    const length = `<Content-Length>${blob.bytes.length}</Content-Length>`
    return `<Blob><Name>${blob.name}</Name>${version}<Properties>${stored}${length}</Properties></Blob>`
  })
  const next = end < all.length ? `<NextMarker>${end}</NextMarker>` : '<NextMarker />'
  const body = `<?xml version="1.0"?><EnumerationResults><Blobs>${blobs.join('')}</Blobs>${next}</EnumerationResults>`
  return { status: 200, body }
}
