/** Replaces and leaves out what was declared so, anywhere in a record. What is not changed is not copied. */
import { escapeToken, isObject, type JsonObject, type JsonValue, setMember } from '@deponent/format'
import type { FieldRules } from './field-rules.ts'
import { KEPT_FIELDS, type Treatment } from './policy.ts'
import type { Pseudonyms } from './pseudonym.ts'

/** Pointers of what was done, in the order of the record. */
export interface Done {
  readonly pseudonymised: string[]
  readonly dropped: string[]
}

export class Alteration {
  readonly #rules: FieldRules
  readonly #pseudonyms: Pseudonyms
  readonly done: Done

  constructor(rules: FieldRules, pseudonyms: Pseudonyms, done: Done) {
    this.#rules = rules
    this.#pseudonyms = pseudonyms
    this.done = done
  }

  /** The record as declared; the record itself when nothing in it is. */
  of(record: JsonObject): JsonObject {
    return this.#object(record, '', undefined)
  }

  /** A value with every number, text and truth value in it replaced. */
  pseudonymised(value: JsonValue, pointer: string): JsonValue {
    return this.#value(value, pointer, 'pseudonymise')
  }

  #object(object: JsonObject, pointer: string, inherited: Treatment | undefined): JsonObject {
    let copy: JsonObject | undefined
    for (const [name, value] of Object.entries(object)) {
      if (pointer === '' && KEPT_FIELDS.has(name)) continue
      const at = `${pointer}/${escapeToken(name)}`
      const treatment = this.#rules.own(at, name) ?? inherited
      if (treatment === 'drop') {
        copy ??= { ...object }
        delete copy[name]
        this.done.dropped.push(at)
        continue
      }
      const now = this.#value(value, at, treatment)
      if (now === value) continue
      copy ??= { ...object }
      setMember(copy, name, now)
    }
    return copy ?? object
  }

  #value(value: JsonValue, pointer: string, treatment: Treatment | undefined): JsonValue {
    if (isObject(value)) return this.#object(value, pointer, treatment)
    if (Array.isArray(value)) return this.#array(value, pointer, treatment)
    if (treatment !== 'pseudonymise' || value === null) return value
    this.done.pseudonymised.push(pointer)
    return this.#pseudonyms.of(value)
  }

  /** An element left out leaves null behind, so that the others keep their places. */
  #array(values: JsonValue[], pointer: string, inherited: Treatment | undefined): JsonValue[] {
    let copy: JsonValue[] | undefined
    for (const [i, value] of values.entries()) {
      const at = `${pointer}/${i}`
      const treatment = this.#rules.own(at, `${i}`) ?? inherited
      if (treatment === 'drop') this.done.dropped.push(at)
      const now = treatment === 'drop' ? null : this.#value(value, at, treatment)
      if (now === value) continue
      copy ??= [...values]
      copy[i] = now
    }
    return copy ?? values
  }
}
