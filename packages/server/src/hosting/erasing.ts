/** The erasures of a hosted ledger, with all that they clear. */
import { Erasures } from '../erasure/erasures.ts'
import { NO_HOLDS } from '../erasure/held.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import type { StateStore } from '../platform/state-store.ts'
import type { Projection } from '../projection/index.ts'
import type { Tenant } from '../tenant.ts'

export interface ErasingParts {
  clock: Clock
  random: Random
  /** The directory's own, which is to forget what it deletes. */
  store: Pick<StateStore, 'scrub'>
  diagnose(message: string, details?: Record<string, unknown>): void
}

export function erasuresOf(
  tenant: Tenant,
  projection: Pick<Projection, 'erase'>,
  { clock, diagnose, random, store }: ErasingParts,
): Erasures {
  const { dedupe, erasureEntries, ledger, marker, recent, recorder, register, systems, vault } = tenant
  return new Erasures({
    clock,
    random,
    register,
    ledger,
    vault,
    recorder,
    systems,
    marker,
    dedupe,
    recent,
    entryOf: (root) => erasureEntries.entryOf(root),
    eraseFromIndex: (indices) => projection.erase(indices),
    scrubState: () => store.scrub(),
    needsTwoPersons: () => false,
    holds: NO_HOLDS,
    told: () => undefined,
    diagnose: (message, details) => diagnose(message, { ledger: tenant.name, ...details }),
  })
}
