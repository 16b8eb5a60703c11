/** RFC 3161 replies and the CMS SignedData (RFC 5652) in them, taken apart but not checked. */
import { equalBytes } from '../bytes.ts'
import { FormatError } from '../error.ts'
import { parseCertificate } from './certificate.ts'
import type { Certificate } from './certificate.ts'
import {
  badDer,
  booleanOf,
  contextTag,
  DerReader,
  integerBytes,
  oidOf,
  primitiveContextTag,
  smallInteger,
  TAG,
} from './der.ts'
import type { DerValue } from './der.ts'
import { OID } from './oid.ts'
import { algorithmOf, digestOf, signatureAlgorithm } from './signature.ts'
import type { DigestOid, SignatureAlgorithm } from './signature.ts'
import { generalizedTime } from './time.ts'

/** Longest token read, in bytes. */
export const TIMESTAMP_BYTES_MAX = 65_536

const CERTIFICATES_MAX = 16
const ATTRIBUTES_MAX = 32
const REVOCATION_LISTS_MAX = 16
const STATUS_GRANTED_WITH_MODS = 1
const VERSION_TIMESTAMP_INFO = 1

/** What an authority stated (TSTInfo). */
export interface TimestampInfo {
  /** Digest of what was stamped, and with which algorithm. */
  readonly imprint: { readonly algorithm: string; readonly digest: Uint8Array }
  /** genTime in whole Unix milliseconds. */
  readonly timeMs: number
  /** How far off the time may be, as stated; rounded up, 0 when nothing is stated. */
  readonly accuracyMs: number
}

/** The one signer of a token. */
export interface TokenSigner {
  readonly digest: DigestOid
  readonly algorithm: SignatureAlgorithm
  readonly signature: Uint8Array
  /** The signed attributes as they are hashed: as a SET. */
  readonly signedBytes: Uint8Array
  readonly contentType: string
  readonly messageDigest: Uint8Array
  /** The certificate the signer says it used (RFC 5035). */
  readonly certificateDigest: { readonly algorithm: DigestOid | typeof OID.sha1; readonly digest: Uint8Array }
}

/** A token taken apart. `content` is the DER of `info`, which is what the signer digested. */
export interface Token {
  readonly info: TimestampInfo
  readonly content: Uint8Array
  readonly certificates: readonly Certificate[]
  readonly signer: TokenSigner
  /** The certificate the token names by issuer and serial or by key identifier; undefined when it is not along. */
  readonly authority: Certificate | undefined
}

/** A TimeStampResp that was granted, or a bare TimeStampToken. */
export function parseToken(bytes: Uint8Array): Token {
  if (bytes.length > TIMESTAMP_BYTES_MAX) throw badDer(`longer than ${TIMESTAMP_BYTES_MAX} bytes`)
  const reader = new DerReader(DerReader.only(bytes, TAG.sequence).content)
  const first = reader.next()
  if (first.tag === TAG.oid) return parseContentInfo(first, reader)
  checkStatus(first)
  const token = new DerReader(reader.next(TAG.sequence).content)
  reader.end()
  return parseContentInfo(token.next(TAG.oid), token)
}

function checkStatus(value: DerValue): void {
  if (value.tag !== TAG.sequence) throw badDer('neither a timestamp reply nor a token')
  const status = smallInteger(new DerReader(value.content).next(TAG.integer))
  if (status > STATUS_GRANTED_WITH_MODS) throw badDer(`the authority refused with status ${status}`)
}

function parseContentInfo(type: DerValue, reader: DerReader): Token {
  if (oidOf(type) !== OID.signedData) throw badDer('not signed data')
  const content = reader.next(contextTag(0)).content
  reader.end()
  return parseSignedData(new DerReader(DerReader.only(content, TAG.sequence).content))
}

function parseSignedData(reader: DerReader): Token {
  smallInteger(reader.next(TAG.integer))
  reader.enter(TAG.set).rest(CERTIFICATES_MAX, TAG.sequence)
  const content = encapsulated(reader.enter(TAG.sequence))
  const certificateSet = reader.optional(contextTag(0))
  const revocations = reader.optional(contextTag(1))
  if (revocations) new DerReader(revocations.content).rest(REVOCATION_LISTS_MAX)
  const signers = reader.enter(TAG.set)
  const signerInfo = signers.next(TAG.sequence)
  if (!signers.isAtEnd) throw badDer('more than one signer')
  reader.end()
  const certificates = certificatesOf(certificateSet)
  const { signer, isNamed } = parseSignerInfo(new DerReader(signerInfo.content))
  return { info: parseInfo(content), content, certificates, signer, authority: certificates.find(isNamed) }
}

function encapsulated(reader: DerReader): Uint8Array {
  if (oidOf(reader.next(TAG.oid)) !== OID.timestampInfo) throw badDer('the signed content is no timestamp')
  const wrapped = reader.next(contextTag(0))
  reader.end()
  return DerReader.only(wrapped.content, TAG.octetString).content
}

/** The certificates that came along and can be read; others may be for readers with other tastes. */
function certificatesOf(set: DerValue | undefined): Certificate[] {
  if (set === undefined) return []
  return new DerReader(set.content).rest(CERTIFICATES_MAX).flatMap(({ whole }) => {
    try {
      return [parseCertificate(whole)]
    } catch (error) {
      if (error instanceof FormatError) return []
      throw error
    }
  })
}

function parseSignerInfo(reader: DerReader): {
  signer: TokenSigner
  isNamed: (certificate: Certificate) => boolean
} {
  smallInteger(reader.next(TAG.integer))
  const isNamed = signerName(reader.next())
  const digest = digestOf(reader.next(TAG.sequence))
  const attributes = reader.next(contextTag(0))
  const algorithm = signatureAlgorithm(reader.next(TAG.sequence), digest)
  if (algorithm.digest !== digest) throw badDer('two different digests under one signature')
  const signature = reader.next(TAG.octetString).content
  reader.optional(contextTag(1))
  reader.end()
  const signedBytes = attributes.whole.slice()
  signedBytes[0] = TAG.set
  return { signer: { digest, algorithm, signature, signedBytes, ...readAttributes(attributes) }, isNamed }
}

function signerName(sid: DerValue): (certificate: Certificate) => boolean {
  if (sid.tag === primitiveContextTag(0)) {
    return ({ subjectKeyId }) => subjectKeyId !== undefined && equalBytes(subjectKeyId, sid.content)
  }
  if (sid.tag !== TAG.sequence) throw badDer('a signer without a name')
  const reader = new DerReader(sid.content)
  const issuer = reader.next(TAG.sequence).whole
  const serial = integerBytes(reader.next(TAG.integer))
  reader.end()
  return (certificate) => equalBytes(certificate.issuer, issuer) && equalBytes(certificate.serial, serial)
}

function readAttributes(
  list: DerValue,
): Pick<TokenSigner, 'contentType' | 'messageDigest' | 'certificateDigest'> {
  const attributes = new Map<string, DerValue>()
  for (const item of new DerReader(list.content).rest(ATTRIBUTES_MAX, TAG.sequence)) {
    const reader = new DerReader(item.content)
    const oid = oidOf(reader.next(TAG.oid))
    const values = reader.enter(TAG.set)
    reader.end()
    const value = values.next()
    values.end()
    if (attributes.has(oid)) throw badDer('a signed attribute that is given twice')
    attributes.set(oid, value)
  }
  const contentType = attributes.get(OID.contentType)
  const messageDigest = attributes.get(OID.messageDigest)
  if (contentType?.tag !== TAG.oid || messageDigest?.tag !== TAG.octetString) {
    throw badDer('no signed content type or no signed digest')
  }
  return {
    contentType: oidOf(contentType),
    messageDigest: messageDigest.content,
    certificateDigest: certificateDigestOf(attributes),
  }
}

/** ESSCertIDv2, else the older ESSCertID, whose digest is SHA-1 by definition. */
function certificateDigestOf(attributes: ReadonlyMap<string, DerValue>): TokenSigner['certificateDigest'] {
  const newer = attributes.get(OID.signingCertificateV2)
  const value = newer ?? attributes.get(OID.signingCertificate)
  if (value?.tag !== TAG.sequence) throw badDer('no signed statement of which certificate was used')
  const ids = new DerReader(value.content).enter(TAG.sequence)
  const id = ids.enter(TAG.sequence)
  const named = newer && id.optional(TAG.sequence)
  const algorithm = newer ? (named ? digestOf(named) : OID.sha256) : OID.sha1
  return { algorithm, digest: id.next(TAG.octetString).content }
}

function parseInfo(content: Uint8Array): TimestampInfo {
  const reader = new DerReader(DerReader.only(content, TAG.sequence).content)
  if (smallInteger(reader.next(TAG.integer)) !== VERSION_TIMESTAMP_INFO)
    throw badDer('another version than 1')
  oidOf(reader.next(TAG.oid))
  const imprintReader = reader.enter(TAG.sequence)
  const imprint = {
    algorithm: algorithmOf(imprintReader.next(TAG.sequence)),
    digest: imprintReader.next(TAG.octetString).content,
  }
  imprintReader.end()
  integerBytes(reader.next(TAG.integer))
  const time = generalizedTime(reader.next())
  const accuracyMs = accuracyOf(reader.optional(TAG.sequence)) + (time.isCut ? 1 : 0)
  const ordering = reader.optional(TAG.boolean)
  if (ordering) booleanOf(ordering)
  reader.optional(TAG.integer)
  reader.optional(contextTag(0))
  // Extensions of the statement itself are not defined for anything we rely on; a critical one may limit it.
  if (reader.optional(contextTag(1))) throw badDer('a timestamp with extensions')
  reader.end()
  return { imprint, timeMs: time.ms, accuracyMs }
}

function accuracyOf(value: DerValue | undefined): number {
  if (value === undefined) return 0
  const reader = new DerReader(value.content)
  const seconds = reader.optional(TAG.integer)
  const millis = reader.optional(primitiveContextTag(0))
  const micros = reader.optional(primitiveContextTag(1))
  reader.end()
  const [s, ms, us] = [seconds, millis, micros].map((part) => (part ? smallInteger(part) : 0))
  return s! * 1000 + ms! + Math.ceil(us! / 1000)
}
