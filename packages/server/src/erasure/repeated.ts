/** Erasures that a directory has forgotten because it is an older copy of itself, as they are done again on it. */
import { toHex } from '@deponent/format'
import type { Random } from '../platform/random.ts'
import type { Erasure, Expiring } from './erasure.ts'
import { expiredSet } from './expired-set.ts'
import { gatherEach, type GatheringFrom } from './gather.ts'
import { type BegunOutside, repeated } from './register.ts'

export interface RepeatingIn extends GatheringFrom {
  random: Random
}

/** As many of these as have something to erase here. */
export async function repeatedErasures(
  place: RepeatingIn,
  forgotten: readonly BegunOutside[],
): Promise<Erasure[]> {
  const erasures: Erasure[] = []
  const { clock, random } = place
  for (const begun of forgotten) {
    const erasure = begun.expired
      ? await expiryOf(place, begun)
      : repeated(begun, { now: clock.now(), seed: toHex(random.bytes(32)) })
    if (erasure) erasures.push(erasure)
  }
  return erasures
}

/** Undefined when nothing of it is here any more. */
async function expiryOf(place: RepeatingIn, { id, expired }: BegunOutside): Promise<Expiring | undefined> {
  const { indices, setRoot: _, ...terms } = expired!
  const entries = await gatherEach(place, indices)
  if (entries.length === 0) return undefined
  const { clock, random } = place
  const set = { id, now: clock.now(), seed: toHex(random.bytes(32)) }
  return { ...expiredSet(entries, terms, set), isRepeated: true }
}
