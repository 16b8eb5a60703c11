// Which features are queryable, and where their values are.
//
// Invariants.
// 1. A (system, field) is queryable while it has had at most DISTINCT_VALUES_MAX distinct values; the next one seals it
//    for good. Sealing is remembered outside the index, so an index built again leaves the field out from the start.
// 2. What is counted depends only on the entries and their order, never on how they were cut into batches.
// 3. A field name keeps its column while any system has a value of it in the index, and longer unless erasure takes it away.

import type { Feature } from './rows.ts'
import { FEATURE_SLOTS_MAX } from './schema.ts'
import type { SealedField } from './source.ts'

export const DISTINCT_VALUES_MAX = 1_000
/** Names of further fields in one system are not indexed: a system that invents names is not described by fields. */
export const FIELDS_PER_SYSTEM_MAX = 1_000

/** Where the values of a feature are: a column of its own, or the map of the others. */
export type FeaturePlace = number | 'map'

/** A field that has a column of its own. */
export interface FieldSlot {
  readonly name: string
  readonly slot: number
}

export interface ValueRow {
  readonly index: number
  readonly system: string
  readonly name: string
  /** 53 bits, as a decimal number. */
  readonly digest: number
}

/** What a batch of entries added to the catalogue. */
export interface Additions {
  readonly slots: FieldSlot[]
  readonly values: ValueRow[]
  readonly sealed: SealedField[]
  /** Systems that ran out of field names in this batch. */
  readonly full: string[]
}

/** 53-bit non-cryptographic digest (cyrb53, public domain): equal values meet, and that is all it is for. */
export function digestOf(text: string): number {
  let low = 0xdeadbeef
  let high = 0x41c6ce57
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    low = Math.imul(low ^ code, 2654435761)
    high = Math.imul(high ^ code, 1597334677)
  }
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909)
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909)
  return 4294967296 * (2097151 & high) + (low >>> 0)
}

/** Values seen of each field of a system; `sealed` where nobody counts any more. */
type SystemFields = Map<string, Set<number> | 'sealed'>

export class FieldCatalogue {
  readonly #places = new Map<string, FeaturePlace>()
  readonly #systems = new Map<string, SystemFields>()
  readonly #full = new Set<string>()
  readonly #slots = new Set<number>()

  constructor(sealed: readonly SealedField[], slots: readonly FieldSlot[], values: readonly ValueRow[]) {
    for (const { name, slot } of slots) {
      this.#places.set(name, slot)
      this.#slots.add(slot)
    }
    for (const { system, name, digest } of values) this.#count(system, name, digest)
    for (const { system, field } of sealed) this.#fieldsOf(system).set(field, 'sealed')
  }

  /** Counts the features of one entry, before any row of its batch is made. */
  note(index: number, system: string, features: readonly Feature[], additions: Additions): void {
    const fields = this.#fieldsOf(system)
    for (const { name, text } of features) {
      if (this.#mayCount(system, fields, name, additions))
        this.#noteValue(index, system, fields, name, text, additions)
    }
  }

  /** The features of one entry that go into its row, by place; call after the whole batch was noted. */
  queryable(system: string, features: readonly Feature[]): { place: FeaturePlace; feature: Feature }[] {
    const fields = this.#systems.get(system)
    if (!fields) return []
    const found: { place: FeaturePlace; feature: Feature }[] = []
    for (const feature of features) {
      const values = fields.get(feature.name)
      if (values !== undefined && values !== 'sealed')
        found.push({ place: this.placeOf(feature.name), feature })
    }
    return found
  }

  /** Where values of a field would be. A field nobody reported is in the map, where nothing is found. */
  placeOf(name: string): FeaturePlace {
    return this.#places.get(name) ?? 'map'
  }

  /** Field names that have a column of their own, by name: which column that is depends on what was erased. */
  named(): FieldSlot[] {
    const named: FieldSlot[] = []
    for (const [name, slot] of this.#places) if (slot !== 'map') named.push({ name, slot })
    return named.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Systems in which the field is sealed. */
  sealedIn(field: string): string[] {
    return [...this.#systems].filter(([, fields]) => fields.get(field) === 'sealed').map(([system]) => system)
  }

  /** The fields a system reported and whether their values are still in the index, by name. */
  fieldsOf(system: string): { name: string; sealed: boolean }[] {
    const fields = [...(this.#systems.get(system) ?? [])].map(([name, values]) => ({
      name,
      sealed: values === 'sealed',
    }))
    return fields.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Systems with more field names than are indexed. */
  fullSystems(): string[] {
    return [...this.#full]
  }

  #mayCount(system: string, fields: SystemFields, name: string, additions: Additions): boolean {
    const known = fields.get(name)
    if (known !== undefined) return known !== 'sealed'
    if (fields.size < FIELDS_PER_SYSTEM_MAX) return true
    if (!this.#full.has(system)) {
      this.#full.add(system)
      additions.full.push(system)
    }
    return false
  }

  #noteValue(
    index: number,
    system: string,
    fields: SystemFields,
    name: string,
    text: string,
    additions: Additions,
  ): void {
    const digest = digestOf(text)
    const values = fields.get(name)
    if (values instanceof Set && values.has(digest)) return
    if (values instanceof Set && values.size >= DISTINCT_VALUES_MAX) {
      fields.set(name, 'sealed')
      additions.sealed.push({ system, field: name })
      return
    }
    this.#count(system, name, digest)
    additions.values.push({ index, system, name, digest })
    this.#assignPlace(name, additions)
  }

  #assignPlace(name: string, additions: Additions): void {
    if (this.#places.has(name)) return
    if (this.#slots.size >= FEATURE_SLOTS_MAX) {
      this.#places.set(name, 'map')
      return
    }
    // Erasure may have freed one in between.
    let slot = 0
    while (this.#slots.has(slot)) slot += 1
    this.#slots.add(slot)
    this.#places.set(name, slot)
    additions.slots.push({ name, slot })
  }

  #count(system: string, name: string, digest: number): void {
    const fields = this.#fieldsOf(system)
    const values = fields.get(name)
    if (values instanceof Set) values.add(digest)
    else if (values === undefined) fields.set(name, new Set([digest]))
  }

  #fieldsOf(system: string): SystemFields {
    const known = this.#systems.get(system)
    if (known) return known
    const fields: SystemFields = new Map()
    this.#systems.set(system, fields)
    return fields
  }
}

export function noAdditions(): Additions {
  return { slots: [], values: [], sealed: [], full: [] }
}
