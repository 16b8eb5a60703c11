/**
 * RFC 3161 timestamps: an authority outside says that some bytes existed at a time. Everything needed is in
 * the token and in the roots its reader supplies. Revocation of the authority's certificate is not checked.
 */
import { equalBytes } from '../bytes.ts'
import { FormatError } from '../error.ts'
import { sha256 } from '../hash/sha256.ts'
import { parsePemCertificates, shownName } from '../timestamp/certificate.ts'
import type { Certificate } from '../timestamp/certificate.ts'
import { authorityFault, leadsToRoot } from '../timestamp/chain.ts'
import { OID } from '../timestamp/oid.ts'
import { digest, isSignature } from '../timestamp/signature.ts'
import { parseToken } from '../timestamp/token.ts'
import type { Token } from '../timestamp/token.ts'

/** What an authority states. */
export interface TimestampFacts {
  /** Its time, in Unix milliseconds. */
  readonly timeMs: number
  /** How far off it says that may be, in milliseconds; 0 when it says nothing. */
  readonly accuracyMs: number
  /** The name in its certificate, for people; 'unnamed' when the certificate is not along. */
  readonly authority: string
}

/**
 * The facts of a timestamp over `message`, verified. `token` is the DER of a TimeStampResp or of its token,
 * `roots` are PEM certificates. FormatError 'bad_timestamp' when it is malformed, of a kind this package
 * cannot check or its own signature does not hold, 'timestamp_mismatch' when it is about other bytes,
 * 'timestamp_untrusted' when no root vouches for its authority, 'bad_trust' when a root cannot be read.
 */
export function verifyTimestamp(
  token: Uint8Array,
  message: Uint8Array,
  roots: readonly string[],
): TimestampFacts {
  const believed = roots.flatMap(parsePemCertificates)
  return reading(() => {
    const { read, authority } = checkToken(token, message, believed)
    checkAuthority(read, authority, believed)
    return factsOf(read, authority)
  })
}

/**
 * The facts of a timestamp that is over `message` and signed by the certificate in it, whoever that is: all a
 * client without roots of its own can ask of an answer. Errors as of `verifyTimestamp`.
 */
export function checkTimestamp(token: Uint8Array, message: Uint8Array): TimestampFacts {
  return reading(() => {
    const { read, authority } = checkToken(token, message, [])
    return factsOf(read, authority)
  })
}

function checkToken(
  token: Uint8Array,
  message: Uint8Array,
  roots: readonly Certificate[],
): { read: Token; authority: Certificate } {
  const read = parseToken(token)
  checkImprint(read, message)
  const authority = authorityOf(read, roots)
  checkSignature(read, authority)
  return { read, authority }
}

/** The facts of a timestamp as it states them, unverified. FormatError 'bad_timestamp' when it cannot be read. */
export function readTimestamp(token: Uint8Array): TimestampFacts {
  return reading(() => {
    const read = parseToken(token)
    return factsOf(read, read.authority)
  })
}

function factsOf({ info }: Token, authority: Certificate | undefined): TimestampFacts {
  const name = authority === undefined ? 'unnamed' : shownName(authority.subject)
  return { timeMs: info.timeMs, accuracyMs: info.accuracyMs, authority: name }
}

function checkImprint({ info }: Token, message: Uint8Array): void {
  if (info.imprint.algorithm !== OID.sha256) throw badTimestamp('the imprint is not SHA-256')
  if (equalBytes(info.imprint.digest, sha256(message))) return
  throw new FormatError('timestamp_mismatch', 'the timestamp is of other bytes')
}

/** A token may leave its certificate out; a root that is the authority's own certificate then stands in. */
function authorityOf({ authority, signer }: Token, roots: readonly Certificate[]): Certificate {
  const { algorithm, digest: named } = signer.certificateDigest
  const certificate = authority ?? roots.find(({ der }) => equalBytes(digest(algorithm, der), named))
  if (certificate === undefined) throw untrusted('the certificate of the authority is not along')
  if (equalBytes(digest(algorithm, certificate.der), named)) return certificate
  throw badTimestamp('the signer meant another certificate')
}

function checkSignature({ signer, content }: Token, { key }: Certificate): void {
  if (signer.contentType !== OID.timestampInfo) throw badTimestamp('signed as something else')
  if (!equalBytes(signer.messageDigest, digest(signer.digest, content))) {
    throw badTimestamp('the content is not the signed one')
  }
  if (isSignature(key, signer.algorithm, signer.signedBytes, signer.signature)) return
  throw badTimestamp('the signature does not verify')
}

function checkAuthority(token: Token, authority: Certificate, roots: readonly Certificate[]): void {
  const fault = authorityFault(authority)
  if (fault !== undefined) throw untrusted(`the certificate of the authority has ${fault}`)
  const source = { offered: token.certificates, roots, atMs: token.info.timeMs }
  if (!leadsToRoot(authority, source)) throw untrusted('no chain leads from the authority to a given root')
}

function reading<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof FormatError) || error.code.startsWith('timestamp_')) throw error
    throw error.code === 'bad_timestamp' ? error : badTimestamp(error.message)
  }
}

function badTimestamp(message: string): FormatError {
  return new FormatError('bad_timestamp', message)
}

function untrusted(message: string): FormatError {
  return new FormatError('timestamp_untrusted', message)
}
