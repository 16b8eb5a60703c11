/** What holds for people beside their records, folded from facts: which ids are one person, and whose processing is restricted. */
import type { Fact, PersonFact } from './fact.ts'
import { requestsOf } from './requests.ts'

/**
 * Why processing is restricted: by a record that says so (Art. 18), while an objection is weighed or after it was upheld (Art. 18(1)(d),
 * 21), or because the record was corrected and stays as evidence only (Art. 16).
 */
export type RestrictedBy = 'restriction' | 'objection' | 'rectification'

/** Two ids said to be one person. */
export interface Merge {
  /** Entry id of the record that says so. */
  readonly id: string
  readonly at: number
  readonly handles: readonly string[]
}

export class Persons {
  readonly merges: readonly Merge[]
  readonly #groups = new Map<string, readonly string[]>()
  /** Handles of people whose processing is restricted, each with why. */
  readonly #people = new Map<string, Set<RestrictedBy>>()
  /** Entry ids that are restricted alone. */
  readonly #entries = new Map<string, Set<RestrictedBy>>()
  /** Entry ids of the rectifications of an entry. */
  readonly #corrections = new Map<string, string[]>()

  constructor(facts: readonly Fact[]) {
    this.merges = mergesIn(facts)
    for (const { handles } of this.merges) this.#join(handles)
    for (const fact of facts) this.#take(fact)
    for (const { requestType, state, subject } of requestsOf(facts).values())
      if (requestType === 'objection' && state !== 'refused') add(this.#people, subject, 'objection')
  }

  /** A handle and those of the same person, itself first. */
  sameAs(handle: string): readonly string[] {
    const group = this.#groups.get(handle)
    return group ? [handle, ...group.filter((other) => other !== handle)] : [handle]
  }

  /** Why what is said in an entry, or about its person, is restricted; empty when it is not. */
  restrictionOf(handles: readonly string[], entryId: string | undefined): RestrictedBy[] {
    const found = new Set<RestrictedBy>(entryId === undefined ? [] : this.#entries.get(entryId))
    for (const handle of handles.flatMap((one) => this.sameAs(one)))
      for (const reason of this.#people.get(handle) ?? []) found.add(reason)
    return [...found]
  }

  get restrictsAnything(): boolean {
    return this.#people.size > 0 || this.#entries.size > 0
  }

  /** Handles of all people whose processing is restricted, those of merged ids included. */
  get restricted(): string[] {
    return [...new Set([...this.#people.keys()].flatMap((handle) => this.sameAs(handle)))]
  }

  /** Entry ids of the rectifications of an entry, oldest first. */
  correctionsOf(entryId: string): readonly string[] {
    return this.#corrections.get(entryId) ?? []
  }

  #take(fact: Fact): void {
    if (fact.what === 'restricted') {
      for (const [map, key] of this.#placesOf(fact)) add(map, key, 'restriction')
    } else if (fact.what === 'unrestricted') {
      for (const [map, key] of this.#placesOf(fact)) remove(map, key, 'restriction')
    } else if (fact.what === 'rectified') {
      for (const entry of fact.entries) {
        add(this.#entries, entry, 'rectification')
        this.#corrections.set(entry, [...this.correctionsOf(entry), fact.id])
      }
    }
  }

  #placesOf({ entries, handles }: PersonFact): [Map<string, Set<RestrictedBy>>, string][] {
    if (entries.length > 0) return entries.map((entry) => [this.#entries, entry])
    return handles.flatMap((handle) => this.sameAs(handle)).map((handle) => [this.#people, handle])
  }

  #join(handles: readonly string[]): void {
    const group = [...new Set(handles.flatMap((handle) => this.sameAs(handle)))]
    for (const handle of group) this.#groups.set(handle, group)
  }
}

/** Merges that no split undid. */
function mergesIn(facts: readonly Fact[]): Merge[] {
  const undone = new Set(facts.flatMap((fact) => (fact.what === 'split' ? [fact.mergeId] : [])))
  return facts.flatMap(({ what, id, receivedAt, handles }) =>
    what === 'merged' && !undone.has(id) ? [{ id, at: receivedAt, handles }] : [],
  )
}

function add(map: Map<string, Set<RestrictedBy>>, key: string, reason: RestrictedBy): void {
  map.set(key, (map.get(key) ?? new Set()).add(reason))
}

function remove(map: Map<string, Set<RestrictedBy>>, key: string, reason: RestrictedBy): void {
  const reasons = map.get(key)
  reasons?.delete(reason)
  if (reasons?.size === 0) map.delete(key)
}
