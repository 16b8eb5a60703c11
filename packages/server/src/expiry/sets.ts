/** From entries whose time is over to sets that are erased and recorded together. */
import { toHex } from '@deponent/format'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import type { Expiring } from '../erasure/erasure.ts'
import { expiredSet } from '../erasure/expired-set.ts'
import type { Gathered } from '../erasure/gather.ts'
import { entryIdOf } from '../recording/entry-id.ts'

/**
 * Entries in one set. What stays of each is its path in the set, 32 bytes for each doubling, and its share of the record of the set: at 64
 * that is about 220 bytes, hardly more than the least, and one entry of the ledger for 64 that expire.
 */
export const SET_MAX = 64

/** An entry and the policy by which its time is over. */
export interface DueEntry {
  readonly entry: Gathered
  readonly policy: string
}

export interface SetTerms {
  /** Version of the settings. */
  readonly policyVersion: number
  readonly planDigest: string
}

/** The sets that these entries, in the order of their indices, go in: each of one policy. */
export function setsOf(
  due: readonly DueEntry[],
  terms: SetTerms,
  { clock, random }: { clock: Clock; random: Random },
): Expiring[] {
  const sets: Expiring[] = []
  for (const [policy, theirs] of Map.groupBy(due, (one) => one.policy)) {
    for (let i = 0; i < theirs.length; i += SET_MAX) {
      const entries = theirs.slice(i, i + SET_MAX).map(({ entry }) => entry)
      const now = clock.now()
      const set = { id: entryIdOf(now, random.bytes(10)), now, seed: toHex(random.bytes(32)) }
      sets.push(expiredSet(entries, { policy, ...terms }, set))
    }
  }
  return sets
}
