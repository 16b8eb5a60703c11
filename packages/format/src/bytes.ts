import { FormatError } from './error.ts'

const encoder = new TextEncoder()
// ignoreBOM keeps a byte order mark as text, so that decoding and encoding again gives the same bytes.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** UTF-8 bytes of a well-formed string. A lone surrogate has no UTF-8 form: FormatError 'bad_utf8'. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  if (!text.isWellFormed()) throw new FormatError('bad_utf8', 'text holds a lone surrogate')
  return encoder.encode(text)
}

/** The text of UTF-8 bytes; FormatError 'bad_utf8' when they are not UTF-8. */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw new FormatError('bad_utf8', 'bytes are not valid UTF-8')
  }
}

const HEX_OF_BYTE = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += HEX_OF_BYTE[byte]
  return text
}

/** Bytes of lower-case hex; upper case and odd lengths are FormatError 'bad_hex'. */
export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  if (text.length % 2 !== 0) throw notHex()
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = (hexValue(text.charCodeAt(2 * i)) << 4) | hexValue(text.charCodeAt(2 * i + 1))
  }
  return bytes
}

function hexValue(charCode: number): number {
  if (charCode >= 0x30 && charCode <= 0x39) return charCode - 0x30
  if (charCode >= 0x61 && charCode <= 0x66) return charCode - 0x57
  throw notHex()
}

function notHex(): FormatError {
  return new FormatError('bad_hex', 'not an even number of lower-case hex digits')
}

const BASE64_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const NO_DIGIT = 255
const BASE64_VALUES = new Uint8Array(128).fill(NO_DIGIT)
for (let value = 0; value < 64; value++) BASE64_VALUES[BASE64_DIGITS.charCodeAt(value)] = value

/** Base64 with the standard alphabet and padding (RFC 4648 §4). */
export function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i
    const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    text += BASE64_DIGITS[group >> 18]! + BASE64_DIGITS[(group >> 12) & 63]!
    text += left > 1 ? BASE64_DIGITS[(group >> 6) & 63]! : '='
    text += left > 2 ? BASE64_DIGITS[group & 63]! : '='
  }
  return text
}

/**
 * Bytes of canonical padded base64. One value has one text: white space, missing padding, the URL
 * alphabet and non-zero pad bits (RFC 4648 §3.5) are FormatError 'bad_base64'.
 */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  if (text.length % 4 !== 0) throw notBase64()
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const digits = text.length - padding
  const bytes = new Uint8Array((text.length / 4) * 3 - padding)
  let pending = 0
  let pendingBits = 0
  let written = 0
  for (let i = 0; i < digits; i++) {
    pending = (pending << 6) | base64Value(text.charCodeAt(i))
    pendingBits += 6
    if (pendingBits < 8) continue
    pendingBits -= 8
    bytes[written++] = pending >> pendingBits
    pending &= (1 << pendingBits) - 1
  }
  if (pending !== 0) throw notBase64()
  return bytes
}

function base64Value(charCode: number): number {
  const value = BASE64_VALUES[charCode] ?? NO_DIGIT
  if (value === NO_DIGIT) throw notBase64()
  return value
}

function notBase64(): FormatError {
  return new FormatError('bad_base64', 'not canonical base64')
}

/** The parts, one after the other, in new memory. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0
  for (const part of parts) length += part.length
  const whole = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

/** Whether both hold the same bytes. Not constant time: everything compared here is public. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Eight bytes, big-endian, of an integer in 0..2^53−1; anything else is FormatError 'bad_integer'. */
export function u64be(value: number): Uint8Array<ArrayBuffer> {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new FormatError('bad_integer', 'not an integer in 0..2^53-1')
  }
  const bytes = new Uint8Array(8)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, Math.floor(value / 2 ** 32))
  view.setUint32(4, value % 2 ** 32)
  return bytes
}
