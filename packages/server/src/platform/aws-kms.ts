/**
 * A key management service that speaks the protocol of AWS KMS, by Amazon's own client. The client is loaded when it is first
 * used, so that whoever configures no such service neither loads it nor is looked up by it anywhere.
 */
import type * as Kms from '@aws-sdk/client-kms'
import { ExplainedError } from './explained-error.ts'

/** The service gave no key, for a reason somebody can act on. Nothing the service said is repeated: it names accounts and people. */
export class KeyServiceFailure extends ExplainedError {}

/** Encrypts and decrypts short secrets under a key that never leaves the service. All reject with KeyServiceFailure. */
export interface KeyService {
  /** Where it is, for people. */
  readonly place: string
  /** `key` is the full name (ARN) of the key that was used. */
  encrypt(
    keyId: string,
    secret: Uint8Array,
    context: Context,
  ): Promise<{ key: string; ciphertext: Uint8Array }>
  decrypt(keyId: string, ciphertext: Uint8Array, context: Context): Promise<Uint8Array>
}

/** What is bound to a ciphertext and must be said again to decrypt it. The service writes it to its own trail. */
export type Context = Readonly<Record<string, string>>

export interface KeyServiceSettings {
  /** Instead of the endpoint of the region. */
  readonly endpoint?: string
  /** Instead of the region in the key's ARN, or of the environment. */
  readonly region?: string
}

const CONNECT_MS = 5_000
const ANSWER_MS = 10_000
const ATTEMPTS = 4

/** What the service, or the way to it, says of a failure, in our words; the names are those of its documentation. */
const REASONS: Readonly<Record<string, string>> = {
  AccessDeniedException: 'denies it to the credentials in use',
  NotFoundException: 'knows no such key',
  DisabledException: 'says that the key is disabled',
  KMSInvalidStateException: 'says that the key cannot be used in its present state',
  KeyUnavailableException: 'says that the key is not available at the moment',
  IncorrectKeyException: 'says that this was encrypted under another key',
  InvalidCiphertextException: 'says that this is not what it encrypted, or not for this data directory',
  InvalidKeyUsageException: 'says that the key is not one that encrypts',
  InvalidGrantTokenException: 'does not take the grant',
  ThrottlingException: 'is asked too often',
  LimitExceededException: 'is asked too often',
  KMSInternalException: 'has a failure of its own',
  DependencyTimeoutException: 'has a failure of its own',
  UnrecognizedClientException: 'does not know the credentials in use',
  InvalidClientTokenId: 'does not know the credentials in use',
  InvalidSignatureException: 'does not accept the signature: wrong secret, or a clock that is wrong',
  SignatureDoesNotMatch: 'does not accept the signature: wrong secret, or a clock that is wrong',
  ExpiredTokenException: 'says that the credentials have expired',
  CredentialsProviderError:
    'cannot be asked: no credentials are configured (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, say)',
  TimeoutError: 'does not answer in time',
}

/** The service at an endpoint or in a region, with the credentials Amazon's client finds (environment, files, roles). */
export function awsKms({ endpoint, region }: KeyServiceSettings): KeyService {
  const place = endpoint ?? (region === undefined ? 'AWS KMS' : `AWS KMS in ${region}`)
  return new AwsKms(place, endpoint, region)
}

class AwsKms implements KeyService {
  readonly place: string
  readonly #endpoint: string | undefined
  readonly #region: string | undefined

  constructor(place: string, endpoint: string | undefined, region: string | undefined) {
    this.place = place
    this.#endpoint = endpoint
    this.#region = region
  }

  encrypt(
    keyId: string,
    secret: Uint8Array,
    context: Context,
  ): Promise<{ key: string; ciphertext: Uint8Array }> {
    return this.#asking(keyId, async (client, { EncryptCommand }) => {
      const command = new EncryptCommand({
        KeyId: keyId,
        Plaintext: secret,
        EncryptionContext: { ...context },
      })
      const { KeyId, CiphertextBlob } = await client.send(command)
      if (KeyId === undefined || !CiphertextBlob) throw this.#failed('gave an answer that says nothing')
      return { key: KeyId, ciphertext: CiphertextBlob }
    })
  }

  decrypt(keyId: string, ciphertext: Uint8Array, context: Context): Promise<Uint8Array> {
    return this.#asking(keyId, async (client, { DecryptCommand }) => {
      const command = new DecryptCommand({
        KeyId: keyId,
        CiphertextBlob: ciphertext,
        EncryptionContext: { ...context },
      })
      const { Plaintext } = await client.send(command)
      if (!Plaintext) throw this.#failed('gave an answer that says nothing')
      return Plaintext
    })
  }

  async #asking<T>(
    keyId: string,
    ask: (client: Kms.KMSClient, commands: typeof Kms) => Promise<T>,
  ): Promise<T> {
    const commands = await import('@aws-sdk/client-kms')
    const region = this.#region ?? regionOf(keyId)
    const client = new commands.KMSClient({
      ...(region !== undefined && { region }),
      ...(this.#endpoint !== undefined && { endpoint: this.#endpoint }),
      maxAttempts: ATTEMPTS,
      requestHandler: {
        connectionTimeout: CONNECT_MS,
        requestTimeout: ANSWER_MS,
        throwOnRequestTimeout: true,
      },
    })
    try {
      return await ask(client, commands)
    } catch (error) {
      throw error instanceof KeyServiceFailure ? error : this.#failed(reasonOf(error))
    } finally {
      client.destroy()
    }
  }

  #failed(reason: string): KeyServiceFailure {
    return new KeyServiceFailure(`the key management service (${this.place}) ${reason}`)
  }
}

/** The region a key is in, where its name says so. */
function regionOf(keyId: string): string | undefined {
  return /^arn:[^:]+:kms:([^:]+):/.exec(keyId)?.[1]
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'does not answer'
  const known = REASONS[error.name]
  if (known !== undefined) return known
  if (error.message === 'Region is missing')
    return 'cannot be asked: no region is configured (--kms-region, or AWS_REGION)'
  const code = 'code' in error ? String(error.code) : error.name
  return /^[A-Za-z_]{1,64}$/.test(code)
    ? `does not answer as expected: ${code}`
    : 'does not answer as expected'
}
