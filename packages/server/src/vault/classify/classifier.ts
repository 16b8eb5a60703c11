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
  isObject,
  type JsonObject,
  pointerOf,
  setMember,
} from '@deponent/format'
import { Alteration, type Done } from './alteration.ts'
import { leftOut } from './capture.ts'
import { FieldRules } from './field-rules.ts'
import { FieldsMet, type MetField } from './fields-met.ts'
import { Judgement } from './judgement.ts'
import { FEATURES, KnownFields } from './known-fields.ts'
import { otherPlaces } from './other-places.ts'
import type { ClassificationPolicy } from './policy.ts'
import { Pseudonyms } from './pseudonym.ts'
import { shortened, shortenedSeals } from './shortened.ts'
import { shownPointer } from './shown-pointer.ts'

export interface Classified {
  /** With `classification` when anything but the default was done. */
  readonly record: CanonicalRecord
  /** Whether values were replaced or left out. */
  readonly isAltered: boolean
}

const SYSTEMS_KEPT_MAX = 1_000

/** Kinds the server itself goes by: with something replaced or left out it could not follow an emitter, keep a hold, answer a person, give an artifact back. */
const STATEMENTS =
  /^(?:artifact|counter|emitter|erasure|hold|key|rectification|request|subject|system)(?:\.|$)/

export class Classifier {
  readonly #pseudonyms: Pseudonyms
  readonly #met = new FieldsMet()
  #policy: ClassificationPolicy
  #systems = new Map<string, KnownFields>()
  /** Records since what was met was told. */
  #classified = 0

  constructor(pseudonymKey: Uint8Array, policy: ClassificationPolicy) {
    this.#pseudonyms = new Pseudonyms(pseudonymKey)
    this.#policy = policy
  }

  adopt(policy: ClassificationPolicy): void {
    this.#countPlain()
    this.#policy = policy
    this.#systems = new Map()
  }

  /** Records whose fields `met` would tell of. */
  get classified(): number {
    return this.#classified
  }

  /** What fields records had, and what became of them, since this was asked last. */
  met(): MetField[] {
    this.#countPlain()
    this.#classified = 0
    return this.#met.take()
  }

  /** A record that passed validation, as it is to be sealed. The one given is not changed. */
  classify(kind: string, system: string, record: CanonicalRecord): Classified {
    const known = this.#knownOf(system)
    const done: Done = { pseudonymised: [], dropped: [] }
    const alteration = new Alteration(known.rules, this.#pseudonyms, done)
    const mayAlter = !STATEMENTS.test(kind)
    let kept = record
    if (mayAlter) {
      kept = this.#captured(kind, system, kept, done)
      if (known.rules.alters) kept = this.#altered(system, kept, alteration)
    }
    const hashes = this.#policy.hashSensitiveData && mayAlter
    const judgement = new Judgement({ system, known, alteration, hashes, met: this.#met })
    kept = judgement.of(kind, kept)
    this.#classified += 1
    return this.#told(kept, record, judgement, done)
  }

  #captured(kind: string, system: string, record: CanonicalRecord, done: Done): CanonicalRecord {
    const names = leftOut(kind, this.#policy)
    if (names.size === 0) return record
    const kept: CanonicalRecord = {}
    for (const [name, value] of Object.entries(record)) {
      if (!names.has(name)) kept[name] = value
      else {
        done.dropped.push(`/${name}`)
        this.#met.note(system, `/${name}`, 'dropped', 'capture')
      }
    }
    if (isObject(kept['metadata']))
      kept['metadata'] = this.#capturedAside(system, kept['metadata'], names, done)
    return kept
  }

  /** What is left out is left out too where it could not be read as its field, or lost against another spelling of it. */
  #capturedAside(system: string, aside: JsonObject, names: ReadonlySet<string>, done: Done): JsonObject {
    const isLeftOut = (tokens: readonly string[]): boolean =>
      otherPlaces(tokens).some(([top, ...below]) => below.length === 0 && names.has(top!))
    const kept = (object: JsonObject, above: readonly string[]): JsonObject => {
      const left: JsonObject = {}
      for (const [name, value] of Object.entries(object)) {
        const tokens = [...above, name]
        if (isLeftOut(tokens)) {
          const pointer = pointerOf(tokens)
          done.dropped.push(pointer)
          this.#met.note(system, shownPointer(pointer), 'dropped', 'capture')
        } else setMember(left, name, isObject(value) && above.length === 1 ? kept(value, tokens) : value)
      }
      return left
    }
    return kept(aside, ['metadata'])
  }

  #altered(system: string, record: CanonicalRecord, alteration: Alteration): CanonicalRecord {
    const { done } = alteration
    const before = done.dropped.length
    const altered = alteration.of(record)
    for (const pointer of done.dropped.slice(before))
      this.#met.note(system, shownPointer(pointer), 'dropped', 'declared')
    for (const pointer of done.pseudonymised)
      this.#met.note(system, shownPointer(pointer), 'pseudonymised', 'declared')
    return altered
  }

  /** The record with what was done to it. */
  #told(
    kept: CanonicalRecord,
    sent: CanonicalRecord,
    { sealed, queryable }: Judgement,
    done: Done,
  ): Classified {
    const isAltered = done.pseudonymised.length > 0 || done.dropped.length > 0
    if (!isAltered && sealed.length === 0) return { record: sent, isAltered }
    const listed = shortenedSeals(sealed, queryable)
    const said: JsonObject = {
      policy: this.#policy.version,
      ...list('sealed', listed.sealed),
      ...list('queryable', listed.queryable),
      ...list('pseudonymised', shortened(done.pseudonymised)),
      ...list('dropped', shortened(done.dropped)),
    }
    const record = isAltered ? withoutCoerced(kept, done) : kept
    return { record: { ...record, [CLASSIFICATION]: said }, isAltered }
  }

  #knownOf(system: string): KnownFields {
    const found = this.#systems.get(system)
    if (found) return found
    const { systems, mode } = this.#policy
    const declared = Object.hasOwn(systems, system) ? systems[system]! : { fields: {} }
    const known = new KnownFields(new FieldRules(declared, mode))
    if (this.#systems.size >= SYSTEMS_KEPT_MAX) {
      this.#countPlain()
      this.#systems = new Map()
    }
    this.#systems.set(system, known)
    return known
  }

  #countPlain(): void {
    for (const [system, known] of this.#systems) {
      for (const field of known.all()) {
        if (field.plain === 0) continue
        const pointer = field.holds ? `${FEATURES}*` : field.pointer
        this.#met.note(system, pointer, 'queryable', 'default', field.plain)
        field.plain = 0
      }
    }
  }
}

function list(name: string, pointers: readonly string[]): JsonObject {
  return pointers.length === 0 ? {} : { [name]: [...pointers] }
}

/** Without the pointers of numbers kept as text whose text is no longer there. */
function withoutCoerced(record: CanonicalRecord, { pseudonymised, dropped }: Done): CanonicalRecord {
  const { coerced, ...rest } = record
  if (!Array.isArray(coerced)) return record
  const gone = new Set([...pseudonymised, ...dropped])
  const left = coerced.filter((pointer) => typeof pointer === 'string' && !isIn(gone, pointer))
  return left.length === 0 ? rest : { ...rest, coerced: left }
}

/** Whether the pointer, or one above it, is among these. */
function isIn(pointers: ReadonlySet<string>, pointer: string): boolean {
  for (let at = pointer; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) if (pointers.has(at)) return true
  return false
}
