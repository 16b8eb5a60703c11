import { Erasures, type ErasuresOptions } from '../../packages/server/src/erasure/erasures.ts'
import { NO_HOLDS } from '../../packages/server/src/erasure/held.ts'
import type { Clock } from '../../packages/server/src/platform/clock.ts'
import type { Random } from '../../packages/server/src/platform/random.ts'
import type { Tenant } from '../../packages/server/src/tenant.ts'

/** The erasures of a tenant without an index; `more` replaces what a test is about. */
export function erasuresOver(
  tenant: Tenant,
  clock: Clock,
  random: Random,
  more: Partial<ErasuresOptions> = {},
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
    eraseFromIndex: () => Promise.resolve(),
    copies: [],
    scrubState: () => Promise.resolve(),
    needsTwoPersons: () => false,
    holds: NO_HOLDS,
    people: { sameAs: (scope) => [scope] },
    forget: () => undefined,
    told: () => Promise.resolve(),
    toldExpired: () => Promise.resolve(),
    delayed: () => Promise.resolve(),
    dropWaiting: () => Promise.resolve(),
    diagnose: () => undefined,
    ...more,
  })
}

/** A request about a person, by their id. */
export function requestAbout(
  tenant: Tenant,
  person: string,
  by = 'officer-1',
): Parameters<Erasures['request']>[0] {
  return {
    scopes: tenant.reader.handlesOf(person),
    ground: 'gdpr_17_1_a',
    reason: 'asked by letter',
    requestRef: 'r-1',
    by: { id: by, name: by, role: 'privacy_officer' },
  }
}
