/**
 * Learns, from records of one system, a preset dictionary for DEFLATE: what their texts have in common, about nobody.
 *
 * A dictionary outlives the records it was learned from, as it is needed to open others. So nothing may enter it that erasing a person
 * would have to take out again (`docs/decisions/0021-learned-dictionaries.md`): a member name, a value or the beginning of a value enters
 * only when it was met in records of at least WITNESSES different people (a record about nobody counts as one). Names must look like
 * names of fields; whole values are taken only from fields that say nothing about a person.
 */
import { type JsonObject, type JsonValue, utf8 } from '@deponent/format'

/** How many different people a text must have been met with before it is common to all. */
export const WITNESSES = 16
/** More than that costs more time at every record than it saves bytes. */
const DICTIONARY_BYTES_MAX = 6_144
const VARIANTS = 4
const SHAPES = 3
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/
const VALUE_LENGTH_MAX = 64
/** What a model is told before every conversation, which is the same in all of them. */
const INSTRUCTIONS_LENGTH_MAX = 4_096
const INSTRUCTIONS = 'instructions'

/** One record: its canonical text, and the person it is about (or, about nobody, itself). */
export interface Sample {
  text: string
  witness: string
}

/** Fields whose whole values may be common: words of a vocabulary, never an id, a name or free text. */
const WORDS: ReadonlySet<string> = new Set([
  'automationLevel',
  'basis',
  'confidence',
  'confidenceKind',
  'consentGiven',
  'consequenceLevel',
  'dataRetentionPolicy',
  'decisionCategory',
  'environment',
  'finalDecision',
  'finishReason',
  'humanOverride',
  'humanReviewRequired',
  'humanReviewed',
  'kind',
  'lawfulBasis',
  'legalEffect',
  'modelId',
  'modelType',
  'modelVersion',
  'operation',
  'policyVersion',
  'prediction',
  'promptName',
  'promptVersion',
  'provider',
  'purpose',
  'reasonCodes',
  'region',
  'requestedModel',
  'riskTier',
  'servedModel',
  'status',
  'system',
  'threshold',
  'inputFeatures',
  'featureStoreVersion',
  'jurisdiction',
  'rel',
  'tokenUsage',
  'topFeatures',
])

/** The dictionary of these records, or undefined when they have too little in common. */
export function learnDictionary(samples: readonly Sample[]): Uint8Array | undefined {
  const met = new Met()
  for (const { text, witness } of samples) met.take(JSON.parse(text) as JsonObject, witness)
  const texts = met
    .shapes()
    .flatMap((shape) => Array.from({ length: VARIANTS }, (_, i) => met.render(shape, VARIANTS - 1 - i)))
  if (texts.length === 0) return undefined
  // DEFLATE reaches what stands last at the least cost.
  const bytes = utf8(texts.join(''))
  return bytes.subarray(Math.max(0, bytes.length - DICTIONARY_BYTES_MAX))
}

/** What was met at one place of a record. */
interface Place {
  witnesses: Set<string>
  /** Witnesses of each whole value, by its JSON text. */
  values: Map<string, Set<string>>
  /** What all values met begin with, and the first few that differ: what few have is not the beginning of many. */
  beginning: string | undefined
  different: Set<string>
}

class Met {
  readonly #places = new Map<string, Place>()
  readonly #shapes = new Map<string, { record: JsonObject; witnesses: Set<string> }>()

  take(record: JsonObject, witness: string): void {
    const path: string[] = []
    this.#walk(record, '', '', witness, path)
    const key = path.join('\n')
    const shape = this.#shapes.get(key) ?? { record, witnesses: new Set() }
    shape.witnesses.add(witness)
    this.#shapes.set(key, shape)
  }

  /** The commonest shapes, the commonest last. */
  shapes(): JsonObject[] {
    return [...this.#shapes.values()]
      .filter(({ witnesses }) => witnesses.size >= WITNESSES)
      .toSorted((a, b) => b.witnesses.size - a.witnesses.size)
      .slice(0, SHAPES)
      .toReversed()
      .map(({ record }) => record)
  }

  /** A record of this shape as text, with the `variant`-th commonest value of each place. */
  render(shape: JsonObject, variant: number): string {
    return this.#render(shape, '', variant)
  }

  #walk(value: JsonValue, path: string, field: string, witness: string, paths: string[]): void {
    if (typeof value === 'object' && value !== null) {
      paths.push(path)
      for (const [name, member] of Object.entries(value))
        this.#walk(member, `${path}/${name}`, fieldOf(value, name, field), witness, paths)
      if (path !== '') this.#note(path, undefined, field, witness)
      return
    }
    paths.push(path)
    this.#note(path, JSON.stringify(value), field, witness)
  }

  #note(path: string, text: string | undefined, field: string, witness: string): void {
    const place = this.#places.get(path) ?? {
      witnesses: new Set(),
      values: new Map(),
      beginning: undefined,
      different: new Set(),
    }
    this.#places.set(path, place)
    place.witnesses.add(witness)
    if (text === undefined) return
    place.beginning = place.beginning === undefined ? text : commonBeginning(place.beginning, text)
    if (place.different.size < WITNESSES) place.different.add(text)
    const isInstructions = field === INSTRUCTIONS
    if (!isInstructions && !WORDS.has(field)) return
    if (text.length > (isInstructions ? INSTRUCTIONS_LENGTH_MAX : VALUE_LENGTH_MAX)) return
    const witnesses = place.values.get(text) ?? new Set()
    place.values.set(text, witnesses.add(witness))
  }

  #isCommon(path: string, name: string): boolean {
    return NAME.test(name) && (this.#places.get(path)?.witnesses.size ?? 0) >= WITNESSES
  }

  #render(value: JsonValue, path: string, variant: number): string {
    if (Array.isArray(value))
      return `[${value.map((item, i) => this.#render(item, `${path}/${i}`, variant)).join(',')}]`
    if (typeof value === 'object' && value !== null) {
      const names = Object.keys(value).filter((name) => this.#isCommon(`${path}/${name}`, name))
      const members = names.map(
        (name) => `"${name}":${this.#render(value[name]!, `${path}/${name}`, variant)}`,
      )
      return `{${members.join(',')}}`
    }
    return this.#value(path, variant)
  }

  #value(path: string, variant: number): string {
    const place = this.#places.get(path)
    if (!place || place.witnesses.size < WITNESSES) return ''
    const common = [...place.values]
      .filter(([, witnesses]) => witnesses.size >= WITNESSES)
      .toSorted(([, a], [, b]) => b.size - a.size)
    const chosen = common[variant % Math.max(1, common.length)]?.[0]
    // Long ones stand once, in the last text: repeated they would push out what is short.
    if (chosen !== undefined) return variant > 0 && chosen.length > VALUE_LENGTH_MAX ? '""' : chosen
    const isString = place.beginning?.startsWith('"')
    if (place.different.size < WITNESSES) return isString ? '""' : ''
    const beginning = place.beginning ?? ''
    return isString && (beginning === '"' || !beginning.endsWith('"')) ? `${beginning}"` : beginning
  }
}

/** The field whose rule a member falls under: that of the record it is below, but for a system message. */
function fieldOf(object: JsonValue, name: string, field: string): string {
  const isInstructions =
    name === 'content' && !Array.isArray(object) && (object as JsonObject).role === 'system'
  return isInstructions ? INSTRUCTIONS : field || name
}

function commonBeginning(a: string, b: string): string {
  let length = 0
  while (length < a.length && a[length] === b[length]) length += 1
  return a.slice(0, length)
}
