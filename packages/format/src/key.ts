/**
 * Verifier keys of C2SP signed-note: `<name>+<8 hex of key id>+<base64 of type ‖ public key>`, where
 * key id = SHA-256(name ‖ 0x0A ‖ type ‖ public key)[0..4).
 */
import { concatBytes, equalBytes, fromBase64, fromHex, toBase64, toHex, utf8 } from './bytes.ts'
import { FormatError } from './error.ts'
import { sha256 } from './hash/sha256.ts'

/** Signature types of C2SP signed-note that this package can check. */
export const KEY_TYPE = {
  /** Ed25519 over the note text. */
  ed25519: 0x01,
  /** Ed25519 witness cosignature with a time (tlog-cosignature, `cosignature/v1`). */
  cosignature: 0x04,
} as const

const KEY_ID_BYTES = 4
const ED25519_PUBLIC_KEY_BYTES = 32

/** A public key under a name, as trust files list it. */
export interface VerifierKey {
  readonly name: string
  /** Four bytes that announce the key in a signature line; a hint, not an identity. */
  readonly keyId: Uint8Array
  /** One of KEY_TYPE. */
  readonly type: number
  readonly publicKey: Uint8Array
  /** The text this key was read from or is written as. */
  readonly vkey: string
}

/**
 * The key of a vkey text. FormatError 'bad_vkey' when malformed or when its key id is not the one its
 * name and key call for, 'unsupported_key_type' for a signature type this package cannot check.
 */
export function parseVkey(vkey: string): VerifierKey {
  // Base64 may hold '+', names may not, so only the first two count.
  const [name = '', idText = '', ...rest] = vkey.split('+')
  const { type, publicKey } = decodeKey(rest.join('+'))
  if (!isKeyName(name) || !/^[0-9a-f]{8}$/.test(idText)) throw badVkey('malformed name or key id')
  const keyId = fromHex(idText)
  if (!equalBytes(keyId, keyIdOf(name, publicKey, type)))
    throw badVkey('key id does not belong to name and key')
  return { name, keyId, type, publicKey, vkey }
}

function decodeKey(text: string): { type: number; publicKey: Uint8Array } {
  if (text === '') throw badVkey('needs name, key id and key')
  const bytes = fromBase64(text)
  const type = bytes[0]
  if (type !== KEY_TYPE.ed25519 && type !== KEY_TYPE.cosignature) {
    throw new FormatError(
      'unsupported_key_type',
      'only Ed25519 keys and Ed25519 cosignature keys are supported',
    )
  }
  if (bytes.length !== 1 + ED25519_PUBLIC_KEY_BYTES) throw badVkey('an Ed25519 key has 32 bytes')
  return { type, publicKey: bytes.slice(1) }
}

/** The vkey text of a 32-byte Ed25519 public key; the type is a plain note signature unless given. */
export function formatVkey(name: string, publicKey: Uint8Array, type: number = KEY_TYPE.ed25519): string {
  if (!isKeyName(name)) throw badVkey('malformed name')
  if (publicKey.length !== ED25519_PUBLIC_KEY_BYTES) throw badVkey('an Ed25519 key has 32 bytes')
  const key = concatBytes(Uint8Array.of(type), publicKey)
  return `${name}+${toHex(keyIdOf(name, publicKey, type))}+${toBase64(key)}`
}

/** The four bytes that announce this key in signature lines. */
export function keyIdOf(name: string, publicKey: Uint8Array, type: number = KEY_TYPE.ed25519): Uint8Array {
  return sha256(concatBytes(utf8(`${name}\n`), Uint8Array.of(type), publicKey)).slice(0, KEY_ID_BYTES)
}

/** Whether a text may name a key: not empty, no white space, no control character, no '+'. */
export function isKeyName(name: string): boolean {
  return name.isWellFormed() && /^[^+\p{White_Space}\p{Cc}]+$/u.test(name)
}

function badVkey(message: string): FormatError {
  return new FormatError('bad_vkey', message)
}
