/**
 * Signatures found on timestamps and certificates: ECDSA on P-256 and P-384, RSA PKCS#1 v1.5 (RFC 8017
 * §8.2.2) with 2,048 to 4,096 bits, each over SHA-256, SHA-384 or SHA-512.
 */
import { p256, p384 } from '@noble/curves/nist.js'
import { sha1 } from '@noble/hashes/legacy.js'
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import { concatBytes, equalBytes, fromHex, toHex } from '../bytes.ts'
import { badDer, bitStringBytes, DerReader, integerBytes, oidOf, TAG } from './der.ts'
import type { DerValue } from './der.ts'
import { OID } from './oid.ts'

/** A public key of a certificate. */
export type PublicKey =
  | { readonly kind: 'p256' | 'p384'; readonly point: Uint8Array }
  | { readonly kind: 'rsa'; readonly modulus: bigint; readonly exponent: bigint; readonly bytes: number }

const RSA_BITS_MIN = 2048
const RSA_BITS_MAX = 4096
const RSA_EXPONENT_BYTES_MAX = 4

/** Digests a signature may be over, with the DigestInfo prefix of RFC 8017 §9.2. */
const DIGESTS = {
  [OID.sha256]: { hash: sha256, prefix: fromHex('3031300d060960864801650304020105000420') },
  [OID.sha384]: { hash: sha384, prefix: fromHex('3041300d060960864801650304020205000430') },
  [OID.sha512]: { hash: sha512, prefix: fromHex('3051300d060960864801650304020305000440') },
} as const

/** A digest accepted under signatures. */
export type DigestOid = keyof typeof DIGESTS

const SIGNATURE_DIGESTS: Readonly<Record<string, { kind: 'rsa' | 'ec'; digest: DigestOid }>> = {
  [OID.rsaSha256]: { kind: 'rsa', digest: OID.sha256 },
  [OID.rsaSha384]: { kind: 'rsa', digest: OID.sha384 },
  [OID.rsaSha512]: { kind: 'rsa', digest: OID.sha512 },
  [OID.ecdsaSha256]: { kind: 'ec', digest: OID.sha256 },
  [OID.ecdsaSha384]: { kind: 'ec', digest: OID.sha384 },
  [OID.ecdsaSha512]: { kind: 'ec', digest: OID.sha512 },
}

/** How a signature was made. */
export interface SignatureAlgorithm {
  readonly kind: 'rsa' | 'ec'
  readonly digest: DigestOid
}

/** The first identifier of an AlgorithmIdentifier; its parameters are absent or NULL. */
export function algorithmOf(value: DerValue): string {
  const reader = new DerReader(value.content)
  const oid = oidOf(reader.next(TAG.oid))
  const nothing = reader.optional(TAG.null)
  if (nothing !== undefined && nothing.content.length > 0)
    throw badDer('malformed parameters of an algorithm')
  reader.end()
  return oid
}

/** The digest an AlgorithmIdentifier names; SHA-1 and whatever else is not listed is refused. */
export function digestOf(value: DerValue): DigestOid {
  const oid = algorithmOf(value)
  if (!isDigest(oid)) throw badDer('a digest other than SHA-256, SHA-384 and SHA-512')
  return oid
}

function isDigest(oid: string): oid is DigestOid {
  return Object.hasOwn(DIGESTS, oid)
}

/** The algorithm of a signature. CMS may name the key type alone; the digest is then the one given beside it. */
export function signatureAlgorithm(value: DerValue, besides?: DigestOid): SignatureAlgorithm {
  const oid = algorithmOf(value)
  if (oid === OID.rsa && besides !== undefined) return { kind: 'rsa', digest: besides }
  const known = Object.hasOwn(SIGNATURE_DIGESTS, oid) ? SIGNATURE_DIGESTS[oid] : undefined
  if (known === undefined) throw badDer('a signature algorithm that is not supported')
  return known
}

/** The bytes' digest. */
export function digest(oid: DigestOid | typeof OID.sha1, bytes: Uint8Array): Uint8Array {
  return oid === OID.sha1 ? sha1(bytes) : DIGESTS[oid].hash(bytes)
}

/** The key of a SubjectPublicKeyInfo. */
export function parsePublicKey(spki: DerValue): PublicKey {
  const reader = new DerReader(spki.content)
  const algorithm = reader.enter(TAG.sequence)
  const key = bitStringBytes(reader.next(TAG.bitString))
  reader.end()
  const kind = oidOf(algorithm.next(TAG.oid))
  if (kind === OID.ecPublicKey) return parsePoint(algorithm, key)
  if (kind !== OID.rsa) throw badDer('a key that is neither RSA nor on P-256 or P-384')
  algorithm.next(TAG.null)
  algorithm.end()
  return parseRsaKey(key)
}

function parsePoint(parameters: DerReader, point: Uint8Array): PublicKey {
  const curve = oidOf(parameters.next(TAG.oid))
  parameters.end()
  if (curve === OID.p256) return { kind: 'p256', point }
  if (curve === OID.p384) return { kind: 'p384', point }
  throw badDer('a curve other than P-256 and P-384')
}

function parseRsaKey(bytes: Uint8Array): PublicKey {
  const reader = new DerReader(DerReader.only(bytes, TAG.sequence).content)
  const modulus = positiveInteger(reader.next(TAG.integer))
  const exponentValue = reader.next(TAG.integer)
  reader.end()
  if (exponentValue.content.length > RSA_EXPONENT_BYTES_MAX) throw badDer('an excessive RSA exponent')
  const exponent = positiveInteger(exponentValue)
  const bits = modulus.toString(2).length
  if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX) throw badDer('an RSA key outside 2,048 to 4,096 bits')
  if (exponent < 3n || exponent % 2n === 0n) throw badDer('a malformed RSA exponent')
  return { kind: 'rsa', modulus, exponent, bytes: Math.ceil(bits / 8) }
}

function positiveInteger(value: DerValue): bigint {
  const bytes = integerBytes(value)
  if (bytes.length > RSA_BITS_MAX / 8 + 1) throw badDer('an excessive integer')
  if (bytes[0]! >= 0x80) throw badDer('a negative integer')
  return bigintOf(bytes)
}

function bigintOf(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`)
}

/** Whether the key signed the message this way. Anything malformed is `false`. */
export function isSignature(
  key: PublicKey,
  algorithm: SignatureAlgorithm,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const hashed = digest(algorithm.digest, message)
  if (key.kind === 'rsa') {
    return algorithm.kind === 'rsa' && isRsaSignature(key, algorithm.digest, hashed, signature)
  }
  const curve = key.kind === 'p256' ? p256 : p384
  try {
    const options = { prehash: false, lowS: false, format: 'der' } as const
    return algorithm.kind === 'ec' && curve.verify(signature, hashed, key.point, options)
  } catch {
    return false
  }
}

/** The padding is built and compared as a whole: parsing it is how forgeries got through elsewhere. */
function isRsaSignature(
  key: Extract<PublicKey, { kind: 'rsa' }>,
  oid: DigestOid,
  hashed: Uint8Array,
  signature: Uint8Array,
): boolean {
  const value = bigintOf(signature)
  if (signature.length !== key.bytes || value >= key.modulus) return false
  const info = concatBytes(DIGESTS[oid].prefix, hashed)
  const padding = new Uint8Array(key.bytes - info.length - 3).fill(0xff)
  const expected = concatBytes(Uint8Array.of(0, 1), padding, Uint8Array.of(0), info)
  const found = power(value, key.exponent, key.modulus)
    .toString(16)
    .padStart(2 * key.bytes, '0')
  return equalBytes(fromHex(found), expected)
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  let square = base % modulus
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}
