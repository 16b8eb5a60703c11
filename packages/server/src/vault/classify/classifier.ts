/**
 * The one place every record passes before it is committed to and sealed. It decides what of it may enter an index, replaces what is
 * to be replaced, leaves out what is not to be kept, and writes into the record itself what it did, so that whoever fills an index
 * again, from that record alone, does the same.
 *
 * Order: what somebody declared for the system; then name and form of the field; then the default of the mode.
 */
import {
  type CanonicalRecord,
  CLASSIFICATION,
  escapeToken,
  isObject,
  type JsonObject,
  type JsonValue,
  setMember,
} from '@deponent/format'
import { Alteration, type Done } from './alteration.ts'
import { leftOut } from './capture.ts'
import { detect, detectInNumber, type DetectorName } from './detect.ts'
import { type NameSays, nameSays, speaksOfVersions } from './field-names.ts'
import { FieldRules } from './field-rules.ts'
import type { FieldsMet, MetClass, Why } from './fields-met.ts'
import { FEATURE_BYTES_MAX, type IndexedAs, indexedFields } from './indexed-fields.ts'
import { type ClassificationPolicy, KEPT_FIELDS, type Treatment } from './policy.ts'
import { Pseudonyms } from './pseudonym.ts'
import { shortened } from './shortened.ts'

export interface Classified {
  /** With `classification` when anything but the default was done. */
  readonly record: CanonicalRecord
  /** Whether values were replaced or left out. */
  readonly isAltered: boolean
}

/** What a name says, kept because a system uses the same names again and again. */
interface NameVerdict {
  readonly says: NameSays
  readonly isVersion: boolean
  /** The name itself holds what names should not hold. */
  readonly holds: boolean
}

const SYSTEMS_KEPT_MAX = 1_000
const NAMES_KEPT_MAX = 20_000
/** Parts of one result that are looked at: one that enters the index has 256 bytes, and fewer parts. */
const RESULT_PARTS_MAX = 256

/** Kinds the recorder itself reads: replaced or left out, their numbers could not be followed. */
const STATEMENTS = /^(?:emitter|counter)\./

export class Classifier {
  readonly #pseudonyms: Pseudonyms
  readonly #met: FieldsMet | undefined
  #policy: ClassificationPolicy
  #rules = new Map<string, FieldRules>()
  readonly #names = new Map<string, NameVerdict>()

  /** Counts what it meets in `met`, when there is one. */
  constructor(pseudonymKey: Uint8Array, policy: ClassificationPolicy, met?: FieldsMet) {
    this.#pseudonyms = new Pseudonyms(pseudonymKey)
    this.#policy = policy
    this.#met = met
  }

  adopt(policy: ClassificationPolicy): void {
    this.#policy = policy
    this.#rules = new Map()
  }

  /** A record that passed validation, as it is to be sealed. The one given is not changed. */
  classify(kind: string, system: string, record: CanonicalRecord): Classified {
    const rules = this.#rulesOf(system)
    const done: Done = { pseudonymised: [], dropped: [] }
    const alteration = new Alteration(rules, this.#pseudonyms, done)
    let kept = record
    if (!STATEMENTS.test(kind)) {
      kept = this.#captured(kind, system, kept, done)
      if (rules.alters) kept = this.#altered(system, kept, alteration)
    }
    const judging = { kind, system, rules, alteration, replaced: new Set(done.pseudonymised) }
    const judged = new Judgement(judging, this.#policy, (name) => this.#verdictOf(name), this.#met)
    kept = judged.of(kept)
    return this.#told(kept, record, judged, done)
  }

  #captured(kind: string, system: string, record: CanonicalRecord, done: Done): CanonicalRecord {
    const names = leftOut(kind, this.#policy)
    if (names.size === 0) return record
    const kept: CanonicalRecord = {}
    for (const [name, value] of Object.entries(record)) {
      if (!names.has(name)) kept[name] = value
      else {
        done.dropped.push(`/${name}`)
        this.#met?.note(system, `/${name}`, 'dropped', 'capture')
      }
    }
    return kept
  }

  #altered(system: string, record: CanonicalRecord, alteration: Alteration): CanonicalRecord {
    const { done } = alteration
    const before = done.dropped.length
    const altered = alteration.of(record)
    for (const pointer of done.dropped.slice(before)) this.#met?.note(system, pointer, 'dropped', 'declared')
    for (const pointer of done.pseudonymised) this.#met?.note(system, pointer, 'pseudonymised', 'declared')
    return altered
  }

  /** The record with what was done to it, members in canonical order. */
  #told(kept: CanonicalRecord, sent: CanonicalRecord, judged: Judgement, done: Done): Classified {
    const { sealed, queryable } = judged
    const isAltered = done.pseudonymised.length > 0 || done.dropped.length > 0
    if (!isAltered && sealed.length === 0) return { record: sent, isAltered }
    const said: JsonObject = {
      policy: this.#policy.version,
      ...list('sealed', sealed),
      ...list('queryable', queryable),
      ...list('pseudonymised', done.pseudonymised),
      ...list('dropped', done.dropped),
    }
    const record = isAltered ? withoutCoerced(kept, done) : kept
    return { record: { ...record, [CLASSIFICATION]: said }, isAltered }
  }

  #rulesOf(system: string): FieldRules {
    const known = this.#rules.get(system)
    if (known) return known
    const { systems, mode } = this.#policy
    const declared = Object.hasOwn(systems, system) ? systems[system]! : { fields: {} }
    const rules = new FieldRules(declared, mode)
    if (this.#rules.size >= SYSTEMS_KEPT_MAX) this.#rules = new Map()
    this.#rules.set(system, rules)
    return rules
  }

  #verdictOf(name: string): NameVerdict {
    const known = this.#names.get(name)
    if (known) return known
    const verdict = verdictOfName(name)
    if (this.#names.size >= NAMES_KEPT_MAX) this.#names.clear()
    this.#names.set(name, verdict)
    return verdict
  }
}

export function verdictOfName(name: string): NameVerdict {
  return { says: nameSays(name), isVersion: speaksOfVersions(name), holds: detect(name) !== undefined }
}

function list(name: string, pointers: readonly string[]): JsonObject {
  return pointers.length === 0 ? {} : { [name]: shortened(pointers) }
}

/** Without the pointers of numbers kept as text whose text is no longer there. */
function withoutCoerced(record: CanonicalRecord, { pseudonymised, dropped }: Done): CanonicalRecord {
  const { coerced, ...rest } = record
  if (!Array.isArray(coerced)) return record
  const gone = [...pseudonymised, ...dropped]
  const left = coerced.filter(
    (pointer) => !gone.some((other) => pointer === other || `${String(pointer)}/`.startsWith(`${other}/`)),
  )
  return left.length === 0 ? rest : { ...rest, coerced: left }
}

interface Judging {
  readonly kind: string
  readonly system: string
  readonly rules: FieldRules
  readonly alteration: Alteration
  /** Pointers of what was replaced already. */
  readonly replaced: ReadonlySet<string>
}

/** One record's fields that would enter the index, each judged. */
class Judgement {
  readonly sealed: string[] = []
  readonly queryable: string[] = []
  readonly #judging: Judging
  readonly #hashes: boolean
  readonly #verdictOf: (name: string) => NameVerdict
  readonly #met: FieldsMet | undefined

  constructor(
    judging: Judging,
    policy: ClassificationPolicy,
    verdictOf: (name: string) => NameVerdict,
    met: FieldsMet | undefined,
  ) {
    this.#judging = judging
    this.#hashes = policy.hashSensitiveData && !STATEMENTS.test(judging.kind)
    this.#verdictOf = verdictOf
    this.#met = met
    if (this.#isStrict) this.sealed.push('')
  }

  get #isStrict(): boolean {
    return this.#judging.rules.mode === 'strict'
  }

  of(record: CanonicalRecord): CanonicalRecord {
    const indexed = indexedFields(this.#judging.kind)
    let copy: CanonicalRecord | undefined
    for (const [name, value] of Object.entries(record)) {
      let now = value
      if (name === 'inputFeatures' && isObject(value)) now = this.#features(value)
      else if (Object.hasOwn(indexed, name)) now = this.#field(name, value, indexed[name]!)
      if (now === value) continue
      copy ??= { ...record }
      copy[name] = now
    }
    return copy ?? record
  }

  #features(features: JsonObject): JsonObject {
    let copy: JsonObject | undefined
    for (const [name, value] of Object.entries(features)) {
      if (!isShort(value)) continue
      const pointer = `/inputFeatures/${escapeToken(name)}`
      const now = this.#judge(pointer, name, value, () => this.#foundInFeature(name, value))
      if (now === value) continue
      copy ??= { ...features }
      setMember(copy, name, now)
    }
    return copy ?? features
  }

  #field(name: string, value: JsonValue, as: IndexedAs): JsonValue {
    if (isContainer(value)) return this.#structure(name, value, as)
    const found = (): Why | undefined => (as === 'told' ? undefined : foundIn(value))
    // What finds, links and erases a record stays what it is: it can be kept out of the index, not replaced.
    return this.#judge(`/${name}`, name, value, found, name === 'decisionId')
  }

  /** A structure enters the index whole or not at all: what is sealed inside it seals it. */
  #structure(name: string, value: JsonValue[] | JsonObject, as: IndexedAs): JsonValue {
    const { rules, replaced } = this.#judging
    const pointer = `/${name}`
    const declared = rules.of(pointer, name)
    let why: Why | undefined
    visit(value, (_, inner, below) => {
      const at = `${pointer}${below}`
      if (!replaced.has(at) && rules.own(at, inner ?? '') === 'seal') why = 'declared'
    })
    if (why === undefined && declared === undefined && as !== 'told' && !this.#isStrict) why = foundIn(value)
    if (why !== undefined) this.#seal(pointer, why)
    else if (declared === 'pseudonymise' && !KEPT_FIELDS.has(name))
      return this.#asDeclared(pointer, value, 'queryable')
    else return this.#judge(pointer, name, value, () => undefined)
    return value
  }

  /** Notes the class of one field; gives its value as it is to be kept. */
  #judge(
    pointer: string,
    name: string,
    value: JsonValue,
    find: () => Why | undefined,
    isFixed = false,
  ): JsonValue {
    const { rules, replaced, alteration } = this.#judging
    if (replaced.has(pointer)) {
      if (this.#isStrict) this.queryable.push(pointer)
      return value
    }
    const declared = rules.of(pointer, name)
    if (declared !== undefined) return this.#asDeclared(pointer, value, declared)
    const why = this.#isStrict && !this.#hashes ? undefined : find()
    if (why !== undefined && this.#hashes && !isFixed) {
      this.#note(pointer, 'pseudonymised', why)
      return alteration.pseudonymised(value, pointer)
    }
    if (this.#isStrict) this.#note(pointer, 'sealed', 'strict')
    else if (why !== undefined) this.#seal(pointer, why)
    else this.#note(pointer, 'queryable', 'default')
    return value
  }

  #asDeclared(pointer: string, value: JsonValue, declared: Treatment): JsonValue {
    // Of a field that is never replaced or left out, what was declared keeps it out of the index.
    if (declared !== 'queryable') this.#seal(pointer, 'declared')
    else {
      if (this.#isStrict) this.queryable.push(pointer)
      this.#note(pointer, 'queryable', 'declared')
    }
    return value
  }

  #seal(pointer: string, why: Why): void {
    if (!this.#isStrict) this.sealed.push(pointer)
    this.#note(pointer, 'sealed', why)
  }

  #note(pointer: string, metAs: MetClass, why: Why): void {
    this.#met?.note(this.#judging.system, pointer, metAs, why)
  }

  #foundInFeature(name: string, value: JsonValue): Why | undefined {
    const { says, isVersion, holds } = this.#verdictOf(name)
    if (holds) return 'name'
    if (typeof value === 'boolean') return undefined
    if (says === 'of all' || (says === 'of texts' && typeof value === 'string')) return 'name'
    const found = typeof value === 'number' ? detectInNumber(value) : foundIn(value)
    return isVersion && found === 'ipv4' ? undefined : found
  }
}

/** Whether a feature's value could enter the index by its size. */
function isShort(value: JsonValue): boolean {
  if (typeof value !== 'string') return typeof value === 'number' || typeof value === 'boolean'
  return value.length <= FEATURE_BYTES_MAX
}

/** What is found in a text, or in any of the texts of a small structure. */
function foundIn(value: JsonValue): DetectorName | undefined {
  if (typeof value === 'string') return detect(value)
  if (typeof value === 'number') return detectInNumber(value)
  if (typeof value !== 'object' || value === null) return undefined
  let found: DetectorName | undefined
  visit(value, (inner, name) => {
    found ??=
      (name === undefined ? undefined : detect(name)) ?? (isContainer(inner) ? undefined : foundIn(inner))
  })
  return found
}

function isContainer(value: JsonValue): value is JsonValue[] | JsonObject {
  return typeof value === 'object' && value !== null
}

/** Visits what a structure holds, each with its name or place, as far as a structure small enough for the index goes. */
function visit(
  value: JsonValue[] | JsonObject,
  meet: (inner: JsonValue, name: string | undefined, pointer: string) => void,
): void {
  const waiting: { value: JsonValue[] | JsonObject; pointer: string }[] = [{ value, pointer: '' }]
  for (let seen = 0; waiting.length > 0;) {
    const { value: next, pointer } = waiting.pop()!
    for (const name in next) {
      if ((seen += 1) > RESULT_PARTS_MAX) return
      const inner = (next as JsonObject)[name]!
      const at = `${pointer}/${escapeToken(name)}`
      meet(inner, Array.isArray(next) ? undefined : name, at)
      if (isContainer(inner)) waiting.push({ value: inner, pointer: at })
    }
  }
}
