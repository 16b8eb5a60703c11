/** What whoever imports knows of all records of a source, and no row of it says. */
import { FormatError, isObject, type JsonObject, type JsonValue, readJson } from '@deponent/format'
import { setAt } from './cells.ts'
import type { MappedRecord } from './map-row.ts'

/** Fields by their path in the record. */
export type Given = ReadonlyMap<string, JsonValue>

/** Reads `FIELD=VALUE`: the value is a number, `true`, `false` or JSON where it reads so, and a text otherwise. */
export function readGiven(text: string): [field: string, value: JsonValue] | undefined {
  const at = text.indexOf('=')
  const field = text.slice(0, at)
  if (at < 1 || field.split('.').includes('')) return undefined
  return [field, valueOf(text.slice(at + 1))]
}

function valueOf(text: string): JsonValue {
  if (!/^(?:true|false|-?\d|[[{])/.test(text)) return text
  try {
    const { value, coerced, faults } = readJson(text)
    return faults.length > 0 || coerced.length > 0 ? text : value
  } catch (error) {
    if (error instanceof FormatError) return text
    throw error
  }
}

/** The record with what it does not say itself: decisions with all of it, other records with the system alone. */
export function withGiven(record: MappedRecord, given: Given): MappedRecord {
  const { value } = record.reading
  if (given.size === 0 || !isObject(value)) return record
  const added = [...given].filter(
    ([field]) => (record.kind === 'decision' || field === 'system') && !isSaid(value, field),
  )
  if (added.length === 0) return record
  const whole = structuredClone(value)
  for (const [field, said] of added) setAt(whole, field.split('.'), said)
  return { ...record, reading: { ...record.reading, value: whole } }
}

/** Also where something above it is no object. */
function isSaid(value: JsonObject, field: string): boolean {
  let found: JsonValue | undefined = value
  for (const name of field.split('.')) {
    if (!isObject(found)) return true
    if (!Object.hasOwn(found, name)) return false
    found = found[name]
  }
  return true
}
