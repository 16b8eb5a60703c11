/** How an erasure stands before it is planned: whom it is still about, and which holds keep it waiting. */
import type { Erasure, ErasureRequest } from './erasure.ts'
import { gather, type GatheringFrom } from './gather.ts'
import type { HeldBy } from './held.ts'

/** Who are one person, by what is known now. */
export interface KnownPeople {
  /** Scopes of whoever is the same person as the one of this scope, itself among them. */
  sameAs(scope: string): readonly string[]
}

/**
 * The scopes of a request that are still those of the person it named: what was taken for one person then may have been found to be two.
 * Ids that were found to be theirs later are not added.
 */
export function scopesNow({ sameAs }: KnownPeople, request: ErasureRequest | undefined): readonly string[] {
  const { named, scopes } = request ?? { scopes: [] }
  if (!named) return scopes
  const theirs = new Set(named.flatMap((scope) => sameAs(scope)))
  return scopes.filter((scope) => theirs.has(scope))
}

/** The keys of an erasure that are not destroyed and still those of the person it is about; of one that is repeated all of them. */
export function numbersNow(
  { people, vault }: Pick<GatheringFrom, 'vault'> & { people: KnownPeople },
  { isRepeated, plan, request }: Erasure,
): number[] {
  if (isRepeated) return [...(plan?.numbers ?? [])]
  const scopes = request?.named && new Set(scopesNow(people, request))
  return (plan?.numbers ?? []).filter((number) => {
    const scope = vault.scopeOf(number)
    return scope !== undefined && (!scopes || scopes.has(scope))
  })
}

/** Ids of the holds that keep it waiting. */
export async function blockedBy(
  place: GatheringFrom & { people: KnownPeople; holds: HeldBy },
  erasure: Erasure,
): Promise<readonly string[]> {
  const found = await gather(place, new Set(numbersNow(place, erasure)))
  const entries = new Map([...found.values()].flat().map((entry) => [entry.index, entry]))
  return place.holds.over(scopesNow(place.people, erasure.request), [...entries.values()])
}
