/** Where in a record something is declared sealed, at any depth, whether or not the index has a place for it. */
import { escapeToken, isObject, type JsonValue } from '@deponent/format'
import type { FieldRules } from './field-rules.ts'

/** JSON pointers, each above what it covers. */
export interface DeclaredSeals {
  readonly sealed: string[]
  /** Exceptions below what is sealed. */
  readonly queryable: string[]
}

/** What is declared of a value and of all that stands in it. `isSealed`: whether it stands in what is sealed. */
export function declaredSeals(
  rules: FieldRules,
  { pointer, name, value, isSealed }: { pointer: string; name: string; value: JsonValue; isSealed: boolean },
): DeclaredSeals {
  const found: DeclaredSeals = { sealed: [], queryable: [] }
  look(rules, { pointer, name, value, isSealed }, found)
  return found
}

interface Place {
  readonly pointer: string
  readonly name: string
  readonly value: JsonValue
  readonly isSealed: boolean
}

function look(rules: FieldRules, { pointer, name, value, isSealed }: Place, found: DeclaredSeals): void {
  const own = rules.own(pointer, name)
  // What is replaced stays as it was: in a structure its names are not replaced.
  const isSealedHere = own === 'seal' || (isSealed && own !== 'queryable')
  if (isSealedHere !== isSealed) (isSealedHere ? found.sealed : found.queryable).push(pointer)
  if (Array.isArray(value)) {
    for (const [i, inner] of value.entries())
      look(rules, { pointer: `${pointer}/${i}`, name: `${i}`, value: inner, isSealed: isSealedHere }, found)
  } else if (isObject(value)) {
    for (const inner of Object.keys(value)) {
      const at = `${pointer}/${escapeToken(inner)}`
      look(rules, { pointer: at, name: inner, value: value[inner]!, isSealed: isSealedHere }, found)
    }
  }
}
