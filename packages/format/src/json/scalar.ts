import { FormatError } from '../error.ts'
import type { JsonObject } from './value.ts'

/** Canonical text of null, a boolean, a number or a string. */
export function canonicalScalar(value: null | boolean | number | string): string {
  switch (typeof value) {
    case 'string':
      return quoted(value)
    case 'number':
      if (!Number.isFinite(value)) throw new FormatError('number_overflow', 'not a finite number')
      // Template conversion is Number::toString, which RFC 8785 §3.2.2.3 prescribes; it prints −0 as 0.
      return `${value}`
    case 'boolean':
      return value ? 'true' : 'false'
    default:
      if (value !== null) throw new FormatError('bad_value', 'not a JSON value')
      return 'null'
  }
}

/** Names of an object in RFC 8785 §3.2.3 order. */
export function sortedNames(object: JsonObject): string[] {
  const names = Object.keys(object)
  for (let i = 1; i < names.length; i++) if (names[i]! < names[i - 1]!) return names.sort()
  return names
}

/** A string between quotes, escaped as RFC 8785 §3.2.2.2 says, which is what JSON.stringify does. */
export function quoted(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x20 || code === 0x22 || code === 0x5c || (code & 0xf800) === 0xd800) {
      if (!text.isWellFormed()) throw new FormatError('lone_surrogate', 'text holds half a surrogate pair')
      return JSON.stringify(text)
    }
  }
  return `"${text}"`
}
