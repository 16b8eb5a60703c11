/**
 * What of a record its reader may see. The rest shows as `{"sealed": true}`: free text and messages, whoever the record names, and
 * features that took too many values to be kept queryable, until a purpose is stated; fields of a class the reader's role does not
 * see, for good; these say so: `{"sealed": true, "withheld": "protected"}`.
 */
import type { CanonicalRecord, JsonValue } from '@deponent/format'
import { type FieldClass, fieldClassOf } from '../access/field-class.ts'
import { ALWAYS_SHOWN } from '../vault/classify/policy.ts'
import { type DeclaredSince, partView, SEALED, SealedPart } from './sealed-parts.ts'
import { isSealedOfKind } from './words-of-rights.ts'

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
  'comment',
  'grounds',
  'statement',
  'text',
  'content',
  'reasoning',
  'emitter',
])

export interface Seeing {
  /** Classes the reader sees. */
  readonly classes: ReadonlySet<FieldClass>
  /** Features of the record's system that are sealed only. */
  readonly sealedFeatures: ReadonlySet<string>
  /** What was declared for the system of the record; what the record itself says is all when absent. */
  readonly declared?: DeclaredSince
  /** JSON pointers of sealed fields that are revealed; `all` of them, or none when absent. */
  readonly revealed?: readonly string[] | 'all'
}

/** The record of an entry of this kind with everything covered that may not be seen. */
export function recordView(kind: string, record: CanonicalRecord, seeing: Seeing): CanonicalRecord {
  const view: CanonicalRecord = {}
  const top = SealedPart.top(record, seeing.declared)
  for (const [name, value] of Object.entries(record)) {
    const part = top.at(name)
    const seen = viewOf(name, value, seeing, part)
    view[name] = isSealedOfKind(kind, name) && !isOpen(name, part, seeing) ? SEALED : seen
  }
  return view
}

/** Whether a field shows as any other although the kind of its record seals it: revealed, or withheld for its class, which says more. */
function isOpen(name: string, { pointer }: SealedPart, seeing: Seeing): boolean {
  return isRevealed(pointer, seeing) || !seeing.classes.has(fieldClassOf(name))
}

function viewOf(name: string, value: JsonValue, seeing: Seeing, part: SealedPart): JsonValue {
  const { pointer } = part
  const { classes } = seeing
  if (SEALED_FIELDS.has(name)) return isRevealed(pointer, seeing) ? value : SEALED
  if (!classes.has(fieldClassOf(name))) return withheld(name)
  if (ALWAYS_SHOWN.has(name)) return value
  if (name === 'inputFeatures' && isObject(value))
    return mapped(value, (feature, inner) => featureView(feature, inner, seeing, part.at(feature)))
  return partView(value, part, (at) => isRevealed(at, seeing))
}

function featureView(name: string, value: JsonValue, seeing: Seeing, part: SealedPart): JsonValue {
  if (!seeing.classes.has(fieldClassOf(`feature.${name}`))) return withheld(`feature.${name}`)
  const isOpen = isQueryable(value) && !seeing.sealedFeatures.has(name) && !part.isSealed
  return isOpen || isRevealed(part.pointer, seeing) ? value : SEALED
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

function isObject(value: JsonValue): value is { [name: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
