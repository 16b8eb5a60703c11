/** What is known of a field of a system by its name alone: worked out once, because a system uses the same names again and again. */
import { detect, escapeToken, type NameSays, nameSays, speaksOfVersions } from '@deponent/format'
import type { FieldRules } from './field-rules.ts'
import type { Treatment } from './policy.ts'

/** What the name of a field says of its values. */
export interface NameVerdict {
  readonly says: NameSays
  /** Dotted numbers in it are versions. */
  readonly isVersion: boolean
  /** The name itself holds what names should not hold. */
  readonly holds: boolean
}

export interface KnownField extends NameVerdict {
  readonly pointer: string
  readonly declared: Treatment | undefined
  /** How often nothing was to be said of it since that was counted last. */
  plain: number
}

export const FEATURES = '/inputFeatures/'

/** Names of a system that are kept; further ones are worked out each time. */
const NAMES_MAX = 5_000

export function verdictOfName(name: string): NameVerdict {
  return { says: nameSays(name), isVersion: speaksOfVersions(name), holds: detect(name) !== undefined }
}

/** Names of top-level fields are ours, and say nothing of what a sender puts there. */
const OURS: NameVerdict = { says: 'nothing', isVersion: false, holds: false }

export class KnownFields {
  readonly rules: FieldRules
  readonly #features = new Map<string, KnownField>()
  readonly #fields = new Map<string, KnownField>()

  constructor(rules: FieldRules) {
    this.rules = rules
  }

  feature(name: string): KnownField {
    return this.#features.get(name) ?? this.#made(this.#features, name, FEATURES, verdictOfName(name))
  }

  field(name: string): KnownField {
    return this.#fields.get(name) ?? this.#made(this.#fields, name, '/', OURS)
  }

  all(): KnownField[] {
    return [...this.#fields.values(), ...this.#features.values()]
  }

  #made(among: Map<string, KnownField>, name: string, above: string, verdict: NameVerdict): KnownField {
    const pointer = `${above}${escapeToken(name)}`
    const known = { ...verdict, pointer, declared: this.rules.of(pointer, name), plain: 0 }
    if (among.size < NAMES_MAX) among.set(name, known)
    return known
  }
}
