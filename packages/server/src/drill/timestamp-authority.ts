/** A timestamp authority (RFC 3161) of the drill's own: one self-signed certificate on P-256 that may do nothing but stamp. */
import { createECDH, createHash, createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { toBase64 } from '@deponent/format'
import type { Random } from '../platform/random.ts'
import { bits, der, flag, integer, octets, oid, sequence, set, small, text, time } from './der.ts'

const OID = {
  signedData: '1.2.840.113549.1.7.2',
  timestampInfo: '1.2.840.113549.1.9.16.1.4',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  sha256: '2.16.840.1.101.3.4.2.1',
  ecPublicKey: '1.2.840.10045.2.1',
  p256: '1.2.840.10045.3.1.7',
  ecdsaSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  /** Any policy will do: the drill has none. */
  policy: '1.3.6.1.4.1.32473.1',
} as const

const DAY_MS = 86_400_000
const VALID_FROM_MS = 0
const CURVE = 'prime256v1'
const SIGN_KEY_USAGE = Uint8Array.of(0x03, 0x02, 0x07, 0x80)

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()
const ECDSA = sequence(oid(OID.ecdsaSha256))
const SHA256 = sequence(oid(OID.sha256))

export class TimestampAuthority {
  /** Its certificate as PEM, for the trust file. */
  readonly root: string
  readonly #private: KeyObject
  readonly #certificate: Uint8Array
  readonly #name = sequence(set(sequence(oid(OID.commonName), text('the authority of the drill'))))
  readonly #serial: Uint8Array
  readonly #random: Random

  /** Its certificate is valid from the beginning of time until a hundred years after `now`, Unix ms. */
  constructor(random: Random, now: number) {
    this.#random = random
    this.#serial = this.#number()
    const { privateKey, point } = keyPair(random)
    this.#private = privateKey
    this.#certificate = this.#certify(point, now + 36_500 * DAY_MS)
    this.root = `-----BEGIN CERTIFICATE-----\n${toBase64(this.#certificate)}\n-----END CERTIFICATE-----\n`
  }

  /** The token that says `message` was seen at `atMs`, Unix ms in whole seconds. */
  stamp(message: Uint8Array, atMs: number): Uint8Array {
    const info = sequence(
      small(1),
      oid(OID.policy),
      sequence(SHA256, octets(sha256(message))),
      this.#number(),
      time(atMs),
    )
    const certificateId = sequence(sequence(sequence(octets(sha256(this.#certificate)))))
    const attributes = [
      sequence(oid(OID.contentType), set(oid(OID.timestampInfo))),
      sequence(oid(OID.messageDigest), set(octets(sha256(info)))),
      sequence(oid(OID.signingCertificateV2), set(certificateId)),
    ].toSorted(Buffer.compare)
    const signer = sequence(
      small(1),
      sequence(this.#name, this.#serial),
      SHA256,
      der(0xa0, ...attributes),
      ECDSA,
      octets(this.#sign(set(...attributes))),
    )
    const signed = sequence(
      small(3),
      set(SHA256),
      sequence(oid(OID.timestampInfo), der(0xa0, octets(info))),
      der(0xa0, this.#certificate),
      set(signer),
    )
    return sequence(oid(OID.signedData), der(0xa0, signed))
  }

  #certify(point: Uint8Array, untilMs: number): Uint8Array {
    const extensions = [
      sequence(oid(OID.keyUsage), flag(true), octets(SIGN_KEY_USAGE)),
      sequence(oid(OID.extendedKeyUsage), flag(true), octets(sequence(oid(OID.timeStamping)))),
    ]
    const signed = sequence(
      der(0xa0, small(2)),
      this.#serial,
      ECDSA,
      this.#name,
      sequence(time(VALID_FROM_MS), time(untilMs)),
      this.#name,
      sequence(sequence(oid(OID.ecPublicKey), oid(OID.p256)), bits(point)),
      der(0xa3, sequence(...extensions)),
    )
    return sequence(signed, ECDSA, bits(this.#sign(signed)))
  }

  #sign(bytes: Uint8Array): Uint8Array {
    return sign('sha256', bytes, this.#private)
  }

  #number(): Uint8Array {
    const bytes = this.#random.bytes(8)
    bytes[0] = (bytes[0]! & 0x3f) | 0x40
    return integer(bytes)
  }
}

/** A key on P-256. The first bit of its secret is left out, so that it is below the order of the curve. */
function keyPair(random: Random): { privateKey: KeyObject; point: Uint8Array } {
  const secret = random.bytes(32)
  secret[0]! &= 0x7f
  const exchange = createECDH(CURVE)
  exchange.setPrivateKey(secret)
  const point = exchange.getPublicKey()
  const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
  const key = {
    kty: 'EC',
    crv: 'P-256',
    d: base64url(secret),
    x: base64url(point.subarray(1, 33)),
    y: base64url(point.subarray(33)),
  }
  return { privateKey: createPrivateKey({ key, format: 'jwk' }), point }
}
