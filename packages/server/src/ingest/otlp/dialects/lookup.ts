/** Finding what a span says under one of several names. */
import { isObject, type JsonObject, type JsonValue, readJson, setMember } from '@deponent/format'

/** The first of these attributes that says something. */
export function first(attributes: JsonObject, names: readonly string[]): JsonValue | undefined {
  for (const name of names) {
    const value = memberOf(attributes, name)
    if (value !== undefined && value !== null && value !== '') return value
  }
  return undefined
}

export function memberOf(attributes: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(attributes, name) ? attributes[name] : undefined
}

/** The same as text: numbers and truth values as they are written. */
export function firstText(attributes: JsonObject, names: readonly string[]): string | undefined {
  const value = first(attributes, names)
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? `${value}` : undefined
}

/** The same as a finite number, also one written as text. */
export function firstNumber(attributes: JsonObject, names: readonly string[]): number | undefined {
  const value = first(attributes, names)
  const number = typeof value === 'string' && /^-?\d/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

/** Texts longer than this are kept as they are; reading them would cost more than it tells. */
const PARSED_LENGTH_MAX = 1_048_576

/** Most dialects put JSON into texts, since attributes hold no objects: what it holds, or the text where it is none. */
export function parsed(value: JsonValue): JsonValue {
  if (typeof value !== 'string' || value.length > PARSED_LENGTH_MAX || !/^\s*[[{"]/.test(value)) return value
  try {
    const { value: inner, faults } = readJson(value)
    return faults.length === 0 ? inner : value
  } catch {
    return value
  }
}

export function firstParsed(attributes: JsonObject, names: readonly string[]): JsonValue | undefined {
  const value = first(attributes, names)
  return value === undefined ? undefined : parsed(value)
}

/** MLflow writes every attribute as JSON, texts in quotes. */
export function unquoted(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const inner = parsed(text)
  return typeof inner === 'string' ? inner : text
}

/** Indices beyond this stay where they are, in the attributes: making lists of them would let a few bytes ask for gigabytes. */
const INDEX_MAX = 1_023
/** Names inside one another. */
const SEGMENTS_MAX = 12

/** A node of flattened attributes. */
type Tree = Map<string, Tree | JsonValue>

/** What lies flattened below a prefix, `llm.input_messages.0.message.role` and the like: lists where names are numbers. Undefined for nothing. */
export function unflattened(attributes: JsonObject, prefix: string): JsonValue | undefined {
  const top: Tree = new Map()
  for (const [name, value] of Object.entries(attributes)) {
    if (!name.startsWith(`${prefix}.`)) continue
    const segments = name.slice(prefix.length + 1).split('.')
    if (segments.length > SEGMENTS_MAX || segments.some(isBeyond)) continue
    put(top, segments, value)
  }
  return top.size === 0 ? undefined : grown(top)
}

function isBeyond(segment: string): boolean {
  return /^\d+$/.test(segment) && Number(segment) > INDEX_MAX
}

function put(top: Tree, segments: readonly string[], value: JsonValue): void {
  let tree = top
  for (const segment of segments.slice(0, -1)) {
    const inner = tree.get(segment)
    if (inner instanceof Map) tree = inner
    else {
      const made: Tree = new Map()
      tree.set(segment, made)
      tree = made
    }
  }
  const last = segments.at(-1)!
  if (!(tree.get(last) instanceof Map)) tree.set(last, value)
}

function grown(tree: Tree | JsonValue): JsonValue {
  if (!(tree instanceof Map)) return tree
  const names = [...tree.keys()]
  if (names.every((name) => /^\d+$/.test(name)))
    return names.toSorted((a, b) => Number(a) - Number(b)).map((name) => grown(tree.get(name)!))
  const object: JsonObject = {}
  for (const [name, inner] of tree) setMember(object, name, grown(inner))
  return object
}

/** The elements of a list, each out of what it is wrapped in: `[{message: {role}}]` → `[{role}]`. */
export function unwrapped(list: JsonValue | undefined, wrapper: string): JsonValue[] | undefined {
  if (!Array.isArray(list)) return undefined
  return list.map((item) => (isObject(item) && isObject(item[wrapper]) ? item[wrapper] : item))
}
