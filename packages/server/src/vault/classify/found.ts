/** What is found in the value of a field. */
import {
  detect,
  detectInNumber,
  type DetectorName,
  escapeToken,
  type JsonObject,
  type JsonValue,
} from '@deponent/format'

/** Parts of a structure that are looked at: one that enters the index has 256 bytes, and fewer parts. */
const PARTS_MAX = 256

/** What is found in a text, a number, or in any part of a small structure, the names in it included. */
export function foundIn(value: JsonValue): DetectorName | undefined {
  if (typeof value === 'string') return detect(value)
  if (typeof value === 'number') return detectInNumber(value)
  if (!isContainer(value)) return undefined
  let found: DetectorName | undefined
  visit(value, (inner, name) => {
    found ??=
      (name === undefined ? undefined : detect(name)) ?? (isContainer(inner) ? undefined : foundIn(inner))
  })
  return found
}

/** What is found in the names in a small structure, whose values were replaced. */
export function foundInNames(value: JsonValue[] | JsonObject): DetectorName | undefined {
  let found: DetectorName | undefined
  visit(value, (_, name) => {
    found ??= name === undefined ? undefined : detect(name)
  })
  return found
}

export function isContainer(value: JsonValue): value is JsonValue[] | JsonObject {
  return typeof value === 'object' && value !== null
}

/** Visits what a structure holds, each with its name unless it is in a list, as far as a structure small enough for the index goes. */
export function visit(
  value: JsonValue[] | JsonObject,
  meet: (inner: JsonValue, name: string | undefined, pointer: string) => void,
): void {
  const waiting: { value: JsonValue[] | JsonObject; pointer: string }[] = [{ value, pointer: '' }]
  let seen = 0
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const isList = Array.isArray(next.value)
    for (const name of Object.keys(next.value)) {
      if ((seen += 1) > PARTS_MAX) return
      const inner = (next.value as JsonObject)[name]!
      const pointer = `${next.pointer}/${escapeToken(name)}`
      meet(inner, isList ? undefined : name, pointer)
      if (isContainer(inner)) waiting.push({ value: inner, pointer })
    }
  }
}
