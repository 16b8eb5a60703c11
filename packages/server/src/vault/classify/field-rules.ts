/** The declarations for one system, ready to be asked of each field. */
import { tokensOf } from '@deponent/format'
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
  /** First names of pointers. */
  readonly #tops: ReadonlySet<string>

  constructor({ mode, fields }: SystemRules, fallback: Mode) {
    this.mode = mode ?? fallback
    const declared = Object.entries(fields).filter(([, treatment]) => TREATMENTS.includes(treatment))
    const pointers = declared.filter(([key]) => key.startsWith('/'))
    this.#exact = new Map(pointers.filter(([key]) => !isWild(key)))
    this.#wildcards = pointers
      .filter(([key]) => isWild(key))
      .map(([key, treatment]) => ({ tokens: tokensOf(key), treatment }))
    this.#names = declared
      .filter(([key]) => !key.startsWith('/'))
      .map(([key, treatment]) => ({ parts: key.toUpperCase().split('*'), length: key.length, treatment }))
      .toSorted((a, b) => b.length - a.length)
    this.#tops = new Set(pointers.map(([key]) => tokensOf(key)[0]!))
    this.isEmpty = declared.length === 0
    this.seals = declared.some(([, treatment]) => treatment === 'seal')
    this.alters = declared.some(([, treatment]) => treatment === 'drop' || treatment === 'pseudonymise')
  }

  /** Whether anything is declared that may be about a top-level field or what stands in it. */
  concerns(top: string): boolean {
    return this.#names.length > 0 || this.#tops.has('*') || this.#tops.has(top)
  }

  /** What is declared for the field itself, not for what it stands in. */
  own(pointer: string, name: string): Treatment | undefined {
    const exact = this.#exact.get(pointer)
    if (exact !== undefined) return exact
    if (this.#wildcards.length > 0) {
      const tokens = tokensOf(pointer)
      const wild = this.#wildcards.find((candidate) => matches(candidate.tokens, tokens))
      if (wild) return wild.treatment
    }
    if (name.length > NAME_CHARACTERS_MAX) return undefined
    if (this.#names.length === 0) return undefined
    const capitals = name.toUpperCase()
    return this.#names.find(({ parts }) => isMadeOf(capitals, parts))?.treatment
  }

  /** What is declared for the field or, failing that, for the nearest of what it stands in. */
  of(pointer: string, name: string): Treatment | undefined {
    const own = this.own(pointer, name)
    if (own !== undefined || this.isEmpty) return own
    const above = pointer.slice(0, pointer.lastIndexOf('/'))
    return above === '' ? undefined : this.of(above, tokensOf(above).at(-1)!)
  }
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
