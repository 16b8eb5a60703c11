/** How much of what an audit asks of decisions a source tells: counted while it is read, and reported with the import. */
import { completeness, type JsonObject, type JsonValue, PROFILES } from '@deponent/format'

/** The longest of the lists a decision is measured by: each of the shorter ones is part of it. */
const PROFILE = 'critical/1'
/** From the shortest, so that a field is named with the first list that asks for it. */
const LISTS = ['low/1', 'medium/1', 'high/1', 'critical/1']

/** What a field is needed for, where a law is known to ask for it. */
const SERVES: Readonly<Record<string, string>> = {
  explanation: 'GDPR Art. 15(1)(h), AI Act Art. 86',
  lawfulBasis: 'GDPR Art. 6',
  humanReviewRequired: 'AI Act Art. 14',
  humanReviewerId: 'AI Act Art. 14',
  finalDecision: 'AI Act Art. 14',
}

export interface FieldFidelity {
  readonly field: string
  /** In so many decisions it, or a field that says the same, was there. */
  readonly present: number
  /** The shortest list of fields that asks for it. */
  readonly list: string
  readonly serves?: string
  /** Why this source never tells it. */
  readonly silent?: string
}

export interface Fidelity {
  readonly profile: string
  readonly decisions: number
  /** Fields that were there in every decision, and how many there are. */
  readonly complete: number
  readonly fields: readonly FieldFidelity[]
}

/** Counts the fields of decisions, as they are recorded. */
export class FidelityCount {
  readonly #missing = new Map<string, number>()
  #decisions = 0

  /** Takes one canonical decision. */
  add(record: JsonObject): void {
    this.#decisions += 1
    for (const field of completeness(record, PROFILE).missing)
      this.#missing.set(field, (this.#missing.get(field) ?? 0) + 1)
  }

  /** `silent`: fields this source never tells, and why. Undefined when no decision was counted. */
  report(silent: Readonly<Record<string, string>> = {}): Fidelity | undefined {
    if (this.#decisions === 0) return undefined
    const fields = PROFILES.get(PROFILE)!.map(([field = '']) => this.#fieldOf(field, silent))
    const complete = fields.filter(({ present }) => present === this.#decisions).length
    return { profile: PROFILE, decisions: this.#decisions, complete, fields }
  }

  #fieldOf(field: string, silent: Readonly<Record<string, string>>): FieldFidelity {
    const present = this.#decisions - (this.#missing.get(field) ?? 0)
    const serves = Object.hasOwn(SERVES, field) ? SERVES[field] : undefined
    const why = present === 0 && Object.hasOwn(silent, field) ? silent[field] : undefined
    return {
      field,
      present,
      list: LISTS.find((list) => PROFILES.get(list)!.some(([name]) => name === field)) ?? PROFILE,
      ...(serves !== undefined && { serves }),
      ...(why !== undefined && { silent: why }),
    }
  }
}

/** The report as it is recorded. */
export function fidelityJson({ fields, ...rest }: Fidelity): JsonValue {
  return { ...rest, fields: fields.map((field) => ({ ...field })) }
}
