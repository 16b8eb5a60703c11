/** X.509 certificates (RFC 5280), as far as the chain of a timestamp authority needs them. */
import { fromBase64, fromUtf8 } from '../bytes.ts'
import { FormatError } from '../error.ts'
import {
  badDer,
  bitStringBytes,
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
import { parsePublicKey, signatureAlgorithm } from './signature.ts'
import type { PublicKey, SignatureAlgorithm } from './signature.ts'
import { timeOf } from './time.ts'

const EXTENSIONS_MAX = 64
const NAME_PARTS_MAX = 64
const PURPOSES_MAX = 32
const NAME_SHOWN_MAX = 200
const KEY_USAGE = { digitalSignature: 0x80, nonRepudiation: 0x40, keyCertSign: 0x04 } as const

/** A certificate, taken apart; nothing about it is believed yet. */
export interface Certificate {
  /** All of its bytes. */
  readonly der: Uint8Array
  /** What its issuer signed. */
  readonly signed: Uint8Array
  readonly algorithm: SignatureAlgorithm
  readonly signature: Uint8Array
  readonly serial: Uint8Array
  /** Names as DER: equal names have equal bytes here. */
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  readonly notBeforeMs: number
  readonly notAfterMs: number
  readonly key: PublicKey
  readonly isAuthority: boolean
  /** How many authorities may stand between this one and the last; undefined for any number. */
  readonly pathLength?: number
  readonly maySign: boolean
  readonly mayIssue: boolean
  /** Extended key usages; undefined when the certificate names none. */
  readonly purposes?: { readonly critical: boolean; readonly oids: readonly string[] }
  readonly subjectKeyId?: Uint8Array
}

interface Extension {
  readonly critical: boolean
  readonly value: Uint8Array
}

/** Takes a certificate apart; FormatError 'bad_der' for what is malformed or has an unknown critical extension. */
export function parseCertificate(der: Uint8Array): Certificate {
  const outer = new DerReader(DerReader.only(der, TAG.sequence).content)
  const signed = outer.next(TAG.sequence)
  const algorithm = signatureAlgorithm(outer.next(TAG.sequence))
  const signature = bitStringBytes(outer.next(TAG.bitString))
  outer.end()
  return { der, signed: signed.whole, algorithm, signature, ...parseSigned(new DerReader(signed.content)) }
}

function parseSigned(reader: DerReader): Omit<Certificate, 'der' | 'signed' | 'algorithm' | 'signature'> {
  const version = reader.optional(contextTag(0))
  if (version !== undefined) smallInteger(DerReader.only(version.content, TAG.integer))
  const serial = integerBytes(reader.next(TAG.integer))
  reader.next(TAG.sequence)
  const issuer = reader.next(TAG.sequence).whole
  const validity = reader.enter(TAG.sequence)
  const notBeforeMs = timeOf(validity.next()).ms
  const notAfterMs = timeOf(validity.next()).ms
  validity.end()
  const subject = reader.next(TAG.sequence).whole
  const key = parsePublicKey(reader.next(TAG.sequence))
  reader.optional(primitiveContextTag(1))
  reader.optional(primitiveContextTag(2))
  const extensions = readExtensions(reader.optional(contextTag(3)))
  reader.end()
  return { serial, issuer, subject, notBeforeMs, notAfterMs, key, ...parseExtensions(extensions) }
}

/** Extensions this reader interprets, or that limit nothing it relies on. */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  OID.basicConstraints,
  OID.keyUsage,
  OID.extendedKeyUsage,
  OID.subjectKeyId,
  OID.certificatePolicies,
])

function readExtensions(list: DerValue | undefined): Map<string, Extension> {
  const extensions = new Map<string, Extension>()
  if (list === undefined) return extensions
  const items = new DerReader(DerReader.only(list.content, TAG.sequence).content)
  for (const item of items.rest(EXTENSIONS_MAX, TAG.sequence)) {
    const reader = new DerReader(item.content)
    const oid = oidOf(reader.next(TAG.oid))
    const flag = reader.optional(TAG.boolean)
    const critical = flag !== undefined && booleanOf(flag)
    const value = reader.next(TAG.octetString).content
    reader.end()
    if (extensions.has(oid)) throw badDer('an extension that is given twice')
    if (critical && !UNDERSTOOD.has(oid)) throw badDer('a critical extension that is not understood')
    extensions.set(oid, { critical, value })
  }
  return extensions
}

function parseExtensions(extensions: ReadonlyMap<string, Extension>) {
  const usage = keyUsageOf(extensions.get(OID.keyUsage))
  const keyId = extensions.get(OID.subjectKeyId)
  const purposes = purposesOf(extensions.get(OID.extendedKeyUsage))
  return {
    ...constraintsOf(extensions.get(OID.basicConstraints)),
    maySign: (usage & (KEY_USAGE.digitalSignature | KEY_USAGE.nonRepudiation)) !== 0,
    mayIssue: (usage & KEY_USAGE.keyCertSign) !== 0,
    ...(purposes && { purposes }),
    ...(keyId && { subjectKeyId: DerReader.only(keyId.value, TAG.octetString).content }),
  }
}

function constraintsOf(extension: Extension | undefined): { isAuthority: boolean; pathLength?: number } {
  if (extension === undefined) return { isAuthority: false }
  const reader = new DerReader(DerReader.only(extension.value, TAG.sequence).content)
  const flag = reader.optional(TAG.boolean)
  const length = reader.optional(TAG.integer)
  reader.end()
  const isAuthority = flag !== undefined && booleanOf(flag)
  return length === undefined ? { isAuthority } : { isAuthority, pathLength: smallInteger(length) }
}

/** The first eight usage bits; a certificate without the extension may do everything. */
function keyUsageOf(extension: Extension | undefined): number {
  if (extension === undefined) return 0xff
  const { content } = DerReader.only(extension.value, TAG.bitString)
  return content[1] ?? 0
}

function purposesOf(extension: Extension | undefined): Certificate['purposes'] {
  if (extension === undefined) return undefined
  const list = new DerReader(DerReader.only(extension.value, TAG.sequence).content)
  return { critical: extension.critical, oids: list.rest(PURPOSES_MAX, TAG.oid).map(oidOf) }
}

/** The common name, else the organization, of a subject, fit to be shown; 'unnamed' when it has neither. */
export function shownName(name: Uint8Array): string {
  const parts = new Map<string, string>()
  for (const set of new DerReader(DerReader.only(name, TAG.sequence).content).rest(NAME_PARTS_MAX, TAG.set)) {
    for (const pair of new DerReader(set.content).rest(NAME_PARTS_MAX, TAG.sequence)) {
      const reader = new DerReader(pair.content)
      const oid = oidOf(reader.next(TAG.oid))
      const { tag, content } = reader.next()
      if (tag === TAG.utf8String || tag === TAG.printableString) parts.set(oid, fromUtf8(content))
    }
  }
  const text = parts.get(OID.commonName) ?? parts.get(OID.organization) ?? 'unnamed'
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ').slice(0, NAME_SHOWN_MAX)
}

const PEM = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----/g

/** The certificates of PEM text, at least one; FormatError 'bad_trust' for what cannot be read. */
export function parsePemCertificates(pem: string): Certificate[] {
  const blocks = [...pem.matchAll(PEM)]
  if (blocks.length === 0) throw badRoot('a timestamp root is not a PEM certificate')
  try {
    return blocks.map(([, base64 = '']) => parseCertificate(fromBase64(base64.replaceAll(/\s/g, ''))))
  } catch (error) {
    if (error instanceof FormatError) throw badRoot(`a timestamp root cannot be read: ${error.message}`)
    throw error
  }
}

function badRoot(message: string): FormatError {
  return new FormatError('bad_trust', message)
}
