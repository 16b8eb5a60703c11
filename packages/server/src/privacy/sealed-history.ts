/**
 * Which values of which fields are not for the index although the records that hold them do not say so: they were recorded before
 * somebody declared it. Declarations that are no longer in force are remembered, because what left the index does not come back.
 */
import { canonicalJson, escapeToken, type JsonValue, tokensOf } from '@deponent/format'
import { FieldRules } from '../vault/classify/field-rules.ts'
import { type ClassificationPolicy, KEPT_FIELDS, type Treatment } from '../vault/classify/policy.ts'

/** Declarations that were in force for entries below an index: every one at or past it was classified by what came after. */
export interface PastRules extends Pick<ClassificationPolicy, 'mode' | 'systems'> {
  readonly until: number
}

/** Changes that are remembered; before that many, the oldest is forgotten. */
export const PAST_MAX = 1_000

/** Stands for an index that is not known yet: records classified by the declarations before may still be on their way. */
const NOT_KNOWN = Number.MAX_SAFE_INTEGER

/** The past with what was in force until now, when what comes says anything else about fields; until when, is said later. */
export function remembering(
  past: readonly PastRules[],
  before: ClassificationPolicy,
  after: ClassificationPolicy,
): readonly PastRules[] {
  if (textOf(before) === textOf(after)) return past
  return [...past, { mode: before.mode, systems: before.systems, until: NOT_KNOWN }].slice(-PAST_MAX)
}

/** The past once it is known from which index on nothing is classified by it. */
export function endedAt(past: readonly PastRules[], until: number): readonly PastRules[] {
  return past.map((rules) => (rules.until === NOT_KNOWN ? { ...rules, until } : rules))
}

export function isEnded(past: readonly PastRules[]): boolean {
  return past.every(({ until }) => until !== NOT_KNOWN)
}

function textOf({ mode, systems }: Pick<ClassificationPolicy, 'mode' | 'systems'>): string {
  return canonicalJson({ mode, systems } as unknown as JsonValue)
}

const KNOWN_MAX = 50_000
const SYSTEMS_KNOWN_MAX = 1_000

/** What was in force for one system, for entries below an index and not below that of the step before. */
interface Step {
  readonly rules: FieldRules
  readonly until: number
}

type Declared = readonly (Treatment | undefined)[]

/** A place in the records of a system, and until when what stands there is sealed by declaration: asked from the top down. */
export class DeclaredPlace {
  readonly #steps: readonly Step[]
  readonly #pointer: string
  readonly #isKept: boolean
  /** By step, of the place or the nearest above it. */
  readonly #declared: Declared

  private constructor(steps: readonly Step[], pointer: string, isKept: boolean, declared: Declared) {
    this.#steps = steps
    this.#pointer = pointer
    this.#isKept = isKept
    this.#declared = declared
  }

  static top(steps: readonly Step[]): DeclaredPlace {
    return new DeclaredPlace(
      steps,
      '',
      false,
      steps.map(() => undefined),
    )
  }

  /** What stands in it under a name, or at a place in a list. */
  at(name: string): DeclaredPlace {
    const pointer = `${this.#pointer}/${escapeToken(name)}`
    const isKept = this.#pointer === '' ? KEPT_FIELDS.has(name) : this.#isKept
    const declared = this.#steps.map(({ rules }, i) => rules.own(pointer, name) ?? this.#declared[i])
    return new DeclaredPlace(this.#steps, pointer, isKept, declared)
  }

  /** What a step makes of the values; undefined when they are looked at one by one. */
  treatment(step: number): Treatment | undefined {
    const declared = this.#declared[step]
    if (declared === undefined) return this.#steps[step]!.rules.mode === 'strict' ? 'seal' : undefined
    return declared === 'pseudonymise' && this.#isKept ? 'seal' : declared
  }

  /**
   * Values there are sealed in entries below this index: up to the last step that seals them. Before a step that replaces them they are in
   * clear, from then on they are pseudonyms, which may be searched. What was declared queryable and is not any more is sealed too: nobody
   * looked at what its values were.
   */
  get sealedUntil(): number {
    let until = 0
    let before: Treatment | undefined
    let begins = 0
    for (const [i, step] of this.#steps.entries()) {
      const treatment = this.treatment(i)
      const isReplacedNow = treatment === 'pseudonymise' && before !== 'pseudonymise'
      const isWithdrawn = treatment === undefined && before === 'queryable'
      if (treatment === 'seal' || treatment === 'drop') until = step.until
      else if (isReplacedNow || isWithdrawn) until = begins
      before = treatment
      begins = step.until
    }
    return until
  }
}

export class SealedHistory {
  /** Changes with each version of the settings; 0 while nothing seals anything by declaration. */
  readonly version: number
  readonly #past: readonly PastRules[]
  readonly #steps = new Map<string, readonly Step[]>()
  readonly #known = new Map<string, number>()

  constructor(past: readonly PastRules[], now: ClassificationPolicy) {
    this.#past = [...past, { mode: now.mode, systems: now.systems, until: Number.MAX_SAFE_INTEGER }]
    const isEmpty = this.#past.every(
      ({ mode, systems }) => mode === 'balanced' && Object.keys(systems).length === 0,
    )
    this.version = isEmpty ? 0 : now.version
  }

  touches(system: string): boolean {
    return this.#stepsOf(system).some(({ rules }) => rules.mode === 'strict' || !rules.isEmpty)
  }

  /** The records of the system as a whole; undefined when nothing was ever declared about them. */
  placeIn(system: string): DeclaredPlace | undefined {
    return this.touches(system) ? DeclaredPlace.top(this.#stepsOf(system)) : undefined
  }

  /** Values of the field are not for the index in entries of the system below this index. */
  sealedUntil(system: string, pointer: string): number {
    return this.#remembered(
      `${system}\0${pointer}`,
      () => placeAt(this.#stepsOf(system), pointer).sealedUntil,
    )
  }

  /** Structures at the pointer are not for the index in entries of the system below this index: something in them was sealed later. */
  sealedWithinUntil(system: string, pointer: string): number {
    return this.#remembered(`${system}\0${pointer}\0`, () => this.#withinUntilOf(system, pointer))
  }

  #remembered(key: string, workOut: () => number): number {
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const until = workOut()
    if (this.#known.size >= KNOWN_MAX) this.#known.clear()
    this.#known.set(key, until)
    return until
  }

  /** Each different one after another: most changes are about other systems. */
  #stepsOf(system: string): readonly Step[] {
    const known = this.#steps.get(system)
    if (known) return known
    const steps: Step[] = []
    let before: string | undefined
    for (const { mode, systems, until } of this.#past) {
      const declared = Object.hasOwn(systems, system) ? systems[system]! : { fields: {} }
      const text = textOf({ mode: declared.mode ?? mode, systems: { [system]: { fields: declared.fields } } })
      if (text === before) steps.pop()
      steps.push({ rules: new FieldRules(declared, mode), until })
      before = text
    }
    if (this.#steps.size >= SYSTEMS_KNOWN_MAX) this.#steps.clear()
    this.#steps.set(system, steps)
    return steps
  }

  /**
   * Up to the last step that first sealed, replaced or left out something below the field. Records made since then say themselves
   * what is sealed in them. What an older structure holds the index cannot tell, so a pattern for names counts whether it matches or not.
   */
  #withinUntilOf(system: string, pointer: string): number {
    const steps = this.#stepsOf(system)
    const place = placeAt(steps, pointer)
    const [top = ''] = tokensOf(pointer)
    let until = 0
    let before = new Map<string, Treatment>()
    let begins = 0
    for (const [i, step] of steps.entries()) {
      const now = step.rules.below(top)
      const closes = [...now].some(
        ([key, treatment]) => treatment !== 'queryable' && before.get(key) !== treatment,
      )
      const opened = [...before].some(
        ([key, treatment]) => treatment === 'queryable' && now.get(key) !== 'queryable',
      )
      const isClosed =
        [...now.values()].some((treatment) => treatment !== 'queryable') ||
        place.treatment(i) === 'pseudonymise'
      if (closes || (opened && isClosed)) until = begins
      before = now
      begins = step.until
    }
    return until
  }
}

function placeAt(steps: readonly Step[], pointer: string): DeclaredPlace {
  return tokensOf(pointer).reduce((place, name) => place.at(name), DeclaredPlace.top(steps))
}
