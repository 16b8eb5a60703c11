/**
 * Reads the protobuf wire format into the object that the JSON encoding of the same message would be, by tables of what each field
 * is. Our own, because three things are needed that no library gives: the bytes of each span as they came, a fault that costs one
 * span and not the request, and a bound on depth and number of values before anything is made of them.
 *
 * What is not in a table is skipped, as the specification asks. A field that comes with another wire type than its own is a fault.
 */
import { FormatError, fromUtf8, type JsonObject, type JsonValue, toHex } from '@deponent/format'

/** Messages inside one another, of which attribute values are the only ones that nest freely. */
export const DEPTH_MAX = 24
/** Values in one span, log record, resource or scope. An attribute is four, so that whatever has no more leaves than a record may have is read. */
export const VALUES_MAX = 16_384

const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5

type WireType = typeof VARINT | typeof FIXED64 | typeof BYTES | typeof FIXED32

/** How a field is read; what comes as a number that a double may not carry is decimal text. */
export type FieldType =
  | 'text'
  | 'hex'
  | 'base64'
  | 'flag'
  | 'integer'
  | 'signed'
  | 'double'
  | 'nanoseconds'
  | 'fixed32'
  | (() => MessageType)

export interface Field {
  readonly name: string
  readonly type: FieldType
  readonly isRepeated?: true
}

/** The fields of a message by their numbers. */
export type MessageType = Readonly<Record<number, Field>>

const WIRE_TYPES: Readonly<Record<Exclude<FieldType, () => MessageType>, WireType>> = {
  text: BYTES,
  hex: BYTES,
  base64: BYTES,
  flag: VARINT,
  integer: VARINT,
  signed: VARINT,
  double: FIXED64,
  nanoseconds: FIXED64,
  fixed32: FIXED32,
}

/** One field as it stands on the wire. */
export interface WireField {
  readonly number: number
  readonly type: number
  /** The bytes of a length-delimited or fixed field. */
  readonly bytes: Uint8Array
  readonly varint: bigint
}

const NO_BYTES = new Uint8Array(0)

/** The fields of a message in their order. @throws FormatError `bad_protobuf` */
export function* fieldsOf(message: Uint8Array): Generator<WireField> {
  const reader = new Reader(message)
  while (!reader.isDone) yield reader.field()
}

/** How many values may still be made. */
export interface Budget {
  values: number
}

/** A message as the object its JSON encoding would be. @throws FormatError `bad_protobuf`, `bad_utf8`, `too_deep`, `too_many_leaves` */
export function readMessage(bytes: Uint8Array, type: MessageType, budget: Budget, depth = 1): JsonObject {
  if (depth > DEPTH_MAX) throw new FormatError('too_deep', `values nest at most ${DEPTH_MAX} deep`)
  const message: JsonObject = {}
  for (const wire of fieldsOf(bytes)) {
    budget.values -= 1
    if (budget.values < 0) throw tooManyValues()
    const field = type[wire.number]
    if (field === undefined) continue
    const value = valueOf(wire, field, budget, depth)
    if (field.isRepeated) ((message[field.name] ??= []) as JsonValue[]).push(value)
    else message[field.name] = value
  }
  return message
}

function valueOf(wire: WireField, { name, type }: Field, budget: Budget, depth: number): JsonValue {
  const isMessage = typeof type === 'function'
  if (wire.type !== (isMessage ? BYTES : WIRE_TYPES[type]))
    throw new FormatError('bad_protobuf', `field ${name} has another wire type`)
  if (isMessage) return readMessage(wire.bytes, type(), budget, depth + 1)
  switch (type) {
    case 'text':
      return fromUtf8(wire.bytes)
    case 'hex':
      return toHex(wire.bytes)
    case 'base64':
      return Buffer.from(wire.bytes).toString('base64')
    case 'flag':
      return wire.varint !== 0n
    case 'integer':
      return Number(BigInt.asUintN(32, wire.varint))
    case 'signed':
      return integerOf(BigInt.asIntN(64, wire.varint))
    case 'double':
      return finiteOf(viewOf(wire.bytes).getFloat64(0, true))
    case 'nanoseconds':
      return `${viewOf(wire.bytes).getBigUint64(0, true)}`
    case 'fixed32':
      return viewOf(wire.bytes).getUint32(0, true)
  }
}

function integerOf(value: bigint): JsonValue {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : `${value}`
}

/** JSON has no NaN and no infinities; the JSON encoding of protobuf writes their names. */
function finiteOf(value: number): JsonValue {
  return Number.isFinite(value) ? value : `${value}`
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}

class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isDone(): boolean {
    return this.#at >= this.#bytes.length
  }

  field(): WireField {
    const tag = Number(BigInt.asUintN(32, this.#varint()))
    const number = tag >>> 3
    const type = tag & 7
    if (number === 0) throw damaged()
    if (type === VARINT) return { number, type, bytes: NO_BYTES, varint: this.#varint() }
    return { number, type, bytes: this.#take(this.#lengthOf(type)), varint: 0n }
  }

  #lengthOf(type: number): number {
    if (type === FIXED64) return 8
    if (type === FIXED32) return 4
    // Groups (3 and 4) are in none of the messages and were given up long ago.
    if (type !== BYTES) throw damaged()
    const length = this.#varint()
    if (length > BigInt(this.#bytes.length)) throw damaged()
    return Number(length)
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length
    if (end > this.#bytes.length) throw damaged()
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }

  #varint(): bigint {
    let value = 0
    // Nearly all fit into 28 bits; what does not is worth a bigint.
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte()
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return BigInt(value)
    }
    let large = BigInt(value)
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.#byte()
      large |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, large)
    }
    throw damaged()
  }

  #byte(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw damaged()
    this.#at += 1
    return byte
  }
}

export function tooManyValues(): FormatError {
  return new FormatError('too_many_leaves', `a span or log record has at most ${VALUES_MAX} values`)
}

function damaged(): FormatError {
  return new FormatError('bad_protobuf', 'the bytes are not a protobuf message')
}
