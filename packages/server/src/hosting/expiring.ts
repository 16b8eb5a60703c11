/** The expiry of a hosted ledger: what is due goes by the retention in force. */
import { Expiry } from '../expiry/expiry.ts'
import { EXPIRING_KINDS } from '../expiry/kinds.ts'
import { RunRegister } from '../expiry/run-register.ts'
import type { Erasures } from '../erasure/erasures.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import type { StateStore } from '../platform/state-store.ts'
import type { Projection } from '../projection/index.ts'
import type { RetentionControl } from '../retention/retention-control.ts'
import type { Tenant } from '../tenant.ts'

export interface ExpiringParts {
  clock: Clock
  random: Random
  store: StateStore
  control: RetentionControl
  erasures: Erasures
  diagnose(message: string, details?: Record<string, unknown>): void
}

export function expiryOf(
  tenant: Tenant,
  projection: Pick<Projection, 'countEntries' | 'findEntries'>,
  { clock, control, diagnose, erasures, random, store }: ExpiringParts,
): Expiry {
  const { dedupe, ledger, marker, reader, rights, systems, vault } = tenant
  const kinds = EXPIRING_KINDS
  return new Expiry({
    clock,
    random,
    control,
    ledger,
    vault,
    systems,
    marker,
    dedupe,
    erasures,
    index: {
      count: (of) => projection.countEntries({ ...of, kinds }),
      find: (of, from, limit) => projection.findEntries({ ...of, kinds }, from, limit),
    },
    holds: {
      any: () => rights.hasHolds,
      over: (scopes, entries) => rights.holdsOver(scopes, entries),
    },
    isRestricted: async (index) =>
      rights.restrictsAnything && (await rights.restrictionOver(await reader.one(index))).length > 0,
    runs: new RunRegister(store, tenant.name),
    diagnose: (message, details) => diagnose(message, { ledger: tenant.name, ...details }),
  })
}
