/*
 * The types a field may have. A type says what it takes and, where it does more than take it, how the
 * value is read. Reading gives the value the record shall carry; undefined means the value is of no use
 * in this field and shall be kept in metadata. Errors go to the examination.
 */
import type { JsonObject, JsonValue } from '../json/value.ts'
import { isObject, setMember, typeName } from '../json/value.ts'
import type { Examination } from './examination.ts'
import { foldedWord, snakeCase } from './spelling.ts'
import { parseTime } from './time.ts'

export interface FieldType {
  /** What an error message says was expected. */
  readonly expected: string
  /** `coerced`: the value is text that was written as a number. */
  takes(value: JsonValue, coerced: boolean): boolean
  read?(value: JsonValue, path: string, examination: Examination): JsonValue | undefined
  /** What stands inside under a name as sent, or at a place in a list: its name as recorded. Undefined: it stays as it was sent. */
  readonly inside?: (name: string) => Member | undefined
}

/** A member of an object, or an element of a list. */
interface Member {
  readonly name: string
  readonly type: FieldType
  /** The name is not in what was sent, where this stands by itself in place of a list. */
  readonly isAdded?: true
}

/** Members of an object type, or fields of a kind, by camelCase name. */
export type Fields = { readonly [name: string]: FieldType }

/** Characters of an identifier or a name; long enough for ARNs and URLs. */
const IDENTIFIER_LENGTH_MAX = 1_024
const SYSTEM_LENGTH_MAX = 200

/** Reads one value as its type; a value the type does not take is `wrong_type`. */
export function readField(
  type: FieldType,
  value: JsonValue,
  path: string,
  examination: Examination,
): JsonValue | undefined {
  const coerced = examination.isCoerced(path)
  if (type.takes(value, coerced)) return type.read === undefined ? value : type.read(value, path, examination)
  const found = coerced ? 'a number' : typeName(value)
  examination.reject('wrong_type', path, `expected ${type.expected}, got ${found}`)
  return value
}

/** Text of any length. */
export const text: FieldType = {
  expected: 'a string',
  takes: (value, coerced) => typeof value === 'string' && !coerced,
}

/** A name that must say something: 1..1,024 characters, never a number. The empty string counts as missing. */
export const name: FieldType = {
  expected: 'a string',
  takes: (value, coerced) => typeof value === 'string' && !coerced,
  read: readIdentifier,
}

/**
 * An id or a version: 1..1,024 characters. Integers are taken, since many databases count, become their
 * digits and are listed in `coerced`. The empty string counts as missing.
 */
export const identifier: FieldType = {
  expected: 'a string or an integer',
  takes: (value) => typeof value === 'string' || Number.isSafeInteger(value),
  read: readIdentifier,
}

function readIdentifier(value: JsonValue, path: string, examination: Examination): JsonValue | undefined {
  if (value === '') return undefined
  if (typeof value === 'number') examination.coerce(path)
  const id = typeof value === 'number' ? `${value}` : (value as string)
  if (id.length > IDENTIFIER_LENGTH_MAX) {
    examination.reject('too_long', path, `expected at most ${IDENTIFIER_LENGTH_MAX} characters`)
  }
  return id
}

/** The name of a system: 1..200 characters, none of them a control character. */
export const systemName: FieldType = {
  expected: 'a string',
  takes: (value, coerced) => typeof value === 'string' && !coerced,
  read(value, path, examination) {
    if (value === '') return undefined
    const system = value as string
    if (system.length > SYSTEM_LENGTH_MAX) {
      examination.reject('too_long', path, `expected at most ${SYSTEM_LENGTH_MAX} characters`)
    }
    if (/\p{Cc}/u.test(system))
      examination.reject('bad_value', path, 'a system name holds no control characters')
    return system
  },
}

export const flag: FieldType = {
  expected: 'true or false',
  takes: (value) => typeof value === 'boolean',
}

/** Any finite number; one too long for a double stays its text (see numericValue). */
export const number: FieldType = {
  expected: 'a number',
  takes: (value, coerced) => typeof value === 'number' || coerced,
}

/** A whole number from 0 to 2^53−1. */
export const count: FieldType = {
  expected: 'a whole number from 0',
  takes: (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0,
}

/** SHA-256 or a root: 64 lower-case hex digits. */
export const digest: FieldType = {
  expected: '64 lower-case hex digits',
  takes: (value) => typeof value === 'string',
  read(value, path, examination) {
    if (!/^[0-9a-f]{64}$/.test(value as string))
      examination.reject('bad_value', path, `expected ${digest.expected}`)
    return value
  },
}

/** A point in time other than the record's own; kept in the source's spelling once it can be read. */
export const time: FieldType = {
  expected: 'a time',
  takes: (value) => typeof value === 'string' || typeof value === 'number',
  read(value, path, examination) {
    if (parseTime(value) === undefined) examination.reject('bad_time', path, BAD_TIME)
    return value
  },
}

export const BAD_TIME = 'expected RFC 3339, or epoch seconds, milliseconds or nanoseconds'

/** Anything. */
export const json: FieldType = { expected: 'a value', takes: () => true }

/** One of these words, whatever its case and separators; another word refuses the record. */
export function choice(...words: readonly string[]): FieldType {
  const read = wordReader(words)
  const expected = `one of ${words.join(', ')}`
  return {
    expected,
    takes: (value, coerced) => typeof value === 'string' && !coerced,
    read(value, path, examination) {
      const word = read(value)
      if (word === undefined) examination.reject('bad_value', path, `expected ${expected}`)
      return word ?? value
    },
  }
}

/** One of these words as well, but another word does not lose the record: it is kept in metadata. */
export function label(...words: readonly string[]): FieldType {
  return {
    expected: `one of ${words.join(', ')}`,
    takes: (value, coerced) => typeof value === 'string' && !coerced,
    read: wordReader(words),
  }
}

function wordReader(words: readonly string[]): (value: JsonValue) => string | undefined {
  const known = new Map(words.map((word) => [foldedWord(word), word]))
  const exact = new Set(words)
  return (value) => {
    const word = value as string
    return exact.has(word) ? word : known.get(foldedWord(word))
  }
}

/** An array of anything, or one whose elements are of this type. */
export function list(type?: FieldType): FieldType {
  const array: FieldType = { expected: 'an array', takes: (value) => Array.isArray(value) }
  if (type === undefined) return array
  return {
    ...array,
    inside: (name) => (/^(?:\d+|\*)$/.test(name) ? { name, type } : undefined),
    read: (value, path, examination) =>
      (value as JsonValue[]).map((item, i) => readField(type, item, `${path}/${i}`, examination) ?? item),
  }
}

/** An array of this type, or one value of it, which is the array of that one. */
export function listOrOne(type: FieldType): FieldType {
  const many = list(type)
  const only = type.takes({}, false) ? ({ name: '*', type, isAdded: true } as const) : undefined
  return {
    expected: `an array or ${type.expected}`,
    takes: (value, coerced) => Array.isArray(value) || type.takes(value, coerced),
    inside: (name) => many.inside!(name) ?? only,
    read(value, path, examination) {
      if (Array.isArray(value)) return many.read!(value, path, examination)
      if (examination.isCoerced(path)) examination.coerce(`${path}/0`)
      return [readField(type, value, `${path}/0`, examination) ?? value]
    },
  }
}

/** An object; the members named here are read in either spelling, all others stay as they are. */
export function object(members?: Fields): FieldType {
  const anything: FieldType = { expected: 'an object', takes: isObject }
  if (members === undefined) return anything
  const known = spellings(members)
  return {
    ...anything,
    inside: (name) => known.get(name),
    read(value, path, examination) {
      const read: JsonObject = {}
      for (const [sent, member] of Object.entries(value as JsonObject)) {
        const field = known.get(sent)
        if (field === undefined || member === null) setMember(read, sent, member)
        else {
          const clash = field.name !== sent && Object.hasOwn(value as JsonObject, field.name)
          if (!clash && field.name !== sent) examination.renamed.set(`${path}/${sent}`, field.name)
          read[clash ? sent : field.name] =
            readField(field.type, member, `${path}/${sent}`, examination) ?? member
        }
      }
      return read
    },
  }
}

/** An object of which each of these members must be there; `members` as for {@link object}. */
export function objectWith(required: readonly string[], members: Fields): FieldType {
  const base = object(members)
  return {
    ...base,
    read(value, path, examination) {
      const read = base.read!(value, path, examination) as JsonObject
      for (const member of required) {
        if ((read[member] ?? null) === null) {
          examination.reject('missing_field', `${path}/${member}`, `${member} is missing`)
        }
      }
      return read
    },
  }
}

/** What the first of these types makes of it. */
export function oneOf(...types: readonly FieldType[]): FieldType {
  return {
    expected: types.map((type) => type.expected).join(' or '),
    takes: (value, coerced) => types.some((type) => type.takes(value, coerced)),
    inside: insideAny(types),
    read(value, path, examination) {
      const coerced = examination.isCoerced(path)
      const type = types.find((candidate) => candidate.takes(value, coerced))
      return type?.read === undefined ? value : type.read(value, path, examination)
    },
  }
}

function insideAny(types: readonly FieldType[]): FieldType['inside'] {
  if (!types.some((type) => type.inside !== undefined)) return undefined
  return (name) => types.map((type) => type.inside?.(name)).find((found) => found !== undefined)
}

/** This object type, or plain text, which becomes the member of that name. */
export function objectOrText(type: FieldType, member: string): FieldType {
  const either = oneOf(type, text)
  return {
    ...either,
    read: (value, path, examination) =>
      typeof value === 'string' ? { [member]: value } : either.read!(value, path, examination),
  }
}

function spellings(members: Fields): Map<string, Member> {
  const known = new Map<string, Member>()
  for (const [memberName, type] of Object.entries(members)) {
    for (const sent of [snakeCase(memberName), memberName]) known.set(sent, { name: memberName, type })
  }
  return known
}

/** The number a field of a number type stands for, also when it was kept as text; undefined for anything else. */
export function numericValue(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'string' && isNumberText(value) ? Number(value) : undefined
}

/** Whether the text is a JSON number (RFC 8259 §6). */
export function isNumberText(value: string): boolean {
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(value)
}
