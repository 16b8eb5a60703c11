/**
 * Which values of which fields are not for the index although the records that hold them do not say so: they were recorded before
 * somebody declared it. Declarations that are no longer in force are remembered, because what left the index does not come back.
 */
import { canonicalJson, type JsonValue, tokensOf } from '@deponent/format'
import { FieldRules } from '../vault/classify/field-rules.ts'
import type { ClassificationPolicy, Treatment } from '../vault/classify/policy.ts'

/** Declarations that were in force for entries below an index. */
export interface PastRules extends Pick<ClassificationPolicy, 'mode' | 'systems'> {
  readonly until: number
}

/** Changes that are remembered; before that many, the oldest is forgotten. */
export const PAST_MAX = 1_000

/** The past with what was in force until now, when what comes says anything else about fields. */
export function remembering(
  past: readonly PastRules[],
  before: ClassificationPolicy,
  after: ClassificationPolicy,
  until: number,
): readonly PastRules[] {
  if (textOf(before) === textOf(after)) return past
  return [...past, { mode: before.mode, systems: before.systems, until }].slice(-PAST_MAX)
}

function textOf({ mode, systems }: Pick<ClassificationPolicy, 'mode' | 'systems'>): string {
  return canonicalJson({ mode, systems } as unknown as JsonValue)
}

const KNOWN_MAX = 50_000

export class SealedHistory {
  /** Changes with each version of the settings; 0 while nothing seals anything by declaration. */
  readonly version: number
  readonly #steps: readonly PastRules[]
  readonly #known = new Map<string, number>()
  readonly #touched = new Map<string, boolean>()

  constructor(past: readonly PastRules[], now: ClassificationPolicy) {
    const steps = [...past, { mode: now.mode, systems: now.systems, until: Number.MAX_SAFE_INTEGER }]
    this.#steps = steps
    const isEmpty = steps.every(
      ({ mode, systems }) => mode === 'balanced' && Object.keys(systems).length === 0,
    )
    this.version = isEmpty ? 0 : now.version
  }

  touches(system: string): boolean {
    const known = this.#touched.get(system)
    if (known !== undefined) return known
    const touched = this.#steps.some(
      ({ mode, systems }) => mode === 'strict' || Object.hasOwn(systems, system),
    )
    if (this.#touched.size >= KNOWN_MAX) this.#touched.clear()
    this.#touched.set(system, touched)
    return touched
  }

  /** Values of the field are not for the index in entries of the system below this index. */
  sealedUntil(system: string, pointer: string): number {
    const key = `${system}\0${pointer}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const until = this.#untilOf(system, pointer)
    if (this.#known.size >= KNOWN_MAX) this.#known.clear()
    this.#known.set(key, until)
    return until
  }

  /**
   * Up to the last step that seals the field. A field that was declared queryable and is not any more leaves the index too: nobody
   * looked at what its values were.
   */
  #untilOf(system: string, pointer: string): number {
    const name = tokensOf(pointer).at(-1) ?? ''
    let until = 0
    let wasQueryable = false
    let begins = 0
    for (const step of this.#steps) {
      const declared = declaredFor(step, system, pointer, name)
      if (declared === undefined ? modeFor(step, system) === 'strict' : declared !== 'queryable')
        until = step.until
      else if (wasQueryable && declared !== 'queryable') until = begins
      wasQueryable = declared === 'queryable'
      begins = step.until
    }
    return until
  }
}

function rulesFor({ mode, systems }: PastRules, system: string): FieldRules | undefined {
  return Object.hasOwn(systems, system) ? new FieldRules(systems[system]!, mode) : undefined
}

function declaredFor(step: PastRules, system: string, pointer: string, name: string): Treatment | undefined {
  return rulesFor(step, system)?.of(pointer, name)
}

function modeFor(step: PastRules, system: string): string {
  return rulesFor(step, system)?.mode ?? step.mode
}
