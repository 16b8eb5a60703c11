/**
 * Writes down what is to be erased, once nothing more can come to it.
 *
 * What several people keep is erased whole by the last of those whose erasure is planned, and in part by those before: a plan holds
 * whatever fails after it, because nothing takes a plan back.
 */
import { toHex } from '@deponent/format'
import type { Recorder } from '../recording/recorder.ts'
import { type Erasure, isPlanned, type Planned } from './erasure.ts'
import { gather, type Gathered, type GatheringFrom } from './gather.ts'
import type { HeldBy } from './held.ts'
import type { ErasureRegister } from './register.ts'
import { type KnownPeople, numbersNow, scopesNow } from './standing.ts'

export interface PlanningIn extends GatheringFrom {
  recorder: Pick<Recorder, 'settled'>
  register: ErasureRegister
  holds: HeldBy
  people: KnownPeople
}

/**
 * These erasures with their plans, durable. Left out are those that a hold has come over: their keys seal again, as they do when
 * this fails.
 */
export async function planAll(place: PlanningIn, erasures: readonly Erasure[]): Promise<Planned[]> {
  const { recorder, register, vault } = place
  const fresh = erasures.filter((erasure) => !isPlanned(erasure))
  const numbers = erasures.flatMap((erasure) =>
    isPlanned(erasure) ? erasure.plan.numbers : numbersNow(place, erasure),
  )
  try {
    vault.closeKeys(numbers)
    await vault.flushKeys()
    // Whatever is sealed with these keys was begun before they were closed.
    await recorder.settled()
    const found = await gather(place, new Set(fresh.flatMap((erasure) => numbersNow(place, erasure))))
    const gone = new Set(
      register
        .all()
        .flatMap((erasure) => (isPlanned(erasure) && !erasure.outcome ? erasure.plan.numbers : [])),
    )
    const planned = fresh.flatMap((erasure) => planOf(place, erasure, found, gone) ?? [])
    await register.put(planned)
  } finally {
    reopen(place, erasures, numbers)
  }
  return erasures.map(({ id }) => register.get(id)!).filter(isPlanned)
}

/** Lets keys that were closed seal again, but for those that are to go after all. */
function reopen(
  { register, vault }: PlanningIn,
  erasures: readonly Erasure[],
  closed: readonly number[],
): void {
  const now = erasures.map(({ id }) => register.get(id)!)
  const going = new Set(now.filter(isPlanned).flatMap(({ plan }) => plan.numbers))
  vault.reopenKeys(closed.filter((number) => !going.has(number)))
}

/** Undefined when it is held. `gone`: keys that nothing saves any more; those of this erasure are added. */
function planOf(
  place: PlanningIn,
  erasure: Erasure,
  found: ReadonlyMap<number, Gathered[]>,
  gone: Set<number>,
): Planned | undefined {
  // Another erasure about the same person may have come first, or two of its ids be two people after all.
  const numbers = numbersNow(place, erasure).filter((number) => !gone.has(number))
  const each = new Map(
    numbers.flatMap((number) => found.get(number) ?? []).map((entry) => [entry.index, entry]),
  )
  const entries = [...each.values()].toSorted((a, b) => a.index - b.index)
  const { holds, people } = place
  if (holds.any() && holds.over(scopesNow(people, erasure.request), entries).length > 0) return undefined
  for (const number of numbers) gone.add(number)
  const isLeft = ({ keepers }: Gathered): boolean => keepers.some((keeper) => !gone.has(keeper))
  const left = entries.filter(isLeft)
  const whole = entries.filter((entry) => !isLeft(entry))
  const theirs = new Set(numbers)
  return {
    ...erasure,
    plan: {
      seed: erasure.plan!.seed,
      numbers,
      indices: entries.map(({ index }) => index),
      left: left.map(({ index }) => index),
      parts: left.flatMap(({ index, parts }) =>
        parts.filter(({ number }) => theirs.has(number)).map(({ part }) => [index, toHex(part)] as const),
      ),
      names: whole.flatMap(({ index, name }) => (name ? [{ key: name, index }] : [])),
      kept: left.flatMap(({ index, isKnownByContent, name }) =>
        name && isKnownByContent ? [{ key: name, index }] : [],
      ),
      links: whole.flatMap(({ index, link }) => (link ? [[index, toHex(link)] as const] : [])),
    },
  }
}
