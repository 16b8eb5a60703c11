/** A certificate and its key, in two PEM files that somebody renews while the server runs. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { Clock } from './clock.ts'
import { errorCode } from './disk.ts'

/** Why a certificate or a key cannot be used; the words name the file and nothing that is in it. */
export class TlsFileError extends Error {}

export interface TlsPaths {
  readonly certificate: string
  readonly key: string
}

/** TLS 1.2 with forward secrecy and authenticated encryption, or TLS 1.3. Which of them is for the client: it knows what it does fast. */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')

interface Pair {
  readonly certificate: string
  readonly key: string
}

export class TlsFiles {
  readonly #paths: TlsPaths
  readonly #clock: Clock
  #used: Pair
  #refused: Pair | undefined

  private constructor(paths: TlsPaths, clock: Clock, pair: Pair) {
    this.#paths = paths
    this.#clock = clock
    this.#used = pair
  }

  /** @throws TlsFileError when the two cannot be used. */
  static async open(paths: TlsPaths, clock: Clock): Promise<TlsFiles> {
    const pair = await readPair(paths)
    mustBeUsable(paths, pair, clock.now())
    return new TlsFiles(paths, clock, pair)
  }

  /** What a TLS server is to be opened with. */
  get context(): SecureContextOptions {
    return contextOf(this.#used)
  }

  /**
   * Reads the files again; true when they hold another usable pair, which is the one used from now on. A pair that cannot be used
   * (the key may be replaced a moment after the certificate) leaves everything as it is.
   * @throws TlsFileError, once for each pair that cannot be used.
   */
  async refresh(): Promise<boolean> {
    const pair = await readPair(this.#paths)
    if (isSame(pair, this.#used) || isSame(pair, this.#refused)) return false
    try {
      mustBeUsable(this.#paths, pair, this.#clock.now())
    } catch (error) {
      this.#refused = pair
      throw error
    }
    this.#used = pair
    this.#refused = undefined
    return true
  }
}

function isSame(one: Pair, other: Pair | undefined): boolean {
  return one.certificate === other?.certificate && one.key === other.key
}

function contextOf({ certificate, key }: Pair): SecureContextOptions {
  return { cert: certificate, key, minVersion: 'TLSv1.2', ciphers: CIPHERS }
}

async function readPair({ certificate, key }: TlsPaths): Promise<Pair> {
  return { certificate: await readText(certificate), key: await readText(key) }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new TlsFileError(`${path} cannot be read (${errorCode(error)})`)
  }
}

function mustBeUsable(paths: TlsPaths, pair: Pair, now: number): void {
  const certificate = certificateOf(paths.certificate, pair.certificate)
  if (Date.parse(certificate.validTo) <= now)
    throw new TlsFileError(`${paths.certificate}: the certificate expired on ${certificate.validTo}`)
  if (Date.parse(certificate.validFrom) > now)
    throw new TlsFileError(
      `${paths.certificate}: the certificate is valid from ${certificate.validFrom}, not yet`,
    )
  const key = keyOf(paths.key, pair.key)
  if (!certificate.checkPrivateKey(key)) {
    throw new TlsFileError(`${paths.key} is not the key of the first certificate in ${paths.certificate}`)
  }
  try {
    createSecureContext(contextOf(pair))
  } catch (error) {
    throw new TlsFileError(`${paths.certificate}: OpenSSL refuses this pair (${errorCode(error)})`)
  }
}

function certificateOf(path: string, pem: string): X509Certificate {
  if (!pem.includes('-----BEGIN CERTIFICATE-----'))
    throw new TlsFileError(`${path} holds no certificate in PEM (-----BEGIN CERTIFICATE-----)`)
  try {
    return new X509Certificate(pem)
  } catch {
    throw new TlsFileError(`${path}: the first certificate is damaged`)
  }
}

function keyOf(path: string, pem: string): KeyObject {
  if (/-----BEGIN ENCRYPTED |^Proc-Type:.*ENCRYPTED/m.test(pem)) {
    throw new TlsFileError(
      `${path}: the key is encrypted, and nobody is there to type its passphrase; give one without (openssl pkey)`,
    )
  }
  if (!/-----BEGIN (?:\w+ )?PRIVATE KEY-----/.test(pem))
    throw new TlsFileError(`${path} holds no private key in PEM (-----BEGIN PRIVATE KEY-----)`)
  try {
    return createPrivateKey(pem)
  } catch {
    throw new TlsFileError(`${path}: the private key is damaged`)
  }
}
