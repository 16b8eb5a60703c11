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
  readonly pattern: RegExp
  readonly length: number
  readonly treatment: Treatment
}

/**
 * Of several declarations that match a field one decides: its own pointer, then a pointer with `*`, then a pattern for its name
 * (the longest), then the pointer of what it stands in (the nearest).
 */
export class FieldRules {
  readonly mode: Mode
  /** Whether anything is replaced or left out: only then a record is walked through as a whole. */
  readonly alters: boolean
  /** Whether nothing is declared. */
  readonly isEmpty: boolean
  readonly #exact: ReadonlyMap<string, Treatment>
  readonly #wildcards: readonly Wildcard[]
  readonly #names: readonly NamePattern[]

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
      .map(([key, treatment]) => ({ pattern: nameExpression(key), length: key.length, treatment }))
      .toSorted((a, b) => b.length - a.length)
    this.isEmpty = declared.length === 0
    this.alters = declared.some(([, treatment]) => treatment === 'drop' || treatment === 'pseudonymise')
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
    return this.#names.find(({ pattern }) => pattern.test(name))?.treatment
  }

  /** What is declared for the field or, failing that, for the nearest of what it stands in. */
  of(pointer: string, name: string): Treatment | undefined {
    const own = this.own(pointer, name)
    if (own !== undefined || this.#exact.size === 0) return own
    for (let end = pointer.lastIndexOf('/'); end > 0; end = pointer.lastIndexOf('/', end - 1)) {
      const above = this.#exact.get(pointer.slice(0, end))
      if (above !== undefined) return above
    }
    return undefined
  }
}

function isWild(pointer: string): boolean {
  return tokensOf(pointer).includes('*')
}

function matches(pattern: readonly string[], tokens: readonly string[]): boolean {
  return pattern.length === tokens.length && pattern.every((token, i) => token === '*' || token === tokens[i])
}

/** `*` takes any letters; one after another they are one, so that matching stays as cheap as the name is long. */
function nameExpression(pattern: string): RegExp {
  const parts = pattern.split(/\*+/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
  return new RegExp(`^${parts.join('[^]*')}$`, 'i')
}
