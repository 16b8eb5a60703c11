/** One record's fields, each judged: by declaration, and those that would enter the index by name and by form. */
import {
  type CanonicalRecord,
  escapeToken,
  isObject,
  type JsonObject,
  type JsonValue,
  setMember,
} from '@deponent/format'
import type { Alteration } from './alteration.ts'
import { declaredSeals } from './declared-seals.ts'
import { foundIn, foundInNames, isContainer } from './found.ts'
import type { FieldsMet, MetClass, Why } from './fields-met.ts'
import { FEATURE_BYTES_MAX, type IndexedAs, indexedFields } from './indexed-fields.ts'
import { FEATURES, type KnownField, type KnownFields } from './known-fields.ts'
import { ALWAYS_SHOWN, KEPT_FIELDS, type Treatment } from './policy.ts'
import { shownPointer } from './shown-pointer.ts'

export interface Judging {
  readonly system: string
  readonly known: KnownFields
  readonly alteration: Alteration
  /** Whether what is found is replaced instead of only sealed. */
  readonly hashes: boolean
  readonly met: FieldsMet | undefined
}

export class Judgement {
  readonly sealed: string[] = []
  readonly queryable: string[] = []
  readonly #judging: Judging
  readonly #isStrict: boolean
  /** Pointers of what was replaced before anything was judged. */
  readonly #replaced: ReadonlySet<string>

  constructor(judging: Judging) {
    this.#judging = judging
    this.#isStrict = judging.known.rules.mode === 'strict'
    this.#replaced = new Set(judging.alteration.done.pseudonymised)
    if (this.#isStrict) this.sealed.push('')
  }

  /** The record with what was found replaced, where that is wished; itself otherwise. */
  of(kind: string, record: CanonicalRecord): CanonicalRecord {
    const { known } = this.#judging
    const indexed = indexedFields(kind)
    let copy: CanonicalRecord | undefined
    for (const name of Object.keys(record)) {
      const value = record[name]!
      let now: JsonValue = value
      if (name === 'inputFeatures') now = isObject(value) ? this.#features(value) : value
      else {
        const as = indexed.get(name)
        if (as !== undefined) now = this.#field(known.field(name), name, value, as)
        else if (!ALWAYS_SHOWN.has(name) && known.rules.concerns(name))
          this.#declared(`/${escapeToken(name)}`, name, value)
      }
      if (now === value) continue
      copy ??= { ...record }
      copy[name] = now
    }
    return copy ?? record
  }

  #features(features: JsonObject): JsonObject {
    const { known } = this.#judging
    let copy: JsonObject | undefined
    for (const name of Object.keys(features)) {
      const value = features[name]!
      const field = known.feature(name)
      if (!isShort(value)) {
        if (field.declared === 'seal') this.#seal(field, 'declared')
        else this.#declared(field.pointer, name, value)
        continue
      }
      const now = this.#judge(field, value, 'feature')
      if (now === value) continue
      copy ??= { ...features }
      setMember(copy, name, now)
    }
    return copy ?? features
  }

  #field(field: KnownField, name: string, value: JsonValue, as: IndexedAs): JsonValue {
    return isContainer(value) ? this.#structure(field, name, value, as) : this.#judge(field, value, as)
  }

  /** A structure enters the index whole or not at all: what is sealed inside it seals it. */
  #structure(field: KnownField, name: string, value: JsonValue[] | JsonObject, as: IndexedAs): JsonValue {
    const { pointer, declared } = field
    let why: Why | undefined
    const isReplaced = declared === 'pseudonymise' && !KEPT_FIELDS.has(name)
    if (this.#sealsInside(pointer, value)) why = 'declared'
    else if (isReplaced) why = foundInNames(value)
    else if (declared === undefined && as !== 'told' && !this.#isStrict) why = foundIn(value)
    if (why !== undefined) this.#seal(field, why)
    else if (isReplaced) this.#asDeclared(field, 'queryable')
    else return this.#judge(field, value, 'told')
    return value
  }

  #sealsInside(pointer: string, value: JsonValue[] | JsonObject): boolean {
    const { rules } = this.#judging.known
    if (!rules.seals) return false
    const { sealed } = declaredSeals(rules, { pointer, name: '', value, isSealed: false })
    return sealed.some((at) => at !== pointer)
  }

  /** Notes what is declared of a value the index has no place for, and of all that stands in it. */
  #declared(pointer: string, name: string, value: JsonValue): void {
    const { met, system, known } = this.#judging
    if (!known.rules.seals && !(this.#isStrict && !known.rules.isEmpty)) return
    const said = declaredSeals(known.rules, { pointer, name, value, isSealed: this.#isStrict })
    for (const at of said.sealed) {
      this.sealed.push(at)
      met?.note(system, shownPointer(at), 'sealed', 'declared')
    }
    for (const at of said.queryable) this.queryable.push(at)
  }

  /** Judges one field; gives its value as it is to be kept. */
  #judge(field: KnownField, value: JsonValue, as: IndexedAs | 'feature'): JsonValue {
    const { pointer, declared } = field
    if (this.#replaced.size > 0 && this.#replaced.has(pointer)) {
      // The value was replaced; what the name holds was not.
      if (field.holds !== this.#isStrict) (field.holds ? this.sealed : this.queryable).push(pointer)
      return value
    }
    if (declared !== undefined) {
      this.#asDeclared(field, declared)
      return value
    }
    const { hashes, alteration } = this.#judging
    const why = this.#isStrict && !hashes ? undefined : found(field, value, as)
    // What finds, links and erases a record stays what it is: it can be kept out of the index, not replaced.
    if (why !== undefined && hashes && pointer !== '/decisionId') {
      if (field.holds && !this.#isStrict) this.sealed.push(pointer)
      this.#note(field, 'pseudonymised', why)
      return alteration.pseudonymised(value, pointer)
    }
    if (this.#isStrict) this.#note(field, 'sealed', 'strict')
    else if (why !== undefined) this.#seal(field, why)
    else field.plain += 1
    return value
  }

  #asDeclared(field: KnownField, declared: Treatment): void {
    // Of a field that is never replaced or left out, what was declared keeps it out of the index.
    if (declared !== 'queryable') this.#seal(field, 'declared')
    else {
      if (this.#isStrict) this.queryable.push(field.pointer)
      this.#note(field, 'queryable', 'declared')
    }
  }

  #seal(field: KnownField, why: Why): void {
    if (!this.#isStrict) this.sealed.push(field.pointer)
    this.#note(field, 'sealed', why)
  }

  /** Features whose names hold what names should not are counted together. */
  #note({ pointer, holds }: KnownField, metAs: MetClass, why: Why): void {
    const { met, system } = this.#judging
    met?.note(system, holds ? `${FEATURES}*` : pointer, metAs, why)
  }
}

function found(field: KnownField, value: JsonValue, as: IndexedAs | 'feature'): Why | undefined {
  if (as === 'told') return undefined
  if (as !== 'feature') return foundIn(value)
  if (field.holds) return 'name'
  if (typeof value === 'boolean') return undefined
  if (field.says === 'of all' || (field.says === 'of texts' && typeof value === 'string')) return 'name'
  const what = foundIn(value)
  return field.isVersion && what === 'ipv4' ? undefined : what
}

/** Whether a feature's value could enter the index by its size. */
function isShort(value: JsonValue): boolean {
  if (typeof value !== 'string') return typeof value === 'number' || typeof value === 'boolean'
  return value.length <= FEATURE_BYTES_MAX
}
