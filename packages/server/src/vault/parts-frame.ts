/**
 * A payload in parts that can be erased apart from one another (`docs/format.md`, 12.2):
 *
 *   0x10|coding ‖ u8 form ‖ u16 k ‖ k × keeper ‖ r (16) ‖ u16 p ‖ p × part ‖ main ciphertext ‖ tag
 *
 *   keeper  u32 key number                                                                     form 0: k is 1, its key seals the main part
 *           u32 key number ‖ the content key, wrapped (32) ‖ tag (16)                       form 1: a random key seals it
 *   part    u8 coding ‖ u16 m ‖ m × leaf hash (32) ‖ u32 key number ‖ r (16) ‖ u32 length ‖ ciphertext ‖ tag    there
 *           0x40 ‖ u16 m ‖ m × leaf hash (32) ‖ salt (16) ‖ u32 position ‖ u8 n ‖ n × hash (32)                 erased
 *
 * The hashes of a part's leaves stay when it goes: the others are proven with them, and without its salts they say nothing.
 */
import { concatBytes, ERASURE_PATH_MAX, FormatError, partDigest, type SetOpening } from '@deponent/format'

export const PARTS = 0x10
const FORM = 0xf0
const CODING = 0x0f
const ERASED = 0x40
export const R_BYTES = 16
export const TAG_BYTES = 16
const HASH_BYTES = 32
const SALT_BYTES = 16
export const WRAPPED_BYTES = 32 + TAG_BYTES

/** One of those while whom the main part can be read. */
export interface Keeper {
  readonly number: number
  /** The content key under theirs; absent when their key seals the main part itself. */
  readonly wrapped?: Uint8Array
}

/** A part that is there. */
export interface LivePart {
  readonly hashes: readonly Uint8Array[]
  readonly coding: number
  readonly number: number
  readonly r: Uint8Array
  /** Ciphertext and tag. */
  readonly sealed: Uint8Array
}

/** A part that was erased, and what shows that it was. */
export interface ErasedPart {
  readonly hashes: readonly Uint8Array[]
  readonly erased: SetOpening
}

export interface PartsFrame {
  readonly coding: number
  readonly keepers: readonly Keeper[]
  readonly r: Uint8Array
  readonly parts: readonly (LivePart | ErasedPart)[]
  /** Ciphertext and tag of the main part. */
  readonly sealed: Uint8Array
}

/** Whether a vault frame is one of parts. */
export function isInParts(frame: Uint8Array): boolean {
  return ((frame[0] ?? 0) & FORM) === PARTS
}

export function encodeParts({ coding, keepers, r, parts, sealed }: PartsFrame): Uint8Array {
  const isWrapped = keepers.some(({ wrapped }) => wrapped !== undefined)
  return concatBytes(
    Uint8Array.of(PARTS | coding, isWrapped ? 1 : 0),
    u16(keepers.length),
    ...keepers.flatMap(({ number, wrapped }) => [u32(number), ...(wrapped ? [wrapped] : [])]),
    r,
    u16(parts.length),
    ...parts.map(encodePart),
    sealed,
  )
}

function encodePart(part: LivePart | ErasedPart): Uint8Array {
  const leaves = concatBytes(u16(part.hashes.length), ...part.hashes)
  if ('erased' in part) {
    const { salt, position, path } = part.erased
    return concatBytes(
      Uint8Array.of(ERASED),
      leaves,
      salt,
      u32(position),
      Uint8Array.of(path.length),
      ...path,
    )
  }
  const { coding, number, r, sealed } = part
  return concatBytes(Uint8Array.of(coding), leaves, u32(number), r, u32(sealed.length), sealed)
}

/** FormatError `payload_malformed` when the frame is cut off or not as `encodeParts` writes one. */
export function decodeParts(frame: Uint8Array): PartsFrame {
  const reader = new Reader(frame)
  const coding = reader.u8() & CODING
  const form = reader.u8()
  const keeperCount = reader.u16()
  if (form > 1 || keeperCount === 0 || (form === 0 && keeperCount > 1)) throw malformed()
  const keepers = Array.from({ length: keeperCount }, (): Keeper => {
    const number = reader.u32()
    return form === 0 ? { number } : { number, wrapped: reader.bytes(WRAPPED_BYTES) }
  })
  const r = reader.bytes(R_BYTES)
  const parts = Array.from({ length: reader.u16() }, () => readPart(reader))
  const sealed = reader.rest()
  if (sealed.length < TAG_BYTES) throw malformed()
  return { coding, keepers, r, parts, sealed }
}

function readPart(reader: Reader): LivePart | ErasedPart {
  const first = reader.u8()
  const hashes = Array.from({ length: reader.u16() }, () => reader.bytes(HASH_BYTES))
  if (hashes.length === 0) throw malformed()
  if (first === ERASED) {
    const salt = reader.bytes(SALT_BYTES)
    const position = reader.u32()
    const count = reader.u8()
    if (count > ERASURE_PATH_MAX) throw malformed()
    const path = Array.from({ length: count }, () => reader.bytes(HASH_BYTES))
    return { hashes, erased: { salt, position, path } }
  }
  if (first > CODING) throw malformed()
  const number = reader.u32()
  const r = reader.bytes(R_BYTES)
  const sealed = reader.bytes(reader.u32())
  if (sealed.length < TAG_BYTES) throw malformed()
  return { hashes, coding: first, number, r, sealed }
}

/** The keys of a frame of parts: of those while whom its main part can be read, and of the parts that are there. */
export function keysOfParts({ keepers, parts }: PartsFrame): { keepers: number[]; all: number[] } {
  const main = keepers.map(({ number }) => number)
  const others = parts.flatMap((part) => ('erased' in part ? [] : [part.number]))
  return { keepers: main, all: [...new Set([...main, ...others])] }
}

/** Whether anybody is left who keeps a payload once these keys are gone. */
export function isKeptWithout(frame: Uint8Array, gone: ReadonlySet<number>): boolean {
  return isInParts(frame) && decodeParts(frame).keepers.some(({ number }) => !gone.has(number))
}

/** The parts of a frame that these keys sealed and that are there: what each is known by in the set of an erasure. */
export function partsSealedWith(
  frame: Uint8Array,
  numbers: ReadonlySet<number>,
): { number: number; part: Uint8Array }[] {
  return decodeParts(frame).parts.flatMap((part) =>
    'erased' in part || !numbers.has(part.number)
      ? []
      : [{ number: part.number, part: partDigest(part.hashes) }],
  )
}

/**
 * What is left of a frame in parts once these keys are gone, others keeping it: their places among its keepers are taken out, and the parts they
 * sealed; `openingOf` says by the digest of a part what shows that it is erased. A frame they do not seal stays as it is, so that this may be repeated.
 */
export function frameWithout(
  frame: Uint8Array,
  gone: ReadonlySet<number>,
  openingOf: (part: Uint8Array) => SetOpening,
): Uint8Array {
  const whole = decodeParts(frame)
  if (!keysOfParts(whole).all.some((number) => gone.has(number))) return frame
  const keepers = whole.keepers.filter(({ number }) => !gone.has(number))
  if (keepers.length === 0) throw new Error('a payload that nobody keeps is not erased in part')
  const parts = whole.parts.map((part) => {
    if ('erased' in part || !gone.has(part.number)) return part
    const { salt, position, path } = openingOf(partDigest(part.hashes))
    return { hashes: part.hashes, erased: { salt, position, path } }
  })
  return encodeParts({ ...whole, keepers, parts })
}

class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2))
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4))
  }

  bytes(length: number): Uint8Array {
    const at = this.#take(length)
    return this.#bytes.slice(at, at + length)
  }

  rest(): Uint8Array {
    return this.bytes(this.#bytes.length - this.#at)
  }

  #take(length: number): number {
    const at = this.#at
    if (at + length > this.#bytes.length) throw malformed()
    this.#at += length
    return at
  }
}

function u16(value: number): Uint8Array {
  if (value > 0xffff) throw new FormatError('too_many_parts', 'more people or fields than one payload takes')
  return Uint8Array.of(value >> 8, value & 255)
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}

function malformed(): FormatError {
  return new FormatError('payload_malformed', 'the vault frame of a payload in parts is malformed')
}
