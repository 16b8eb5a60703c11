/**
 * A strict reader of DER (ITU-T X.690): definite minimal lengths, one-byte tags, nothing left over. What it
 * does not know it refuses with FormatError 'bad_der'.
 */
import { FormatError } from '../error.ts'

/** Tags read here; a context tag [n] is `contextTag(n)`. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/** The tag of a constructed context-specific value [n]. */
export function contextTag(n: number): number {
  return 0xa0 | n
}

/** The tag of a primitive context-specific value [n]. */
export function primitiveContextTag(n: number): number {
  return 0x80 | n
}

/** One value: its tag, its content and all of its bytes, in the memory it was read from. */
export interface DerValue {
  readonly tag: number
  readonly content: Uint8Array
  readonly whole: Uint8Array
}

/** Reads the values of a content one after another. */
export class DerReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** The only value of `bytes`. */
  static only(bytes: Uint8Array, tag: number): DerValue {
    const reader = new DerReader(bytes)
    const value = reader.next(tag)
    reader.end()
    return value
  }

  /** Whether everything was read. */
  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  /** The next value, of any tag unless one is asked for. */
  next(tag?: number): DerValue {
    const start = this.#at
    const found = this.#byte()
    if ((found & 0x1f) === 0x1f) throw badDer('a tag of more than one byte')
    if (tag !== undefined && found !== tag) throw badDer('a value of another type than called for')
    const length = this.#length()
    const end = this.#at + length
    if (end > this.#bytes.length) throw badDer('a value longer than what holds it')
    const content = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return { tag: found, content, whole: this.#bytes.subarray(start, end) }
  }

  /** The next value if it has this tag. */
  optional(tag: number): DerValue | undefined {
    return this.#bytes[this.#at] === tag ? this.next(tag) : undefined
  }

  /** A reader of the next value's content. */
  enter(tag: number): DerReader {
    return new DerReader(this.next(tag).content)
  }

  /** All values that are left, at most `most`. */
  rest(most: number, tag?: number): DerValue[] {
    const values: DerValue[] = []
    while (!this.isAtEnd) {
      if (values.length === most) throw badDer(`more than ${most} values in a list`)
      values.push(this.next(tag))
    }
    return values
  }

  /** Refuses bytes that are left over. */
  end(): void {
    if (!this.isAtEnd) throw badDer('bytes after the last value')
  }

  #byte(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw badDer('ends too early')
    this.#at += 1
    return byte
  }

  #length(): number {
    const first = this.#byte()
    if (first < 0x80) return first
    const count = first & 0x7f
    if (count === 0 || count > 3) throw badDer('an indefinite or excessive length')
    let length = 0
    for (let i = 0; i < count; i++) length = length * 256 + this.#byte()
    if (length < 0x80 || length < 256 ** (count - 1)) throw badDer('a length that is not minimal')
    return length
  }
}

/** The dotted text of an object identifier. */
export function oidOf({ content }: DerValue): string {
  const last = content.at(-1)
  if (last === undefined || last >= 0x80 || content.length > 32) throw badDer('a malformed object identifier')
  const arcs: number[] = []
  let arc = 0
  for (const [i, byte] of content.entries()) {
    if (byte === 0x80 && (content[i - 1] ?? 0) < 0x80)
      throw badDer('an object identifier that is not minimal')
    arc = arc * 128 + (byte & 0x7f)
    if (!Number.isSafeInteger(arc)) throw badDer('an object identifier with an excessive arc')
    if (byte >= 0x80) continue
    arcs.push(arc)
    arc = 0
  }
  const [first = 0, ...others] = arcs
  const root = Math.min(2, Math.floor(first / 40))
  return [root, first - 40 * root, ...others].join('.')
}

/** The bytes of an INTEGER, refused unless minimal. */
export function integerBytes({ content }: DerValue): Uint8Array {
  const [first, second = 0] = content
  if (first === undefined) throw badDer('an empty integer')
  const isPadded =
    content.length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))
  if (isPadded) throw badDer('an integer that is not minimal')
  return content
}

/** An INTEGER in 0..2^48−1. */
export function smallInteger(value: DerValue): number {
  const bytes = integerBytes(value)
  if (bytes.length > 6 || bytes[0]! >= 0x80) throw badDer('an integer out of range')
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0)
}

/** A BOOLEAN, which DER writes as 0x00 or 0xff. */
export function booleanOf({ content }: DerValue): boolean {
  const [byte] = content
  if (content.length !== 1 || (byte !== 0 && byte !== 0xff)) throw badDer('a malformed boolean')
  return byte === 0xff
}

/** The bytes of a BIT STRING of whole bytes. */
export function bitStringBytes({ content }: DerValue): Uint8Array {
  if (content[0] !== 0) throw badDer('a bit string that does not end with a byte')
  return content.subarray(1)
}

/** ASCII text of a time or a name; other bytes are refused. */
export function asciiOf({ content }: DerValue): string {
  if (content.some((byte) => byte < 0x20 || byte > 0x7e)) throw badDer('a text that is not ASCII')
  return String.fromCharCode(...content)
}

/** The error of this reader. */
export function badDer(message: string): FormatError {
  return new FormatError('bad_der', message)
}
