/** The declarations for one system, ready to be asked of each field. */
import { escapeToken, placesOf, pointerOf, snakeCase, tokensOf } from '@deponent/format'
import { otherPlaces } from './other-places.ts'
import { type Mode, type SystemRules, TREATMENTS, type Treatment } from './policy.ts'

/** Longer names match no pattern; an identifier may have as many. */
const NAME_CHARACTERS_MAX = 1_024

interface Wildcard {
  readonly tokens: readonly string[]
  readonly treatment: Treatment
}

interface NamePattern {
  /** What stands between the stars, in capitals. */
  readonly parts: readonly string[]
  readonly length: number
  readonly treatment: Treatment
}

/**
 * Of several declarations that match a field one decides: its own pointer, then a pointer with `*`, then a pattern for its name
 * (the longest), then, in the same order, those that match what it stands in (the nearest).
 *
 * A field may be declared by any name it may be sent by, and what is declared of it holds for what records keep of it under `/metadata`
 * too: what cannot be read as the field, what lost against a better spelling, what no kind has a field for. There a pointer that names
 * `/metadata` comes first; of the others the one that keeps most from being seen. Names are compared in NFC.
 */
export class FieldRules {
  readonly mode: Mode
  /** Whether anything is replaced or left out: only then a record is walked through as a whole. */
  readonly alters: boolean
  /** Whether anything is declared sealed: only then it is looked for in what the index has no place for. */
  readonly seals: boolean
  /** Whether nothing is declared. */
  readonly isEmpty: boolean
  readonly #exact: ReadonlyMap<string, Treatment>
  readonly #wildcards: readonly Wildcard[]
  readonly #names: readonly NamePattern[]
  /** Of names without `*` that are other names of fields: by pointers of these fields. */
  readonly #aliases: ReadonlyMap<string, Treatment>
  /** First names of pointers. */
  readonly #tops: ReadonlySet<string>

  constructor({ mode, fields }: SystemRules, fallback: Mode) {
    this.mode = mode ?? fallback
    const declared = Object.entries(fields)
      .filter(([, treatment]) => TREATMENTS.includes(treatment))
      .map(([key, treatment]) => [key.normalize('NFC'), treatment] as const)
    const names = declared.filter(([key]) => !key.startsWith('/'))
    const pointers = [...byPlace(declared.filter(([key]) => key.startsWith('/')))]
    this.#exact = new Map(pointers.filter(([key]) => !isWild(key)))
    this.#wildcards = pointers
      .filter(([key]) => isWild(key))
      .map(([key, treatment]) => ({ tokens: tokensOf(key), treatment }))
    this.#names = names
      .map(([key, treatment]) => ({ parts: key.toUpperCase().split('*'), length: key.length, treatment }))
      .toSorted((a, b) => b.length - a.length)
    this.#aliases = byPlace(names.map(([key, treatment]) => [`/${escapeToken(key)}`, treatment] as const))
    this.#tops = new Set(pointers.map(([key]) => tokensOf(key)[0]!))
    this.isEmpty = declared.length === 0
    this.seals = declared.some(([, treatment]) => treatment === 'seal')
    this.alters = declared.some(([, treatment]) => treatment === 'drop' || treatment === 'pseudonymise')
  }

  /** Whether anything is declared that may be about a top-level field or what stands in it. */
  concerns(top: string): boolean {
    if (this.#names.length > 0 || this.#tops.has('*') || this.#tops.has(top.normalize('NFC'))) return true
    return top === 'metadata' && this.#tops.size > 0
  }

  /** What is declared for the field itself, not for what it stands in. */
  own(pointer: string, name: string): Treatment | undefined {
    if (this.isEmpty) return undefined
    const at = pointer.normalize('NFC')
    const exact = this.#exact.get(at)
    if (exact !== undefined) return exact
    const tokens = tokensOf(at)
    const others = otherPlaces(tokens)
    return this.#byPointer(tokens, others) ?? this.#byName(name.normalize('NFC'), [tokens, ...others])
  }

  /** What is declared that may match below a top-level field, by how it is declared. */
  below(top: string): Map<string, Treatment> {
    const pointers = [
      ...this.#exact,
      ...this.#wildcards.map(({ tokens, treatment }) => [pointerOf(tokens), treatment] as const),
    ].filter(([pointer]) => {
      const [first, ...below] = tokensOf(pointer)
      return below.length > 0 && (first === '*' || first === top)
    })
    const names = this.#names.map(({ parts, treatment }) => [parts.join('*'), treatment] as const)
    return new Map([...pointers, ...names])
  }

  #byPointer(tokens: readonly string[], others: readonly (readonly string[])[]): Treatment | undefined {
    const elsewhere = others
      .map((place) => this.#exact.get(pointerOf(place)) ?? this.#wild(place))
      // What opens a field opens nothing that is declared closed where it is kept.
      .filter((treatment) => treatment !== 'queryable' || !this.#exact.has(`/${tokens[0]!}`))
    return strictest([this.#wild(tokens), ...elsewhere])
  }

  #wild(tokens: readonly string[]): Treatment | undefined {
    return this.#wildcards.find((candidate) => matches(candidate.tokens, tokens))?.treatment
  }

  /** By the name it has, then by the other names of the field it is. */
  #byName(name: string, places: readonly (readonly string[])[]): Treatment | undefined {
    if (this.#names.length === 0) return undefined
    const others = places.flatMap((place) => {
      const last = place.at(-1)!
      return place.length === 1 ? [last, snakeCase(last)] : [last]
    })
    for (const candidate of new Set([name, ...others])) {
      if (candidate.length > NAME_CHARACTERS_MAX) continue
      const capitals = candidate.toUpperCase()
      const found = this.#names.find(({ parts }) => isMadeOf(capitals, parts))
      if (found) return found.treatment
    }
    return strictest(places.map((place) => this.#aliases.get(pointerOf(place))))
  }

  /** What is declared for the field or, failing that, for the nearest of what it stands in. */
  of(pointer: string, name: string): Treatment | undefined {
    const own = this.own(pointer, name)
    if (own !== undefined || this.isEmpty) return own
    const above = pointer.slice(0, pointer.lastIndexOf('/'))
    return above === '' ? undefined : this.of(above, tokensOf(above).at(-1)!)
  }
}

/** What is declared, by where in records it lies; what is declared by that very pointer comes first. */
function byPlace(declared: readonly (readonly [string, Treatment])[]): Map<string, Treatment> {
  const own = new Map(declared)
  const found = new Map<string, Treatment>()
  for (const [key, treatment] of declared)
    for (const place of placesOf(tokensOf(key), true)) {
      const pointer = pointerOf(place)
      found.set(pointer, own.get(pointer) ?? strictest([found.get(pointer), treatment])!)
    }
  return found
}

/** The one that keeps most from being seen. */
function strictest(treatments: readonly (Treatment | undefined)[]): Treatment | undefined {
  return TREATMENTS.findLast((treatment) => treatments.includes(treatment))
}

function isWild(pointer: string): boolean {
  return tokensOf(pointer).includes('*')
}

function matches(pattern: readonly string[], tokens: readonly string[]): boolean {
  return pattern.length === tokens.length && pattern.every((token, i) => token === '*' || token === tokens[i])
}

/**
 * Whether the name begins with the first part, ends with the last and holds those between in their order. Each is taken where it stands
 * first, and never again: a name that somebody chose to be hard to match costs no more than another.
 */
function isMadeOf(name: string, parts: readonly string[]): boolean {
  const [first = '', ...others] = parts
  const last = others.pop()
  if (last === undefined) return name === first
  const end = name.length - last.length
  if (!name.startsWith(first) || !name.endsWith(last)) return false
  let at = first.length
  for (const part of others) {
    const found = name.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return at <= end
}
