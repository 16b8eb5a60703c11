/*
 * Our own reader of JSON text, because JSON.parse forgets what an auditor must know: that a name came
 * twice, that a number did not fit, that half a character was sent.
 *
 * Invariants of a Reader:
 * - `position` only grows; every character before it has been read exactly once.
 * - `path[0..depth)` are the names and indices from the document to the value being read;
 *   the first `base` of them lie outside the reading under way (the index in a batch).
 * - A syntax error ends the reading with FormatError 'bad_json'. A fault does not: what is wrong with one
 *   value is noted with its pointer and reading goes on, so that one bad record never costs its neighbours.
 */
import { FormatError } from '../error.ts'
import { pointerOf } from './pointer.ts'
import type { JsonObject, JsonValue } from './value.ts'
import { setMember } from './value.ts'

export type { JsonObject, JsonValue } from './value.ts'

/** Deepest nesting read at all; records themselves may be 32 deep (commitment.ts). */
export const JSON_DEPTH_MAX = 512
/** Faults kept per reading: one is enough to refuse it, some more help its sender. A reading with as many may have others. */
export const JSON_FAULTS_MAX = 64
/** Numbers kept as text per reading. More than a record has leaves, so a record that fits is listed whole. */
export const COERCED_MAX = 4_097

/** Something wrong with one value of an otherwise readable document. */
export interface JsonFault {
  /** `bad_json` stands for NaN and the infinities, which are no JSON but are what many writers emit. */
  readonly code: 'duplicate_key' | 'lone_surrogate' | 'number_overflow' | 'bad_json' | 'bad_utf8'
  /** JSON pointer, relative to the value of the reading. */
  readonly path: string
  readonly message: string
}

export interface JsonReading {
  readonly value: JsonValue
  /** Pointers of numbers a double cannot carry: their value is the text they were written as. */
  readonly coerced: string[]
  /** Reasons to refuse this value. */
  readonly faults: JsonFault[]
}

/**
 * Reads one JSON text (RFC 8259, nothing more lenient).
 *
 * Integers beyond ±(2^53−1), decimals of more than 17 significant digits and non-zero numbers too small
 * for a double stay the text they were written as and are listed in `coerced`; −0 is 0. Of a name that
 * comes twice the last value is kept, as JSON.parse does, and the fault says so.
 *
 * @throws FormatError 'bad_json' with the position, or 'too_deep' beyond 512 levels
 */
export function readJson(text: string): JsonReading {
  return new Reader(text, 'lone_surrogate').document()
}

/**
 * As {@link readJson}, but an array gives one reading per element, with pointers relative to the element.
 * `surrogateFault` is what a raw lone surrogate of the text is called: decoders may use them for bad bytes.
 *
 * @throws FormatError as readJson, and 'too_many_items' at the first element beyond `itemsMax`
 */
export function readJsonItems(
  text: string,
  surrogateFault: 'lone_surrogate' | 'bad_utf8' = 'lone_surrogate',
  itemsMax = Infinity,
): JsonReading[] {
  return new Reader(text, surrogateFault).items(itemsMax)
}

const TAB = 0x09
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const SPACE = 0x20
const QUOTE = 0x22
const PLUS = 0x2b
const COMMA = 0x2c
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const UPPER_E = 0x45
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const LOWER_E = 0x65
const LOWER_F = 0x66
const LOWER_N = 0x6e
const LOWER_T = 0x74
const LOWER_U = 0x75
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

const ESCAPED = new Map([
  [QUOTE, '"'],
  [BACKSLASH, '\\'],
  [0x2f, '/'],
  [0x62, '\b'],
  [LOWER_F, '\f'],
  [LOWER_N, '\n'],
  [0x72, '\r'],
  [LOWER_T, '\t'],
])

/** 10^0..10^22: the powers of ten a double holds exactly. */
const POWERS_OF_TEN = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`))
const NOT_WELL_FORMED = {
  lone_surrogate: 'the text holds half a surrogate pair',
  bad_utf8: 'the text holds bytes that are not UTF-8',
}
const NOT_NUMBERS = ['NaN', 'Infinity', '-Infinity']

class Reader {
  private readonly text: string
  private readonly surrogateFault: 'lone_surrogate' | 'bad_utf8'
  private position = 0
  private depth = 0
  private base = 0
  private readonly path: (string | number)[] = []
  private faults: JsonFault[] = []
  private coerced: string[] = []

  constructor(text: string, surrogateFault: 'lone_surrogate' | 'bad_utf8') {
    this.text = text
    this.surrogateFault = surrogateFault
  }

  document(): JsonReading {
    this.skipSpace()
    const value = this.value()
    this.end()
    return { value, coerced: this.coerced, faults: this.faults }
  }

  items(itemsMax: number): JsonReading[] {
    if (this.skipSpace() !== OPEN_BRACKET) return [this.document()]
    const readings: JsonReading[] = []
    this.enter()
    this.base = 1
    if (this.skipSpace() === CLOSE_BRACKET) this.position++
    else
      do {
        this.skipSpace()
        if (readings.length === itemsMax)
          throw new FormatError('too_many_items', `more than ${itemsMax} elements`)
        this.path[0] = readings.length
        readings.push({ value: this.value(), coerced: this.coerced, faults: this.faults })
        this.coerced = []
        this.faults = []
      } while (this.another(CLOSE_BRACKET))
    this.depth--
    this.end()
    return readings
  }

  private value(): JsonValue {
    switch (this.text.charCodeAt(this.position)) {
      case QUOTE:
        return this.string(this.depth)
      case OPEN_BRACE:
        return this.object()
      case OPEN_BRACKET:
        return this.array()
      case LOWER_T:
        return this.literal('true', true)
      case LOWER_F:
        return this.literal('false', false)
      case LOWER_N:
        return this.literal('null', null)
      default:
        return this.number()
    }
  }

  private object(): JsonObject {
    this.enter()
    const slot = this.depth - 1
    const object: JsonObject = {}
    if (this.skipSpace() === CLOSE_BRACE) this.position++
    else
      do {
        if (this.skipSpace() !== QUOTE) throw this.unexpected()
        const name = this.string(slot)
        if (this.skipSpace() !== COLON) throw this.unexpected()
        this.position++
        this.path[slot] = name
        if (Object.hasOwn(object, name)) this.fault('duplicate_key', 'the name comes twice in its object')
        this.skipSpace()
        setMember(object, name, this.value())
      } while (this.another(CLOSE_BRACE))
    this.depth--
    return object
  }

  private array(): JsonValue[] {
    this.enter()
    const slot = this.depth - 1
    const array: JsonValue[] = []
    if (this.skipSpace() === CLOSE_BRACKET) this.position++
    else
      do {
        this.path[slot] = array.length
        this.skipSpace()
        array.push(this.value())
      } while (this.another(CLOSE_BRACKET))
    this.depth--
    return array
  }

  /** Steps over the opening bracket of an object or array. */
  private enter(): void {
    if (++this.depth > JSON_DEPTH_MAX) {
      throw new FormatError(
        'too_deep',
        `nested deeper than ${JSON_DEPTH_MAX} levels at position ${this.position}`,
      )
    }
    this.position++
  }

  /** After a member or element: true at a comma, false at the closing bracket; both are stepped over. */
  private another(close: number): boolean {
    const next = this.skipSpace()
    if (next !== COMMA && next !== close) throw this.unexpected()
    this.position++
    return next === COMMA
  }

  private end(): void {
    this.skipSpace()
    if (this.position < this.text.length) throw this.unexpected()
  }

  /** Skips white space; gives the character after it, NaN at the end. */
  private skipSpace(): number {
    for (;;) {
      const next = this.text.charCodeAt(this.position)
      if (next > SPACE) return next
      if (next !== SPACE && next !== LINE_FEED && next !== CARRIAGE_RETURN && next !== TAB) return next
      this.position++
    }
  }

  private literal(word: string, value: boolean | null): boolean | null {
    if (!this.text.startsWith(word, this.position)) throw this.unexpected()
    this.position += word.length
    return value
  }

  /** Reads a string; a lone surrogate is a fault of the value `levels` names down the path. */
  private string(levels: number): string {
    const { text } = this
    const start = this.position + 1
    for (let at = start; ; at++) {
      const next = text.charCodeAt(at)
      if (next === QUOTE) {
        this.position = at + 1
        return text.slice(start, at)
      }
      if (next === BACKSLASH || (next & 0xf800) === 0xd800) return this.intricateString(start, levels)
      // Also the end of the text, where `next` is NaN.
      if (!(next >= SPACE)) throw this.unexpected(at)
    }
  }

  /** A string with escapes or surrogates, from its first character after the quote. */
  private intricateString(start: number, levels: number): string {
    const { text } = this
    let read = ''
    let from = start
    let at = start
    for (;;) {
      const next = text.charCodeAt(at)
      if (next === QUOTE) break
      if (!(next >= SPACE)) throw this.unexpected(at)
      if (next !== BACKSLASH) {
        at++
        continue
      }
      read += text.slice(from, at) + this.escape(at + 1)
      at += text.charCodeAt(at + 1) === LOWER_U ? 6 : 2
      from = at
    }
    read += text.slice(from, at)
    this.position = at + 1
    if (!text.slice(start, at).isWellFormed())
      this.fault(this.surrogateFault, NOT_WELL_FORMED[this.surrogateFault], levels)
    else if (!read.isWellFormed()) this.fault('lone_surrogate', NOT_WELL_FORMED.lone_surrogate, levels)
    return read
  }

  /** The character an escape stands for, given the position after its backslash. */
  private escape(at: number): string {
    const kind = this.text.charCodeAt(at)
    if (kind === LOWER_U) {
      const digits = this.text.slice(at + 1, at + 5)
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.unexpected(at + 1)
      return String.fromCharCode(Number.parseInt(digits, 16))
    }
    const character = ESCAPED.get(kind)
    if (character === undefined) throw this.unexpected(at)
    return character
  }

  /** Numbers of up to 15 digits are read here; the others go by their text. */
  private number(): JsonValue {
    const { text } = this
    const start = this.position
    const negative = text.charCodeAt(start) === MINUS
    let at = negative ? start + 1 : start
    let next = text.charCodeAt(at)
    if (!(next >= ZERO && next <= NINE)) return this.notNumber()
    const first = at
    let mantissa = 0
    do {
      mantissa = mantissa * 10 + (next - ZERO)
      next = text.charCodeAt(++at)
    } while (next >= ZERO && next <= NINE)
    if (at - first > 1 && text.charCodeAt(first) === ZERO) throw this.unexpected(first + 1)
    let decimals = 0
    if (next === POINT) {
      const point = at
      next = text.charCodeAt(++at)
      while (next >= ZERO && next <= NINE) {
        mantissa = mantissa * 10 + (next - ZERO)
        next = text.charCodeAt(++at)
      }
      decimals = at - point - 1
      if (decimals === 0) throw this.unexpected(at)
    }
    if (next === LOWER_E || next === UPPER_E) return this.numberByText(start, this.exponentEnd(at))
    if (at - first > 16 || mantissa > Number.MAX_SAFE_INTEGER) return this.numberByText(start, at)
    this.position = at
    // Exact: both the mantissa and a power of ten up to 10^22 are doubles, so one division rounds once.
    const magnitude = decimals === 0 ? mantissa : mantissa / POWERS_OF_TEN[decimals]!
    return negative && magnitude !== 0 ? -magnitude : magnitude
  }

  private exponentEnd(e: number): number {
    let at = e + 1
    const sign = this.text.charCodeAt(at)
    if (sign === PLUS || sign === MINUS) at++
    const first = at
    for (;;) {
      const next = this.text.charCodeAt(at)
      if (!(next >= ZERO && next <= NINE)) break
      at++
    }
    if (at === first) throw this.unexpected(at)
    return at
  }

  private numberByText(start: number, end: number): JsonValue {
    this.position = end
    const literal = this.text.slice(start, end)
    const value = Number(literal)
    if (isCarried(literal, value)) return value === 0 ? 0 : value
    if (!Number.isFinite(value) && !isIntegerLiteral(literal)) {
      this.fault('number_overflow', 'the number is larger than a double holds')
    } else if (this.coerced.length < COERCED_MAX) {
      this.coerced.push(this.pointer(this.depth))
    }
    return literal
  }

  private notNumber(): string {
    const word = NOT_NUMBERS.find((name) => this.text.startsWith(name, this.position))
    if (word === undefined) throw this.unexpected()
    this.position += word.length
    this.fault('bad_json', `${word} is not a JSON number`)
    return word
  }

  private fault(code: JsonFault['code'], message: string, levels = this.depth): void {
    if (this.faults.length < JSON_FAULTS_MAX) this.faults.push({ code, path: this.pointer(levels), message })
  }

  private pointer(levels: number): string {
    return pointerOf(this.path.slice(this.base, levels)).toWellFormed()
  }

  private unexpected(at = this.position): FormatError {
    if (at >= this.text.length)
      return new FormatError('bad_json', `unexpected end at position ${this.text.length}`)
    return new FormatError('bad_json', `unexpected character at position ${at}`)
  }
}

function isIntegerLiteral(literal: string): boolean {
  return /^-?\d+$/.test(literal)
}

/** Whether the double stands for the literal under the rules of {@link readJson}. */
function isCarried(literal: string, value: number): boolean {
  if (!Number.isFinite(value)) return false
  if (isIntegerLiteral(literal)) return Number.isSafeInteger(value)
  const digits = significantDigits(literal)
  return digits <= 17 && (value !== 0 || digits === 0)
}

/** Digits from the first to the last that is not zero, exponent aside: 0 for zero itself. */
function significantDigits(literal: string): number {
  let digits = 0
  let significant = 0
  for (let at = 0; at < literal.length; at++) {
    const next = literal.charCodeAt(at)
    if (next === LOWER_E || next === UPPER_E) break
    if (next < ZERO || next > NINE || (next === ZERO && digits === 0)) continue
    digits++
    if (next !== ZERO) significant = digits
  }
  return significant
}
