/** The store of objects at an address. */
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { azureStore } from './azure-store.ts'
import { ExplainedError } from './explained-error.ts'
import { fileStore } from './file-store.ts'
import { gcsStore } from './gcs-store.ts'
import { checkPrefix, type ObjectStore } from './object-store.ts'
import { s3Store } from './s3-store.ts'
import { isSafeToAsk } from './safe-address.ts'

/** An address of a store that cannot be used as it is written; the message says what is expected. */
export class StoreAddressError extends ExplainedError {}

/** What each scheme takes after `?`. */
const FILE_PARAMETERS = ['versions'] as const
const S3_PARAMETERS = ['region', 'endpoint'] as const
const ENDPOINT = ['endpoint'] as const

const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]+):/

/** A bucket's name: by the rules of its service, or what other servers allow too. */
const BUCKET = /^[a-z0-9][a-z0-9._-]{1,62}$/
const ACCOUNT = /^[a-z0-9]{3,24}$/
const CONTAINER = /^(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*$/

/**
 * Opens the store at an address: a path, `file:///path`, `s3://bucket/prefix?region=…&endpoint=…`, `az://account/container/prefix?endpoint=…`,
 * `gs://bucket/prefix?endpoint=…`. A directory takes `?versions=keep` after `file:///path`, and then keeps what is overwritten or removed. Credentials are never part of an address. Nothing is asked of the store yet: `ability` does that.
 */
export function openObjectStore(address: string): Promise<ObjectStore> {
  const scheme = SCHEME.exec(address)?.[1]?.toLowerCase()
  if (address === '')
    throw new StoreAddressError('the address of a store is a path or a URL, and this is empty')
  if (scheme === undefined) return Promise.resolve(fileStore(address))
  const url = urlOf(address)
  if (scheme === 'file') return Promise.resolve(fileAt(url))
  if (scheme === 's3') return Promise.resolve(s3At(url))
  if (scheme === 'az') return Promise.resolve(azureAt(url))
  if (scheme === 'gs') return Promise.resolve(gcsAt(url))
  throw new StoreAddressError(
    'the address of a store is a path, or begins with file:///, s3://, az:// or gs://',
  )
}

/** The same address for a process that was started elsewhere. */
export function absoluteAddress(address: string): string {
  return SCHEME.test(address) || address === '' ? address : resolve(address)
}

/**
 * The directory in which a store at this address keeps its objects as plain files under their keys; undefined where it keeps them
 * otherwise.
 */
export function directoryOfStore(address: string): string | undefined {
  if (!SCHEME.test(address)) return resolve(address)
  const url = urlOf(address)
  if (url.protocol !== 'file:' || url.searchParams.has('versions')) return undefined
  return fileURLToPath(new URL(url.pathname, 'file:///'))
}

function fileAt(url: URL): ObjectStore {
  checkParameters(url, FILE_PARAMETERS)
  if (url.host !== '')
    throw new StoreAddressError('file:///path names a directory of this machine, with three slashes')
  const versions = url.searchParams.get('versions')
  if (versions !== null && versions !== 'keep')
    throw new StoreAddressError('versions of a directory can only be `keep`')
  return fileStore(fileURLToPath(new URL(url.pathname, 'file:///')), { keepsVersions: versions === 'keep' })
}

function s3At(url: URL): ObjectStore {
  checkParameters(url, S3_PARAMETERS)
  if (!BUCKET.test(url.host))
    throw new StoreAddressError('s3://bucket/prefix names a bucket in small letters')
  const [region, endpoint] = S3_PARAMETERS.map((name) => url.searchParams.get(name) || undefined)
  return s3Store({
    bucket: url.host,
    prefix: prefixOf(url.pathname),
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint: endpointOf(endpoint) }),
  })
}

function azureAt(url: URL): ObjectStore {
  checkParameters(url, ENDPOINT)
  const [container = '', ...prefix] = url.pathname.slice(1).split('/')
  if (!ACCOUNT.test(url.host) || !CONTAINER.test(container))
    throw new StoreAddressError(
      'az://account/container/prefix names an account and a container in small letters',
    )
  return azureStore({
    account: url.host,
    container,
    prefix: prefixOf(prefix.join('/')),
    ...secureEndpoint(url),
  })
}

function gcsAt(url: URL): ObjectStore {
  checkParameters(url, ENDPOINT)
  if (!BUCKET.test(url.host))
    throw new StoreAddressError('gs://bucket/prefix names a bucket in small letters')
  return gcsStore({ bucket: url.host, prefix: prefixOf(url.pathname), ...secureEndpoint(url) })
}

/** What authorizes a request is sent to these services as it is: never in the clear to another machine. */
function secureEndpoint(url: URL): { endpoint?: string } {
  const endpoint = url.searchParams.get('endpoint')
  if (!endpoint) return {}
  if (!isSafeToAsk(endpointOf(endpoint)))
    throw new StoreAddressError('endpoint needs https://, or http:// of this machine itself')
  return { endpoint }
}

function endpointOf(text: string): string {
  const url = URL.parse(text)
  const isTaken =
    url && ['http:', 'https:'].includes(url.protocol) && url.username === '' && url.search === ''
  if (!isTaken) throw new StoreAddressError('endpoint needs an address such as https://storage.example')
  return text
}

/** What every key begins with: nothing, or a path that ends with a slash. */
function prefixOf(path: string): string {
  const prefix = path.replace(/^\/|\/$/g, '')
  if (prefix === '') return ''
  try {
    checkPrefix(`${prefix}/`)
  } catch {
    throw new StoreAddressError('the prefix of a store needs segments of 1 to 200 letters, digits and -_.=')
  }
  return `${prefix}/`
}

function urlOf(address: string): URL {
  const url = URL.parse(address)
  if (!url) throw new StoreAddressError('the address of a store is not a URL that can be read')
  if (url.username !== '' || url.password !== '')
    throw new StoreAddressError('credentials of a store come from the environment, never from its address')
  return url
}

/** Refuses what nobody reads: a misspelt parameter would be a setting that is silently off. */
function checkParameters(url: URL, known: readonly string[]): void {
  const unknown = [...url.searchParams.keys()].find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new StoreAddressError(
      `the address of a ${url.protocol}// store takes after ? only ${known.join(', ')}`,
    )
}
