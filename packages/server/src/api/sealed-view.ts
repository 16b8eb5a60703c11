/**
 * What of a record anyone with the right to read decisions may see. The rest shows as `{"sealed": true}` until a purpose is
 * stated: free text and messages, whoever the record names, and features that took too many values to be kept queryable.
 */
import type { CanonicalRecord, JsonValue } from '@deponent/format'

const SEALED: JsonValue = { sealed: true }
const QUERYABLE_TEXT_BYTES_MAX = 64

/** Top-level fields that are sealed only. */
const SEALED_FIELDS = new Set([
  'input',
  'messages',
  'metadata',
  'affectedUserId',
  'userId',
  'affectedSubjects',
  'ipAddress',
  'userAgent',
  'contextData',
  'retrievedDocuments',
  'toolCalls',
  'overrideReason',
  'statement',
  'text',
  'reasoning',
  'emitter',
])

/** The record with sealed fields covered; `sealedFeatures` are the features of its system that are sealed only. */
export function sealedView(record: CanonicalRecord, sealedFeatures: ReadonlySet<string>): CanonicalRecord {
  const view: CanonicalRecord = {}
  for (const [name, value] of Object.entries(record)) view[name] = viewOf(name, value, sealedFeatures)
  return view
}

function viewOf(name: string, value: JsonValue, sealedFeatures: ReadonlySet<string>): JsonValue {
  if (SEALED_FIELDS.has(name)) return SEALED
  if (name === 'inputFeatures' && isObject(value)) return featuresView(value, sealedFeatures)
  if (name === 'explanation' && isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([part, inner]) => [part, part === 'reasoning' ? SEALED : inner]),
    )
  }
  return value
}

function featuresView(features: Record<string, JsonValue>, sealed: ReadonlySet<string>): JsonValue {
  return Object.fromEntries(
    Object.entries(features).map(([name, value]) => [
      name,
      sealed.has(name) || !isQueryable(value) ? SEALED : value,
    ]),
  )
}

/** Numbers, booleans and short strings: what may be searched while a field stays narrow. */
function isQueryable(value: JsonValue): boolean {
  if (typeof value === 'string') return Buffer.byteLength(value) <= QUERYABLE_TEXT_BYTES_MAX
  return typeof value === 'number' || typeof value === 'boolean'
}

function isObject(value: JsonValue): value is { [name: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
