import { FormatError, KINDS } from '@deponent/format'
import type { RecordKind } from '@deponent/format'
import { nearestKey } from './nearest-key.ts'

/**
 * The mapping file of `deponent import`: how one row of a table becomes records.
 *
 * ```json
 * {"kind": "decision",
 *  "fields": {
 *    "decisionId": {"template": "loan-{id}"},
 *    "modelId": {"const": "scorer"},
 *    "prediction": {"from": "score_text", "map": {"Low": "low", "High": "high"}},
 *    "confidence": {"from": "decile", "type": "number", "divideBy": 10},
 *    "inputFeatures.age": {"from": "age", "type": "integer"}},
 *  "then": [{"kind": "outcome", "fields": {"outcome": {"from": "repaid", "type": "integer"}}}]}
 * ```
 *
 * The keys of `fields` are record fields; a dot goes one object deeper. `then` makes further records about the row's
 * decision; each carries its `decisionId` (and `system`). A field is absent where its source cell is empty (an empty
 * string or null), also in a template: half an id is worse than none.
 */
export interface Mapping extends RecordMapping {
  then: RecordMapping[]
}

export interface RecordMapping {
  kind: RecordKind
  fields: MappedField[]
}

export interface MappedField {
  /** Where the value goes in the record, outermost name first. */
  target: readonly string[]
  source: FieldSource
}

export type FieldSource =
  | { const: JsonConstant }
  | { template: readonly TemplatePart[]; optional: boolean }
  | {
      from: string
      /** Replaces the cell's text; a text it does not list is an error of that row. */
      map?: ReadonlyMap<string, JsonConstant>
      /** How the cell's text is read; default: as it stands. */
      type?: FieldType
      /** With type `number`: the value is divided by it (10 turns deciles into 0..1, without 0.1's rounding noise). */
      divideBy?: number
      /** True where rows may lack the source altogether (JSON Lines); otherwise that is an error naming it. */
      optional: boolean
    }

export type TemplatePart = { text: string } | { from: string }
export type JsonConstant = string | number | boolean | null | JsonConstant[] | { [key: string]: JsonConstant }

export const FIELD_TYPES = ['string', 'integer', 'number', 'boolean', 'json'] as const
export type FieldType = (typeof FIELD_TYPES)[number]

/** A mapping that cannot be used. `path` is a JSON pointer into the mapping file, or empty. */
export class MappingError extends FormatError {
  constructor(path: string, message: string) {
    super('bad_mapping', path === '' ? message : `${path}: ${message}`, path)
  }
}

/**
 * Checks a parsed mapping file.
 *
 * @throws {MappingError} for an unknown key or kind (naming the nearest known one) and every contradiction
 */
export function parseMapping(json: unknown): Mapping {
  const file = objectAt('', json, ['kind', 'fields', 'then'])
  const mapping = { ...recordMapping('', file), then: thenMappings(file.then) }
  if (mapping.then.length > 0) checkThen(mapping)
  return mapping
}

/** Every source column a row must have. */
export function requiredColumns(mapping: Mapping): string[] {
  const fields = [mapping, ...mapping.then].flatMap((record) => record.fields)
  return [...new Set(fields.flatMap(({ source }) => columnsOf(source)))]
}

function columnsOf(source: FieldSource): string[] {
  if ('const' in source || source.optional) return []
  if ('from' in source) return [source.from]
  return source.template.flatMap((part) => ('from' in part ? [part.from] : []))
}

function thenMappings(json: unknown): RecordMapping[] {
  if (json === undefined) return []
  if (!Array.isArray(json)) throw new MappingError('/then', 'expected an array')
  return json.map((item: unknown, i) =>
    recordMapping(`/then/${i}`, objectAt(`/then/${i}`, item, ['kind', 'fields'])),
  )
}

/** Records under `then` are about a decision, so there must be one, and it must have an id to carry. */
function checkThen(mapping: Mapping): void {
  if (mapping.kind !== 'decision')
    throw new MappingError('/then', 'only a decision can be followed by other records')
  if (!mapping.fields.some(({ target }) => target.join('.') === 'decisionId')) {
    throw new MappingError('/fields', 'records under "then" carry the decisionId, so the decision needs one')
  }
}

function recordMapping(path: string, { kind, fields }: Record<string, unknown>): RecordMapping {
  return { kind: kindAt(`${path}/kind`, kind), fields: fieldsAt(`${path}/fields`, fields) }
}

function kindAt(path: string, kind: unknown): RecordKind {
  if (typeof kind !== 'string') throw new MappingError(path, 'expected the kind of record a row makes')
  const known = KINDS.find((candidate) => candidate === kind)
  if (known !== undefined) return known
  throw new MappingError(path, `"${kind}" is no kind of record; did you mean "${nearestKey(kind, KINDS)}"?`)
}

function fieldsAt(path: string, json: unknown): MappedField[] {
  const fields = Object.entries(objectAt(path, json)).map(([name, source]) => {
    const at = `${path}/${escapePointer(name)}`
    return { target: targetOf(at, name), source: sourceAt(at, source) }
  })
  if (fields.length === 0) throw new MappingError(path, 'names no field')
  for (const { target } of fields) checkNotInside(path, target, fields)
  return fields
}

function targetOf(path: string, name: string): string[] {
  const target = name.split('.')
  if (target.includes('')) throw new MappingError(path, 'a field name has an empty part')
  return target
}

/** `a` and `a.b` cannot both be set. */
function checkNotInside(path: string, target: readonly string[], fields: readonly MappedField[]): void {
  const inside = fields.find(
    (field) => field.target.length > target.length && target.every((name, i) => field.target[i] === name),
  )
  if (inside === undefined) return
  throw new MappingError(
    path,
    `"${target.join('.')}" is set as a whole and again by "${inside.target.join('.')}"`,
  )
}

function sourceAt(path: string, json: unknown): FieldSource {
  const source = objectAt(path, json, ['from', 'const', 'template', 'map', 'type', 'divideBy', 'optional'])
  const ways = ['from', 'const', 'template'].filter((key) => source[key] !== undefined)
  if (ways.length !== 1) throw new MappingError(path, 'needs exactly one of "from", "const" and "template"')
  if (source.const !== undefined) return constSource(path, source)
  return source.from === undefined ? templateSource(path, source) : columnSource(path, source)
}

function constSource(path: string, source: Record<string, unknown>): FieldSource {
  refuse(path, source, 'const', ['map', 'type', 'divideBy', 'optional'])
  return { const: source.const as JsonConstant }
}

function templateSource(path: string, source: Record<string, unknown>): FieldSource {
  refuse(path, source, 'template', ['map', 'type', 'divideBy'])
  const template = templateParts(path, stringAt(`${path}/template`, source.template))
  return { template, optional: flagAt(`${path}/optional`, source.optional) }
}

function columnSource(path: string, source: Record<string, unknown>): FieldSource {
  const type = typeAt(`${path}/type`, source.type)
  if (source.map !== undefined) refuse(path, source, 'map', ['type', 'divideBy'])
  return {
    from: stringAt(`${path}/from`, source.from),
    optional: flagAt(`${path}/optional`, source.optional),
    ...(source.map === undefined ? {} : { map: mapAt(`${path}/map`, source.map) }),
    ...(type === undefined ? {} : { type }),
    ...(source.divideBy === undefined
      ? {}
      : { divideBy: divisorAt(`${path}/divideBy`, source.divideBy, type) }),
  }
}

function refuse(
  path: string,
  source: Record<string, unknown>,
  beside: string,
  keys: readonly string[],
): void {
  const found = keys.find((key) => source[key] !== undefined)
  if (found !== undefined) throw new MappingError(path, `"${found}" has no meaning beside "${beside}"`)
}

/** `loan-{id}`: text and column names in braces; `{{` and `}}` stand for the braces themselves. */
function templateParts(path: string, template: string): TemplatePart[] {
  const parts: TemplatePart[] = []
  for (const [token, column] of template.matchAll(/\{\{|\}\}|\{([^{}]+)\}|[^{}]+|[{}]/g)) {
    if (column !== undefined) parts.push({ from: column })
    else if (token === '{' || token === '}')
      throw new MappingError(path, `a "${token}" stands alone in the template`)
    else parts.push({ text: token === '{{' ? '{' : token === '}}' ? '}' : token })
  }
  return parts
}

function typeAt(path: string, type: unknown): FieldType | undefined {
  if (type === undefined) return undefined
  const known = FIELD_TYPES.find((candidate) => candidate === type)
  if (known !== undefined) return known
  const nearest = typeof type === 'string' ? `; did you mean "${nearestKey(type, FIELD_TYPES)}"?` : ''
  throw new MappingError(path, `expected one of ${FIELD_TYPES.join(', ')}${nearest}`)
}

function mapAt(path: string, json: unknown): ReadonlyMap<string, JsonConstant> {
  return new Map(Object.entries(objectAt(path, json)) as [string, JsonConstant][])
}

function divisorAt(path: string, divisor: unknown, type: FieldType | undefined): number {
  if (type !== 'number') throw new MappingError(path, 'needs "type": "number" beside it')
  if (typeof divisor !== 'number' || divisor === 0 || !Number.isFinite(divisor)) {
    throw new MappingError(path, 'expected a number other than 0')
  }
  return divisor
}

function stringAt(path: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') throw new MappingError(path, 'expected a text')
  return value
}

function flagAt(path: string, value: unknown): boolean {
  if (value !== undefined && typeof value !== 'boolean')
    throw new MappingError(path, 'expected true or false')
  return value ?? false
}

/** An object whose keys are all in `known` (any, when not given). */
function objectAt(path: string, json: unknown, known?: readonly string[]): Record<string, unknown> {
  if (json === null || typeof json !== 'object' || Array.isArray(json)) {
    throw new MappingError(path, 'expected an object')
  }
  const unknown = known && Object.keys(json).find((key) => !known.includes(key))
  if (known !== undefined && unknown !== undefined) {
    throw new MappingError(path, `unknown key "${unknown}"; did you mean "${nearestKey(unknown, known)}"?`)
  }
  return json as Record<string, unknown>
}

function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
