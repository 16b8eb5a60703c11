/** The cells of a row: found by name, with the numbers in them that were kept as text, and put to their place in a record. */
import { type JsonObject, type JsonValue, pointerOf, setMember } from '@deponent/format'
import type { SourceRow } from './source-row.ts'

/** A value and the pointers within it whose numbers were kept as text. */
export interface Cell {
  value: JsonValue
  coerced: string[]
}

/** A column by its name; in JSON rows a name that is not there is read as a dotted path. */
export function cellOf(row: SourceRow, column: string): Cell | undefined {
  if (Object.hasOwn(row.values, column)) return within(row, [column], row.values[column]!)
  const path = column.split('.')
  let value: JsonValue = row.values
  for (const name of path) {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined
    if (!Object.hasOwn(value, name)) return undefined
    value = value[name]!
  }
  return within(row, path, value)
}

/** A value that stands at `path` of a row. */
export function within(row: SourceRow, path: readonly string[], value: JsonValue): Cell {
  if (row.coerced.length === 0) return plain(value)
  const at = pointerOf(path)
  const inside = row.coerced.filter((pointer) => pointer === at || pointer.startsWith(`${at}/`))
  return { value, coerced: inside.map((pointer) => pointer.slice(at.length)) }
}

export function plain(value: JsonValue): Cell {
  return { value, coerced: [] }
}

export function isEmpty(value: JsonValue): boolean {
  return value === '' || value === null
}

/** Puts a value to a place in a record, making the objects above it. */
export function setAt(record: JsonObject, target: readonly string[], value: JsonValue): void {
  let object = record
  for (const name of target.slice(0, -1)) {
    if (!Object.hasOwn(object, name)) setMember(object, name, {})
    object = object[name] as JsonObject
  }
  setMember(object, target.at(-1)!, value)
}
