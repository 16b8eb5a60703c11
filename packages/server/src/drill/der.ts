/** Distinguished encoding (X.690) of the few types that a timestamp and a certificate are made of. */
import { concatBytes, utf8 } from '@deponent/format'

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/** A value of any tag. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = concatBytes(...contents)
  return concatBytes(Uint8Array.of(tag), lengthOf(content.length), content)
}

function lengthOf(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length)
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff)
  return Uint8Array.of(0x80 | bytes.length, ...bytes)
}

export const sequence = (...parts: readonly Uint8Array[]): Uint8Array => der(TAG.sequence, ...parts)
export const set = (...parts: readonly Uint8Array[]): Uint8Array => der(TAG.set, ...parts)
export const octets = (bytes: Uint8Array): Uint8Array => der(TAG.octetString, bytes)
export const bits = (bytes: Uint8Array): Uint8Array => der(TAG.bitString, Uint8Array.of(0), bytes)
export const text = (value: string): Uint8Array => der(TAG.utf8String, utf8(value))
export const flag = (value: boolean): Uint8Array => der(TAG.boolean, Uint8Array.of(value ? 0xff : 0))

/** A non-negative integer below 128. */
export const small = (value: number): Uint8Array => der(TAG.integer, Uint8Array.of(value))

/** A positive integer from big-endian bytes. */
export const integer = (bytes: Uint8Array): Uint8Array =>
  der(TAG.integer, (bytes[0] ?? 0) < 0x80 ? bytes : concatBytes(Uint8Array.of(0), bytes))

/** An object identifier in dotted form. */
export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return der(TAG.oid, Uint8Array.from([first * 40 + second, ...rest].flatMap(base128)))
}

function base128(value: number): number[] {
  const digits = [value & 0x7f]
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) digits.unshift((rest & 0x7f) | 0x80)
  return digits
}

/** Unix milliseconds as GeneralizedTime in whole seconds. */
export function time(ms: number): Uint8Array {
  const written = new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')
  return der(TAG.generalizedTime, utf8(`${written}Z`))
}
