/**
 * Values as the JSON encoding of OTLP writes them, and as exporters that get it wrong do: ids as byte arrays or base64, long integers as
 * numbers, texts or halves.
 */
import { FormatError, isObject, type JsonObject, type JsonValue, setMember, toHex } from '@deponent/format'
import { DEPTH_MAX } from './wire.ts'

/** Attributes as one object. Of a key that comes twice the last value counts, as in the SDKs. @throws FormatError `wrong_type`, `too_deep` */
export function attributesOf(list: JsonValue | undefined): JsonObject {
  return membersOf(list, 'attributes', 1)
}

/** An `AnyValue` as plain JSON; null where it says nothing. @throws FormatError `wrong_type`, `too_deep` */
export function anyValueOf(value: JsonValue | undefined, depth = 1): JsonValue {
  if (depth > DEPTH_MAX) throw new FormatError('too_deep', `values nest at most ${DEPTH_MAX} deep`)
  // Some exporters write the plain value.
  if (!isObject(value)) return value ?? null
  const { stringValue, boolValue, intValue, doubleValue, bytesValue, arrayValue, kvlistValue } = value
  if (isTold(stringValue)) return stringValue
  if (isTold(boolValue)) return boolValue
  if (isTold(intValue)) return integerOf(intValue)
  if (isTold(doubleValue)) return doubleOf(doubleValue)
  if (isTold(bytesValue)) return bytesAsBase64(bytesValue)
  if (isTold(arrayValue))
    return elementsOf(innerOf(arrayValue, 'arrayValue').values, 'values').map((item) =>
      anyValueOf(item, depth + 1),
    )
  if (!isTold(kvlistValue)) return null
  return membersOf(innerOf(kvlistValue, 'kvlistValue').values, 'values', depth + 1)
}

/** Null is how a member that is not there may be written. */
function isTold(value: JsonValue | undefined): value is NonNullable<JsonValue> {
  return value !== undefined && value !== null
}

/** The elements of a list; none where it is not there. @throws FormatError `wrong_type` */
export function elementsOf(list: JsonValue | undefined, field: string): JsonValue[] {
  if (!isTold(list)) return []
  if (!Array.isArray(list)) throw new FormatError('wrong_type', `${field}: expected a list`)
  return list
}

/** The same of a list of messages. @throws FormatError `wrong_type` */
export function objectsOf(list: JsonValue | undefined, field: string): JsonObject[] {
  return elementsOf(list, field).map((item) => innerOf(item, field))
}

function innerOf(value: JsonValue, field: string): JsonObject {
  if (!isObject(value)) throw new FormatError('wrong_type', `${field}: expected an object`)
  return value
}

function membersOf(list: JsonValue | undefined, field: string, depth: number): JsonObject {
  const members: JsonObject = {}
  for (const { key, value } of objectsOf(list, field)) {
    // In protobuf the empty text is written by leaving it out.
    const name = key ?? ''
    if (typeof name !== 'string')
      throw new FormatError('wrong_type', `${field}: expected a key that is a text`)
    setMember(members, name, anyValueOf(value, depth))
  }
  return members
}

/** A whole number sent as number, text or `{low, high}`: a number where a double carries it, its digits where not. */
function integerOf(value: JsonValue): JsonValue {
  // What is no whole number is kept as it came, not cut.
  if (typeof value === 'number' && !Number.isInteger(value)) return value
  const digits = digitsOf(value)
  if (digits === undefined) return value
  const number = Number(digits)
  return Number.isSafeInteger(number) ? number : digits
}

/** A number that came as its digits, where a double carries it as written; the names of NaN and the infinities stay. */
function doubleOf(value: JsonValue): JsonValue {
  const number = Number(value)
  return Number.isFinite(number) && `${number}` === value ? number : value
}

/** Decimal digits of a whole number sent as number, text or `{low, high}`; undefined when it is none. */
export function digitsOf(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return `${BigInt(Math.trunc(value))}`
  if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return value
  if (!isObject(value) || typeof value.low !== 'number' || typeof value.high !== 'number') return undefined
  if (!Number.isInteger(value.low) || !Number.isInteger(value.high)) return undefined
  const bits = (BigInt.asUintN(32, BigInt(value.high)) << 32n) | BigInt.asUintN(32, BigInt(value.low))
  return `${value.unsigned === true ? bits : BigInt.asIntN(64, bits)}`
}

/** Nanoseconds since 1970; undefined for none, and for zero, which is how "not told" is written. */
export function nanosOf(value: JsonValue | undefined): string | undefined {
  const digits = digitsOf(value)
  return digits === undefined || /^-|^0+$/.test(digits) ? undefined : digits
}

/** A count that is 0 when it is not told. */
export function countOf(value: JsonValue | undefined): number {
  const count = Number(digitsOf(value) ?? 0)
  return Number.isSafeInteger(count) && count > 0 ? count : 0
}

/** An id of so many bytes in lower-case hex; empty when there is none. @throws FormatError `bad_id` */
export function idOf(value: JsonValue | undefined, bytes: 8 | 16, field: string): string {
  const hex = hexOf(value, bytes)
  if (hex === '' || /^0+$/.test(hex)) return ''
  if (hex.length === bytes * 2 && /^[0-9a-f]+$/.test(hex)) return hex
  throw new FormatError('bad_id', `${field} is not an id of ${bytes} bytes`)
}

function hexOf(value: JsonValue | undefined, bytes: number): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') {
    const decoded = Buffer.from(value, 'base64')
    // As protobuf writes it, padded: hex digits of the wrong number are not taken for it.
    const isBase64 = decoded.length === bytes && decoded.toString('base64') === value
    return isBase64 ? decoded.toString('hex') : value.toLowerCase()
  }
  const list = byteListOf(value)
  return list === undefined ? 'none' : toHex(Uint8Array.from(list))
}

/** `[1, 2]`, `{"type": "Buffer", "data": [1, 2]}` or `{"0": 1, "1": 2}`; undefined for anything else. */
function byteListOf(value: JsonValue): number[] | undefined {
  if (!isObject(value)) return Array.isArray(value) && value.every(isByte) ? value : undefined
  const inner = value.type === 'Buffer' && Array.isArray(value.data) ? value.data : Object.values(value)
  return inner.length <= 64 && inner.every(isByte) ? inner : undefined
}

function isByte(value: JsonValue): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255
}

function bytesAsBase64(value: JsonValue): JsonValue {
  const list = typeof value === 'string' ? undefined : byteListOf(value)
  return list === undefined ? value : Buffer.from(list).toString('base64')
}
