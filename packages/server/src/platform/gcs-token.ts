/**
 * Tokens of Google's services for a service account: a statement signed with the account's key (RS256) is changed for a token that is
 * valid for about an hour.
 */
import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Clock } from './clock.ts'
import { type Said, said, SENSELESS, UNKNOWN_CALLER } from './store-failures.ts'
import { askStore, NoAnswer, type Patience } from './store-requests.ts'
import { isSafeToAsk } from './safe-address.ts'

/** What writing objects and setting their retention needs. */
const SCOPE = 'https://www.googleapis.com/auth/devstorage.full_control'
const STATEMENT_S = 3_600
/** A token is left this long before it ends. */
const SPARE_MS = 300_000

const NO_CREDENTIALS = said(
  'denied',
  'cannot be asked: GOOGLE_APPLICATION_CREDENTIALS names no file with the key of a service account',
)

interface ServiceAccount {
  readonly email: string
  readonly keyId: string | undefined
  readonly key: KeyObject
  readonly tokenUrl: string
}

/** The token of the account in the environment; drawn anew when it is about to end. */
export class GoogleToken {
  readonly #clock: Clock
  readonly #patience: Patience
  #drawn: { token: string; until: number } | undefined
  #drawing: Promise<string> | undefined

  constructor(patience: Patience) {
    this.#clock = patience.clock
    this.#patience = patience
  }

  /** Rejects with NoAnswer. */
  get(): Promise<string> {
    if (this.#drawn && this.#drawn.until > this.#clock.now()) return Promise.resolve(this.#drawn.token)
    this.#drawing ??= this.#draw().finally(() => {
      this.#drawing = undefined
    })
    return this.#drawing
  }

  /** The service did not take the token: the next is a new one. */
  forget(): void {
    this.#drawn = undefined
  }

  async #draw(): Promise<string> {
    const account = await serviceAccount(process.env.GOOGLE_APPLICATION_CREDENTIALS)
    if (!account) throw new NoAnswer(NO_CREDENTIALS)
    const answer = await askStore(() => Promise.resolve(this.#request(account)), this.#patience)
    if (answer.status !== 200) throw new NoAnswer(refusalOf(answer.status))
    const { access_token: token, expires_in: seconds } = objectOf(new TextDecoder().decode(answer.bytes))
    if (typeof token !== 'string' || typeof seconds !== 'number') throw new NoAnswer(SENSELESS)
    this.#drawn = { token, until: this.#clock.now() + seconds * 1_000 - SPARE_MS }
    return token
  }

  #request(account: ServiceAccount) {
    const form = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: statement(account, this.#clock.now()),
    })
    return {
      method: 'POST',
      url: account.tokenUrl,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new TextEncoder().encode(form.toString()),
    } as const
  }
}

function statement({ email, keyId, key, tokenUrl }: ServiceAccount, now: number): string {
  const at = Math.floor(now / 1_000)
  const header = { alg: 'RS256', typ: 'JWT', ...(keyId !== undefined && { kid: keyId }) }
  const claims = { iss: email, scope: SCOPE, aud: tokenUrl, iat: at, exp: at + STATEMENT_S }
  const text = [header, claims].map((part) => base64url(JSON.stringify(part))).join('.')
  return `${text}.${base64url(sign('RSA-SHA256', Buffer.from(text), key))}`
}

function base64url(bytes: string | Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

async function serviceAccount(path: string | undefined): Promise<ServiceAccount | undefined> {
  if (!path) return undefined
  const {
    client_email: email,
    private_key: pem,
    private_key_id: keyId,
    token_uri: tokenUrl,
  } = objectOf(await readFile(path, 'utf8').catch(() => ''))
  if (typeof email !== 'string' || typeof pem !== 'string' || typeof tokenUrl !== 'string') return undefined
  const key = keyIn(pem)
  if (!key || !isSafeToAsk(tokenUrl)) return undefined
  return { email, key, tokenUrl, keyId: typeof keyId === 'string' ? keyId : undefined }
}

function keyIn(pem: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(pem)
    return key.asymmetricKeyType === 'rsa' ? key : undefined
  } catch {
    return undefined
  }
}

function objectOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

/** Whoever hands out tokens says 400 or 401 of an account or a signature it does not know. */
function refusalOf(status: number): Said {
  return status === 400 || status === 401 || status === 403
    ? UNKNOWN_CALLER
    : said('unreachable', `is not to be asked without a token, and none is handed out (HTTP ${status})`)
}
