/**
 * What of a record its reader may see. The rest shows as `{"sealed": true}`: free text and messages, whoever the record names, and
 * features that took too many values to be kept queryable, until a purpose is stated; fields of a class the reader's role does not
 * see, for good; these say so: `{"sealed": true, "withheld": "protected"}`.
 */
import { type CanonicalRecord, type JsonValue, sealedPointers } from '@deponent/format'
import { type FieldClass, fieldClassOf } from '../access/field-class.ts'
import { isSealedOfKind } from './words-of-rights.ts'

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

export interface Seeing {
  /** Classes the reader sees. */
  readonly classes: ReadonlySet<FieldClass>
  /** Features of the record's system that are sealed only. */
  readonly sealedFeatures: ReadonlySet<string>
  /** JSON pointers of sealed fields that are revealed; `all` of them, or none when absent. */
  readonly revealed?: readonly string[] | 'all'
}

/** The record of an entry of this kind with everything covered that may not be seen. */
export function recordView(kind: string, record: CanonicalRecord, seeing: Seeing): CanonicalRecord {
  const view: CanonicalRecord = {}
  const isSealed = sealedPointers(record)
  for (const [name, value] of Object.entries(record)) {
    const seen = viewOf(name, value, seeing, isSealed)
    view[name] = isSealedOfKind(kind, name) && !isOpen(name, seeing) ? SEALED : seen
  }
  return view
}

/** Whether a field that the kind of its record seals shows as any other; one that is withheld says so. */
function isOpen(name: string, seeing: Seeing): boolean {
  return isRevealed(`/${escaped(name)}`, seeing) || !seeing.classes.has(fieldClassOf(name))
}

/** Fields that say where and when a record stands, and what was done to it. */
const ALWAYS_SHOWN = new Set(['classification', 'links', 'timestamp', 'at', 'system'])

function viewOf(
  name: string,
  value: JsonValue,
  seeing: Seeing,
  isSealed: (pointer: string) => boolean,
): JsonValue {
  const pointer = `/${escaped(name)}`
  const { classes } = seeing
  if (SEALED_FIELDS.has(name)) return isRevealed(pointer, seeing) ? value : SEALED
  if (!classes.has(fieldClassOf(name))) return withheld(name)
  if (
    name !== 'inputFeatures' &&
    !ALWAYS_SHOWN.has(name) &&
    isSealed(pointer) &&
    !isRevealed(pointer, seeing)
  )
    return SEALED
  if (name === 'inputFeatures' && isObject(value))
    return mapped(value, (feature, inner) => featureView(feature, inner, seeing, isSealed))
  if (name === 'explanation' && isObject(value))
    return mapped(value, (part, inner) =>
      part !== 'reasoning' || isRevealed(`${pointer}/reasoning`, seeing) ? inner : SEALED,
    )
  return value
}

function featureView(
  name: string,
  value: JsonValue,
  seeing: Seeing,
  isSealed: (pointer: string) => boolean,
): JsonValue {
  if (!seeing.classes.has(fieldClassOf(`feature.${name}`))) return withheld(`feature.${name}`)
  const pointer = `/inputFeatures/${escaped(name)}`
  const isOpen = isQueryable(value) && !seeing.sealedFeatures.has(name) && !isSealed(pointer)
  return isOpen || isRevealed(pointer, seeing) ? value : SEALED
}

/** What stands for a field whose class the reader does not see, whatever the purpose. */
function withheld(name: string): JsonValue {
  return { sealed: true, withheld: fieldClassOf(name) }
}

/** Whether a sealed field is revealed by itself or with what it stands in. */
function isRevealed(pointer: string, { classes, revealed }: Seeing): boolean {
  if (revealed === undefined || !classes.has('sealed')) return false
  return revealed === 'all' || revealed.some((given) => pointer === given || pointer.startsWith(`${given}/`))
}

/** Numbers, booleans and short strings: what may be searched while a field stays narrow. */
function isQueryable(value: JsonValue): boolean {
  if (typeof value === 'string') return Buffer.byteLength(value) <= QUERYABLE_TEXT_BYTES_MAX
  return typeof value === 'number' || typeof value === 'boolean'
}

function mapped(
  object: { [name: string]: JsonValue },
  view: (name: string, value: JsonValue) => JsonValue,
): JsonValue {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, view(name, value)]))
}

/** A name as a segment of a JSON pointer (RFC 6901). */
function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

function isObject(value: JsonValue): value is { [name: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
