/** Names for records that came without one, so that importing them again records nothing twice. */
import { createHash } from 'node:crypto'
import { canonicalJson, isObject, type JsonObject } from '@deponent/format'
import type { MappedRecord } from './map-row.ts'

/**
 * The record with what a resend of it is known by: a decision by its `decisionId`, others by their `originDigest`. Both are made of what the
 * source calls it; where it calls it nothing, of what it says and, unless that names its decision, of `place`, the file and the line. What its emitter numbered
 * is known by its number, and stays as it is.
 */
export function identified(record: MappedRecord, format: string, place: string): MappedRecord {
  const { kind, reading } = record
  const { value } = reading
  if (!isObject(value) || value.emitter !== undefined) return record
  if (kind === 'decision') {
    if (isNamed(value)) return record
    const decisionId = `import-${digestOf(record, format, place).slice(0, 32)}`
    return { ...record, reading: { ...reading, value: { ...value, decisionId } } }
  }
  if (value.originDigest !== undefined) return record
  const originDigest = digestOf(record, format, place)
  return { ...record, reading: { ...reading, value: { ...value, originDigest } } }
}

/** Under each of the names that a decision's id may come. */
const ID_NAMES = ['decisionId', 'decision_id', 'eventId', 'event_id', 'auditId', 'audit_id']

function isNamed(value: JsonObject): boolean {
  return ID_NAMES.some((name) => value[name] !== undefined && value[name] !== null && value[name] !== '')
}

function digestOf({ kind, reading, origin }: MappedRecord, format: string, place: string): string {
  const value = reading.value as JsonObject
  const where = isNamed(value) ? '' : place
  const what = origin === undefined ? ['said', canonicalJson(value), where] : ['named', format, origin]
  return createHash('sha256')
    .update(['deponent import', kind, ...what].join('\0'))
    .digest('hex')
}
