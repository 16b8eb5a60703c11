import { FormatError } from '../error.ts'
import { JSON_DEPTH_MAX } from './read.ts'
import { canonicalScalar, quoted, sortedNames } from './scalar.ts'
import type { JsonValue } from './value.ts'

/**
 * The canonical text of a value, RFC 8785: names sorted by UTF-16 code units, numbers as ECMAScript
 * prints them, strings with the shortest escapes, no white space.
 *
 * @throws FormatError 'lone_surrogate' · 'number_overflow' (not finite) · 'too_deep' (beyond 512 levels)
 *   · 'bad_value' (undefined, functions and whatever else is no JSON)
 */
export function canonicalJson(value: JsonValue): string {
  return canonicalAt(value, 0)
}

function canonicalAt(value: JsonValue, depth: number): string {
  if (typeof value !== 'object' || value === null) return canonicalScalar(value)
  if (depth >= JSON_DEPTH_MAX)
    throw new FormatError('too_deep', `nested deeper than ${JSON_DEPTH_MAX} levels`)
  if (Array.isArray(value)) {
    let text = ''
    for (const item of value) text += (text === '' ? '' : ',') + canonicalAt(item, depth + 1)
    return `[${text}]`
  }
  let text = ''
  for (const name of sortedNames(value)) {
    text += `${text === '' ? '' : ','}${quoted(name)}:${canonicalAt(value[name]!, depth + 1)}`
  }
  return `{${text}}`
}
