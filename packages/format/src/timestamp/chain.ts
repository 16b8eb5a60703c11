/**
 * Whether certificates lead from a timestamp authority to a root that is believed (RFC 5280 §6, as far as an
 * authority needs it: signatures, names, validity at one moment, authority and path length, key usages).
 * Revocation is not looked at: nothing here has a network.
 */
import { equalBytes } from '../bytes.ts'
import type { Certificate } from './certificate.ts'
import { OID } from './oid.ts'
import { isSignature } from './signature.ts'

const CHAIN_LENGTH_MAX = 6
/** Signatures tried for one question; a set of certificates that all name each other stops here. */
const TRIES_MAX = 32

/** What a chain is built from: certificates that came along, and those believed beforehand. */
export interface ChainSource {
  readonly offered: readonly Certificate[]
  readonly roots: readonly Certificate[]
  /** The moment at which every certificate must be valid, in Unix milliseconds. */
  readonly atMs: number
}

/** Why a certificate may not be an authority for timestamps (RFC 3161 §2.3); undefined when it may. */
export function authorityFault(certificate: Certificate): string | undefined {
  const { purposes, maySign } = certificate
  if (purposes === undefined || !purposes.critical) return 'no critical extended key usage'
  if (purposes.oids.length !== 1 || purposes.oids[0] !== OID.timeStamping) {
    return 'an extended key usage other than timestamping alone'
  }
  return maySign ? undefined : 'a key usage that does not allow signing'
}

/** Whether a chain leads from the authority's certificate to a root. A root may be that certificate itself. */
export function leadsToRoot(authority: Certificate, source: ChainSource): boolean {
  if (!isValidAt(authority, source.atMs)) return false
  if (source.roots.some((root) => equalBytes(root.der, authority.der))) return true
  return climb([authority], source, { left: TRIES_MAX })
}

function climb(chain: readonly Certificate[], source: ChainSource, tries: { left: number }): boolean {
  const last = chain.at(-1)!
  const below = chain.length - 1
  if (
    source.roots.some((root) => mayHaveIssued(root, last, below, source.atMs) && issued(root, last, tries))
  ) {
    return true
  }
  if (chain.length >= CHAIN_LENGTH_MAX) return false
  return source.offered.some(
    (issuer) =>
      !chain.includes(issuer) &&
      mayHaveIssued(issuer, last, below, source.atMs) &&
      servesTimestamps(issuer) &&
      issued(issuer, last, tries) &&
      climb([...chain, issuer], source, tries),
  )
}

/** `below` counts the authorities between the issuer and the end of the chain. */
function mayHaveIssued(issuer: Certificate, subject: Certificate, below: number, atMs: number): boolean {
  return (
    equalBytes(issuer.subject, subject.issuer) &&
    issuer.isAuthority &&
    issuer.mayIssue &&
    below <= (issuer.pathLength ?? Number.POSITIVE_INFINITY) &&
    isValidAt(issuer, atMs)
  )
}

function servesTimestamps({ purposes }: Certificate): boolean {
  return (
    purposes === undefined ||
    purposes.oids.some((oid) => oid === OID.timeStamping || oid === OID.anyExtendedKeyUsage)
  )
}

function issued(issuer: Certificate, subject: Certificate, tries: { left: number }): boolean {
  tries.left -= 1
  return tries.left >= 0 && isSignature(issuer.key, subject.algorithm, subject.signed, subject.signature)
}

function isValidAt({ notBeforeMs, notAfterMs }: Certificate, ms: number): boolean {
  return notBeforeMs <= ms && ms < notAfterMs + 1000
}
