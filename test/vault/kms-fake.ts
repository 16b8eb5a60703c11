/**
 * A key management service as AWS KMS speaks, for tests: JSON 1.1 over HTTP, signed with SigV4, which it checks itself and from the
 * specification alone, not with the client's library. What it encrypts is bound to the key and to the encryption context.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface FakeKey {
  readonly arn: string
  readonly material: Buffer
  isEnabled: boolean
}

interface Asked {
  operation: string
  body: Record<string, unknown>
}

const SERVICE = 'kms'
const SKEW_MS = 15 * 60_000
const ACCOUNT = '111122223333'

/** An answer of the service that is not what was asked for. */
class Refusal extends Error {
  readonly type: string
  readonly status: number
  constructor(type: string, message: string, status = 400) {
    super(message)
    this.type = type
    this.status = status
  }
}

export class FakeKms {
  readonly credentials = { id: 'AKIDFORTESTS', secret: 'a secret/of+40 characters, never on the wire' }
  readonly region: string
  /** What was asked and answered, newest last. */
  readonly asked: Asked[] = []
  /** Requests that are answered with throttling before any other is let through. */
  throttled = 0
  /** Operations that the credentials may not use. */
  readonly denied = new Set<string>()
  readonly #keys = new Map<string, FakeKey>()
  readonly #aliases = new Map<string, string>()
  readonly #server: Server

  private constructor(region: string) {
    this.region = region
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  static async start(region = 'eu-central-1'): Promise<FakeKms> {
    const fake = new FakeKms(region)
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve))
    return fake
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** The environment a process asks this service with. */
  get environment(): Record<string, string> {
    return {
      AWS_ACCESS_KEY_ID: this.credentials.id,
      AWS_SECRET_ACCESS_KEY: this.credentials.secret,
      AWS_REGION: this.region,
      AWS_EC2_METADATA_DISABLED: 'true',
      DEPONENT_KMS_ENDPOINT: this.endpoint,
    }
  }

  /** Makes a key; gives its ARN. */
  addKey(alias?: string): string {
    const id = [8, 4, 4, 4, 12].map((digits) => randomBytes(6).toString('hex').slice(0, digits)).join('-')
    const arn = `arn:aws:kms:${this.region}:${ACCOUNT}:key/${id}`
    this.#keys.set(arn, { arn, material: randomBytes(32), isEnabled: true })
    if (alias !== undefined) this.#aliases.set(`alias/${alias}`, arn)
    return arn
  }

  setEnabled(arn: string, isEnabled: boolean): void {
    this.#keys.get(arn)!.isEnabled = isEnabled
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const send = (status: number, value: object): void => {
      response.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.1' })
      response.end(JSON.stringify(value))
    }
    try {
      send(200, this.#run(request, Buffer.concat(chunks)))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      send(error.status, { __type: error.type, message: error.message })
    }
  }

  #run(request: IncomingMessage, bytes: Buffer): object {
    this.#checkSignature(request, bytes)
    const [service, operation = ''] = String(request.headers['x-amz-target']).split('.')
    if (request.method !== 'POST' || request.url !== '/' || service !== 'TrentService')
      throw new Refusal('UnknownOperationException', 'no such operation')
    const body = JSON.parse(bytes.toString()) as Record<string, unknown>
    this.asked.push({ operation, body })
    if (this.throttled > 0) {
      this.throttled -= 1
      throw new Refusal('ThrottlingException', 'Rate exceeded')
    }
    if (this.denied.has(operation))
      throw new Refusal(
        'AccessDeniedException',
        `User: arn:aws:iam::${ACCOUNT}:user/ada is not authorized to perform: kms:${operation}`,
      )
    if (operation === 'Encrypt') return this.#encrypt(body)
    if (operation === 'Decrypt') return this.#decrypt(body)
    throw new Refusal('UnknownOperationException', 'no such operation')
  }

  #encrypt({ KeyId, Plaintext, EncryptionContext }: Record<string, unknown>): object {
    const key = this.#usable(String(KeyId))
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', key.material, nonce)
    cipher.setAAD(contextBytes(EncryptionContext))
    const sealed = [
      cipher.update(Buffer.from(String(Plaintext), 'base64')),
      cipher.final(),
      cipher.getAuthTag(),
    ]
    const blob = Buffer.concat([Buffer.from(`${key.arn}\n`), nonce, ...sealed])
    return {
      CiphertextBlob: blob.toString('base64'),
      KeyId: key.arn,
      EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
    }
  }

  #decrypt({ KeyId, CiphertextBlob, EncryptionContext }: Record<string, unknown>): object {
    const blob = Buffer.from(String(CiphertextBlob), 'base64')
    const end = blob.indexOf('\n')
    const arn = blob.subarray(0, Math.max(end, 0)).toString()
    if (!this.#keys.has(arn)) throw new Refusal('InvalidCiphertextException', '')
    if (KeyId !== undefined && this.#arnOf(String(KeyId)) !== arn)
      throw new Refusal(
        'IncorrectKeyException',
        'The key ID in the request does not identify a CMK that can perform this operation.',
      )
    const key = this.#usable(arn)
    const decipher = createDecipheriv('aes-256-gcm', key.material, blob.subarray(end + 1, end + 13))
    decipher.setAAD(contextBytes(EncryptionContext))
    decipher.setAuthTag(blob.subarray(-16))
    try {
      const plain = Buffer.concat([decipher.update(blob.subarray(end + 13, -16)), decipher.final()])
      return { Plaintext: plain.toString('base64'), KeyId: arn, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' }
    } catch {
      throw new Refusal('InvalidCiphertextException', '')
    }
  }

  #arnOf(name: string): string {
    if (name.startsWith('alias/')) return this.#aliases.get(name) ?? ''
    return [...this.#keys.keys()].find((arn) => arn === name || arn.endsWith(`:key/${name}`)) ?? ''
  }

  #usable(name: string): FakeKey {
    const key = this.#keys.get(this.#arnOf(name))
    if (!key) throw new Refusal('NotFoundException', `Alias or key ${name} is not found.`)
    if (!key.isEnabled) throw new Refusal('DisabledException', `${key.arn} is disabled.`)
    return key
  }

  /** SigV4 of a request with headers, step by step as its specification has it. */
  #checkSignature(request: IncomingMessage, body: Buffer): void {
    const header = String(request.headers.authorization)
    const parts =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/.exec(
        header,
      )
    if (!parts) throw new Refusal('IncompleteSignatureException', 'the Authorization header is malformed')
    const [, id, day = '', region = '', service = '', names = '', signature] = parts
    if (id !== this.credentials.id)
      throw new Refusal(
        'UnrecognizedClientException',
        'The security token included in the request is invalid.',
      )
    if (region !== this.region || service !== SERVICE)
      throw new Refusal('InvalidSignatureException', 'Credential should be scoped to a valid region.')
    const time = String(request.headers['x-amz-date'])
    const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(time) ?? []
    const atMs = Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s))
    if (!time.startsWith(day) || !(Math.abs(Date.now() - atMs) < SKEW_MS))
      throw new Refusal('InvalidSignatureException', 'Signature expired')
    const signed = names.split(';')
    for (const name of ['host', 'x-amz-date', 'x-amz-target'])
      if (!signed.includes(name)) throw new Refusal('InvalidSignatureException', `${name} is not signed`)
    const lines = signed.map(
      (name) => `${name}:${String(request.headers[name]).trim().replaceAll(/ +/g, ' ')}\n`,
    )
    const canonical = ['POST', '/', '', lines.join(''), names, sha256(body)].join('\n')
    const scope = `${day}/${region}/${service}/aws4_request`
    const text = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')
    const key = [day, region, service, 'aws4_request'].reduce<Buffer>(
      (secret, part) => createHmac('sha256', secret).update(part).digest(),
      Buffer.from(`AWS4${this.credentials.secret}`),
    )
    if (createHmac('sha256', key).update(text).digest('hex') !== signature)
      throw new Refusal('InvalidSignatureException', 'The request signature we calculated does not match')
  }
}

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')

const contextBytes = (context: unknown): Buffer =>
  Buffer.from(JSON.stringify(Object.entries(context ?? {}).toSorted()))
