/** What of one record is sealed, at any depth, and how it looks to whoever may not see it: `{"sealed": true}`. */
import { type CanonicalRecord, classificationOf, escapeToken, type JsonValue } from '@deponent/format'
import type { DeclaredPlace } from '../privacy/sealed-history.ts'

export const SEALED: JsonValue = { sealed: true }

/** Free text inside fields that are shown otherwise. */
const SEALED_PARTS = new Set(['/error/message', '/explanation/reasoning'])
/** Whatever shape it has, the texts in it are free text. */
const SEALED_TEXTS = new Set(['/counterfactual', '/explanation/counterfactual'])
const HOLD_SEALED_PARTS = new Set([...SEALED_PARTS, ...SEALED_TEXTS].map(above))

/** What was declared for the system of a record, by now, and where the record stands. */
export interface DeclaredSince {
  readonly place: DeclaredPlace
  readonly index: number
}

/** A place in a record: asked from the top down. */
export class SealedPart {
  readonly pointer: string
  readonly isSealed: boolean
  /** Whether everything below is as it is itself. */
  readonly isUniform: boolean
  readonly #word: OwnWord
  readonly #isSaid: boolean
  readonly #declared: DeclaredSince | undefined

  private constructor(word: OwnWord, pointer: string, isSaid: boolean, declared: DeclaredSince | undefined) {
    this.pointer = pointer
    this.isSealed = isSaid || (declared !== undefined && declared.index < declared.place.sealedUntil)
    this.isUniform = declared === undefined && !word.above.has(pointer) && !HOLD_SEALED_PARTS.has(pointer)
    this.#word = word
    this.#isSaid = isSaid
    this.#declared = declared
  }

  /** The record: sealed is what it says itself, and what was declared later. */
  static top(record: CanonicalRecord, declared?: DeclaredSince): SealedPart {
    const word = ownWord(record)
    return new SealedPart(word, '', isSaidSealed(word, '', false), declared)
  }

  at(name: string): SealedPart {
    const pointer = `${this.pointer}/${escapeToken(name)}`
    const declared = this.#declared && { ...this.#declared, place: this.#declared.place.at(name) }
    return new SealedPart(this.#word, pointer, isSaidSealed(this.#word, pointer, this.#isSaid), declared)
  }
}

/** What the record says of itself. */
interface OwnWord {
  readonly sealed: ReadonlySet<string>
  readonly queryable: ReadonlySet<string>
  /** What stands above any of them. */
  readonly above: ReadonlySet<string>
}

function ownWord(record: CanonicalRecord): OwnWord {
  const { sealed = [], queryable = [] } = classificationOf(record) ?? {}
  const over = new Set<string>()
  for (const pointer of [...sealed, ...queryable])
    for (let at = pointer; at !== '';) {
      at = above(at)
      over.add(at)
    }
  return { sealed: new Set(sealed), queryable: new Set(queryable), above: over }
}

function isSaidSealed({ sealed, queryable }: OwnWord, pointer: string, inherited: boolean): boolean {
  if (queryable.has(pointer)) return false
  return sealed.has(pointer) || inherited
}

function above(pointer: string): string {
  return pointer.slice(0, pointer.lastIndexOf('/'))
}

/** The value with everything in it covered that is sealed and not revealed. What is sealed with all it holds is covered as one. */
export function partView(
  value: JsonValue,
  part: SealedPart,
  isRevealed: (pointer: string) => boolean,
  inFreeText = false,
): JsonValue {
  const { pointer, isSealed, isUniform } = part
  if (isRevealed(pointer)) return value
  if (SEALED_PARTS.has(pointer)) return SEALED
  const isFree = inFreeText || SEALED_TEXTS.has(pointer)
  if (typeof value !== 'object' || value === null)
    return isSealed || (isFree && typeof value === 'string') ? SEALED : value
  if (isUniform && !isFree) return isSealed ? SEALED : value
  const inside = (name: string, inner: JsonValue): JsonValue =>
    partView(inner, part.at(name), isRevealed, isFree)
  if (Array.isArray(value)) {
    const shown = value.map((inner, i) => inside(`${i}`, inner))
    return isSealed && shown.every(isCovered) ? SEALED : shown
  }
  const shown = Object.entries(value).map(([name, inner]) => [name, inside(name, inner)] as const)
  return isSealed && shown.every(([, inner]) => isCovered(inner)) ? SEALED : Object.fromEntries(shown)
}

function isCovered(value: JsonValue): boolean {
  return value === SEALED
}
