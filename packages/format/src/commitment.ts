/*
 * The payload commitment (`c: 1`): a record becomes JSON-pointer leaves, each hidden behind its own
 * salt, so that one field can be shown without the others and none can be guessed.
 *
 *   {"modelId":"m","tags":["a",{}]}  →  leaf 0  ["",{"id":…,"pointers":["/modelId","/tags/0","/tags/1"],"v":1}]
 *                                       leaf 1  ["/modelId","m"]
 *                                       leaf 2  ["/tags/0","a"]
 *                                       leaf 3  ["/tags/1",{}]
 *
 * Leaves follow the order of the canonical text, array elements in array order. Empty objects and
 * arrays are leaves; the record itself, when empty, has none but leaf 0. Pointers alone cannot tell
 * {"0":x,"1":y} from [x,y], so leaf 0 names in `objects` every object whose names are exactly 0, 1, …;
 * such objects are rare and leaf 0 has no `objects` without them. Thus one list of leaf texts has one record.
 */
import { FormatError } from './error.ts'
import { escapeToken } from './json/pointer.ts'
import { canonicalScalar, quoted, sortedNames } from './json/scalar.ts'
import type { JsonObject, JsonValue } from './json/value.ts'

/** Leaves of one record, leaf 0 not counted. */
export const RECORD_LEAVES_MAX = 4_096
/** Containers inside one another, the record itself the first. */
export const RECORD_DEPTH_MAX = 32

export interface PreparedPayload {
  /** The record as RFC 8785 text: what is sealed. */
  readonly text: string
  /** Pointer of each leaf but leaf 0, in leaf order. */
  readonly pointers: string[]
  /** RFC 8785 text of each leaf; index 0 is the shape. */
  readonly leafTexts: string[]
}

/**
 * Canonicalises and flattens a record in one walk. `id` is the entry id the shape binds the leaves to.
 *
 * @throws FormatError 'too_many_leaves' · 'too_deep' · what canonicalJson throws
 */
export function preparePayload(record: JsonObject, id: string): PreparedPayload {
  const flattening = new Flattening()
  const text = flattening.object(record, '', '', 1)
  return { text, pointers: flattening.pointers, leafTexts: flattening.withShape(id) }
}

class Flattening {
  readonly pointers: string[] = []
  private readonly leafTexts: string[] = ['']
  /** Pointers as JSON text, comma separated. */
  private shapePointers = ''
  private shapeObjects = ''

  /** Walks a non-scalar; `escaped` is its pointer as it stands inside a JSON string. Gives its canonical text. */
  object(object: JsonObject, pointer: string, escaped: string, depth: number): string {
    const names = sortedNames(object)
    if (names.length === 0) return pointer === '' ? '{}' : this.leaf(pointer, escaped, '{}')
    if (names[0] === '0' && isArrayLike(names)) this.shapeObjects = joined(this.shapeObjects, escaped)
    let text = '{'
    for (const name of names) {
      const member = object[name]!
      if (text.length > 1) text += ','
      if (isPlain(name)) {
        const path = `${pointer}/${name}`
        const escapedPath = pointer === escaped ? path : `${escaped}/${name}`
        text += `"${name}":${this.value(member, path, escapedPath, depth)}`
      } else {
        const token = escapeToken(name)
        const escapedPath = `${escaped}/${quoted(token).slice(1, -1)}`
        text += `${quoted(name)}:${this.value(member, `${pointer}/${token}`, escapedPath, depth)}`
      }
    }
    return `${text}}`
  }

  withShape(id: string): string[] {
    const objects = this.shapeObjects === '' ? '' : `"objects":[${this.shapeObjects}],`
    this.leafTexts[0] = `["",{"id":${quoted(id)},${objects}"pointers":[${this.shapePointers}],"v":1}]`
    return this.leafTexts
  }

  private value(value: JsonValue, pointer: string, escaped: string, depth: number): string {
    if (typeof value !== 'object' || value === null)
      return this.leaf(pointer, escaped, canonicalScalar(value))
    if (depth >= RECORD_DEPTH_MAX) {
      throw new FormatError('too_deep', `nested deeper than ${RECORD_DEPTH_MAX} levels`, pointer)
    }
    if (Array.isArray(value)) return this.array(value, pointer, escaped, depth + 1)
    return this.object(value, pointer, escaped, depth + 1)
  }

  private array(array: JsonValue[], pointer: string, escaped: string, depth: number): string {
    if (array.length === 0) return this.leaf(pointer, escaped, '[]')
    let text = '['
    for (let i = 0; i < array.length; i++) {
      const path = `${pointer}/${i}`
      if (i > 0) text += ','
      text += this.value(array[i]!, path, pointer === escaped ? path : `${escaped}/${i}`, depth)
    }
    return `${text}]`
  }

  private leaf(pointer: string, escaped: string, text: string): string {
    if (this.pointers.push(pointer) > RECORD_LEAVES_MAX) {
      throw new FormatError('too_many_leaves', `more than ${RECORD_LEAVES_MAX} leaves`, pointer)
    }
    this.shapePointers = joined(this.shapePointers, escaped)
    this.leafTexts.push(`["${escaped}",${text}]`)
    return text
  }
}

function joined(list: string, escaped: string): string {
  return list === '' ? `"${escaped}"` : `${list},"${escaped}"`
}

/** Whether the names are exactly 0, 1, …, n−1 in this order, as the pointers of an array's elements would be. */
function isArrayLike(names: readonly string[]): boolean {
  return names.every((name, i) => name === `${i}`)
}

/** Whether a name stands for itself both in a JSON string and in a JSON pointer. */
function isPlain(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i)
    if (code < 0x20 || code === 0x22 || code === 0x2f || code === 0x5c || code === 0x7e) return false
    if ((code & 0xf800) === 0xd800) return false
  }
  return true
}
