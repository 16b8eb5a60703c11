/*
 * HPKE (RFC 9180) in base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-128-GCM, for one message: seals to a public key what
 * only the holder of its secret opens. Whoever seals needs no secret, and cannot open what it sealed once it forgot `ephemeral`.
 */
import { x25519 } from '@noble/curves/ed25519.js'
import { expand, extract } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, utf8 } from './bytes.ts'
import { FormatError } from './error.ts'

const VERSION = utf8('HPKE-v1')
const KEM_SUITE = new Uint8Array([...utf8('KEM'), 0x00, 0x20])
const SUITE = new Uint8Array([...utf8('HPKE'), 0x00, 0x20, 0x00, 0x01, 0x00, 0x01])
const NOTHING = new Uint8Array(0)
const MODE_BASE = new Uint8Array([0])

/** Bytes of a key, public or secret, and of what a sender encapsulates. */
export const SEALING_KEY_BYTES = 32

/** What AES-128-GCM is given: the key of 16 bytes and the nonce of 12 for the one message. */
export interface MessageKey {
  readonly key: Uint8Array<ArrayBuffer>
  readonly nonce: Uint8Array<ArrayBuffer>
}

/** The public key of a secret one, 32 bytes each. */
export function sealingPublicKey(secret: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(x25519.getPublicKey(secret))
}

/** For the sender: `ephemeral` is 32 random bytes, drawn for this message and forgotten; `enc` goes with the message. */
export function messageKeyTo(
  recipient: Uint8Array,
  ephemeral: Uint8Array,
  info: Uint8Array,
): MessageKey & { readonly enc: Uint8Array<ArrayBuffer> } {
  const enc = sealingPublicKey(ephemeral)
  return { enc, ...keySchedule(sharedSecret(ephemeral, recipient, enc, recipient), info) }
}

/** For the recipient. @throws {FormatError} `bad_key` when `enc` is no point that a secret can be shared with */
export function messageKeyFrom(enc: Uint8Array, secret: Uint8Array, info: Uint8Array): MessageKey {
  return keySchedule(sharedSecret(secret, enc, enc, sealingPublicKey(secret)), info)
}

function sharedSecret(
  own: Uint8Array,
  other: Uint8Array,
  enc: Uint8Array,
  recipient: Uint8Array,
): Uint8Array {
  const prk = labeledExtract(KEM_SUITE, NOTHING, 'eae_prk', exchanged(own, other))
  return labeledExpand(KEM_SUITE, prk, 'shared_secret', concatBytes(enc, recipient), 32)
}

function exchanged(own: Uint8Array, other: Uint8Array): Uint8Array {
  try {
    return x25519.getSharedSecret(own, other)
  } catch {
    throw new FormatError('bad_key', 'not a public key that a secret can be shared with')
  }
}

function keySchedule(shared: Uint8Array, info: Uint8Array): MessageKey {
  const pskIdHash = labeledExtract(SUITE, NOTHING, 'psk_id_hash', NOTHING)
  const infoHash = labeledExtract(SUITE, NOTHING, 'info_hash', info)
  const context = concatBytes(MODE_BASE, pskIdHash, infoHash)
  const secret = labeledExtract(SUITE, shared, 'secret', NOTHING)
  return {
    key: labeledExpand(SUITE, secret, 'key', context, 16),
    nonce: labeledExpand(SUITE, secret, 'base_nonce', context, 12),
  }
}

function labeledExtract(suite: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array {
  return extract(sha256, concatBytes(VERSION, suite, utf8(label), ikm), salt)
}

function labeledExpand(
  suite: Uint8Array,
  prk: Uint8Array,
  label: string,
  info: Uint8Array,
  length: number,
): Uint8Array<ArrayBuffer> {
  const labeled = concatBytes(new Uint8Array([0, length]), VERSION, suite, utf8(label), info)
  return Uint8Array.from(expand(sha256, prk, labeled, length))
}
