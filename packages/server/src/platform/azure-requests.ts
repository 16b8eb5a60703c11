/** How requests to Azure Blob Storage are addressed and signed, by the published REST protocol. */
import { createHmac } from 'node:crypto'
import type { StoreRequest } from './store-requests.ts'

/** The oldest version of the protocol that this is written to is 2020-06-12, which brought the immutability of single versions. */
const PROTOCOL = '2021-12-02'

/** A key of the account, or a token that somebody signed with one (SAS). */
export type AzureCredentials =
  | { readonly kind: 'key'; readonly key: Uint8Array }
  | { readonly kind: 'token'; readonly token: string }

/** The credentials in the environment; undefined when there are none. A key that is not base64 counts as none. */
export function azureCredentials(environment: NodeJS.ProcessEnv): AzureCredentials | undefined {
  const { AZURE_STORAGE_KEY: key, AZURE_STORAGE_SAS_TOKEN: token } = environment
  if (token) return { kind: 'token', token: token.replace(/^\?/, '') }
  if (!key || !/^[A-Za-z0-9+/]+={0,2}$/.test(key)) return undefined
  return { kind: 'key', key: Buffer.from(key, 'base64') }
}

/** Where the containers of an account are: in its host's name, or as the first segment of the path, as emulators have it. */
export function azureBase(account: string, endpoint: string | undefined): string {
  if (endpoint === undefined) return `https://${account}.blob.core.windows.net`
  const base = endpoint.replace(/\/+$/, '')
  return new URL(base).hostname.startsWith(`${account}.`) ? base : `${base}/${account}`
}

export interface AzureRequest {
  readonly method: StoreRequest['method']
  /** Address without a query. */
  readonly url: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

/** The request with its date and whatever shows that we may: a signature over all of it, or the token. */
export function signedForAzure(
  request: AzureRequest,
  account: string,
  credentials: AzureCredentials,
  now: number,
): StoreRequest {
  const { method, body } = request
  const url = new URL(request.url)
  for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, value)
  const headers = {
    ...request.headers,
    'x-ms-date': new Date(now).toUTCString(),
    'x-ms-version': PROTOCOL,
  }
  const sent = { method, headers, ...(body && { body }) }
  if (credentials.kind === 'token') {
    const joint = url.search === '' ? '?' : '&'
    return { ...sent, url: `${url.href}${joint}${credentials.token}` }
  }
  const text = textToSign({ ...sent, url: url.href }, account)
  const signature = createHmac('sha256', credentials.key).update(text, 'utf8').digest('base64')
  return {
    ...sent,
    url: url.href,
    headers: { ...headers, Authorization: `SharedKey ${account}:${signature}` },
  }
}

const SIGNED_HEADERS = [
  'content-encoding',
  'content-language',
  'content-length',
  'content-md5',
  'content-type',
  'date',
  'if-modified-since',
  'if-match',
  'if-none-match',
  'if-unmodified-since',
  'range',
]

/** What a Shared Key signature is over. */
export function textToSign({ method, url, headers, body }: StoreRequest, account: string): string {
  const named = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  if (body && body.length > 0) named.set('content-length', String(body.length))
  const own = [...named]
    .filter(([name]) => name.startsWith('x-ms-'))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${value.trim()}`)
  return [
    method,
    ...SIGNED_HEADERS.map((name) => named.get(name) ?? ''),
    ...own,
    resourceOf(url, account),
  ].join('\n')
}

/** The account, the path as it is sent, and the parameters of the query by name. */
function resourceOf(url: string, account: string): string {
  const { pathname, searchParams } = new URL(url)
  const parameters = [...searchParams].map(([name, value]) => `${name.toLowerCase()}:${value}`).toSorted()
  return [`/${account}${pathname}`, ...parameters].join('\n')
}
