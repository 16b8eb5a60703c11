/**
 * Inputs that were never recorded, made of ones that were: a program that computes its output gives another one for some of them, a
 * program that looks up or makes up what it says does not.
 */
import { canonicalJson, isObject, type JsonObject, type JsonValue } from '@deponent/format'

/** One way to alter numbers and words; what is whole stays whole. */
interface Alteration {
  number(value: number): number
  words(words: readonly string[]): readonly string[]
  readonly flips: boolean
}

const keepWhole = (before: number, after: number): number =>
  Number.isInteger(before) ? Math.trunc(after) : after

const ALTERATIONS: readonly Alteration[] = [
  { number: (value) => value * 2 + 1, words: (words) => words.toReversed(), flips: true },
  { number: () => 0, words: (words) => words.slice(0, Math.ceil(words.length / 2)), flips: false },
  { number: (value) => keepWhole(value, value / 2), words: (words) => words.slice(1), flips: false },
  { number: (value) => value + 1, words: (words) => [...words, ...words], flips: true },
]

/** Names of members that say what an object is, not what it holds. */
const STRUCTURAL = new Set(['role', 'type', 'id', 'name'])

/**
 * The inputs, altered in up to `count` ways, each once, the strongest first; none where nothing can be altered. Single words are mostly
 * categories, which a model knows or refuses: they change only where there is nothing else.
 */
export function alteredInputs(inputs: JsonObject, count: number): JsonObject[] {
  const gentle = distinct(inputs, false)
  return (gentle.length > 0 ? gentle : distinct(inputs, true)).slice(0, count)
}

function distinct(inputs: JsonObject, withCategories: boolean): JsonObject[] {
  const seen = new Set([canonicalJson(inputs)])
  return ALTERATIONS.map((alteration) => altered(inputs, alteration, withCategories) as JsonObject).filter(
    (candidate) => {
      const text = canonicalJson(candidate)
      return !seen.has(text) && seen.add(text)
    },
  )
}

function altered(value: JsonValue, how: Alteration, withCategories: boolean): JsonValue {
  if (typeof value === 'number') return finite(how.number(value))
  if (typeof value === 'boolean') return how.flips ? !value : value
  if (typeof value === 'string') return alteredText(value, how, withCategories)
  if (Array.isArray(value)) return value.map((inner) => altered(inner, how, withCategories))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      STRUCTURAL.has(name) && typeof inner === 'string' ? inner : altered(inner, how, withCategories),
    ]),
  )
}

function alteredText(text: string, { words }: Alteration, withCategories: boolean): string {
  const parts = text.split(/\s+/)
  if (parts.length > 1) return words(parts).join(' ')
  return withCategories ? words(Array.from(text)).join('') : text
}

/** JSON has no word for what grew beyond the largest number. */
function finite(value: number): number {
  return Number.isFinite(value) ? value : 0
}
