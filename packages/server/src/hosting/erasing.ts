/** The erasures of a hosted ledger, with all that they clear. */
import type { AccessControl } from '../access/access-control.ts'
import type { ContentCopy } from '../erasure/eraser.ts'
import { Erasures } from '../erasure/erasures.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import type { StateStore } from '../platform/state-store.ts'
import type { PrivacyControl } from '../privacy/privacy-control.ts'
import type { Projection } from '../projection/index.ts'
import type { Tenant } from '../tenant.ts'
import type { Traces } from '../traces/traces.ts'

export interface ErasingParts {
  clock: Clock
  random: Random
  /** The directory's own, which is to forget what it deletes. */
  store: Pick<StateStore, 'scrub'>
  privacy: Pick<PrivacyControl, 'needsTwoPersons'>
  control: Pick<AccessControl, 'forget'>
  /** Where content is kept a second time. */
  copies: readonly ContentCopy[]
  /** What waits to be recorded. */
  traces: Pick<Traces, 'erase' | 'drop'>
  diagnose(message: string, details?: Record<string, unknown>): void
}

export function erasuresOf(
  tenant: Tenant,
  projection: Pick<Projection, 'erase'>,
  { clock, control, copies, diagnose, privacy, random, store, traces }: ErasingParts,
): Erasures {
  const { dedupe, erasureEntries, ledger, marker, recent, recorder, register, rights, systems, vault } =
    tenant
  const erasures = new Erasures({
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
    eraseFromIndex: (indices, left) => projection.erase(indices, left),
    copies: [traces, ...copies],
    dropWaiting: () => traces.drop(),
    scrubState: () => store.scrub(),
    needsTwoPersons: () => privacy.needsTwoPersons(),
    holds: {
      any: () => rights.hasHolds,
      over: (scopes, entries) => rights.holdsOver(scopes, entries),
    },
    people: { sameAs: (scope) => rights.sameAs(scope) },
    forget: (indices) => rights.forget(indices),
    delayed: ({ id, request, requestedAt }, holds) =>
      rights.delayed({ erasureId: id, requestedAt, requestRef: request?.requestRef, holds }),
    toldExpired: (indices) => control.forget(new Set(indices)),
    told: async (done) => {
      await control.forget(new Set(done.flatMap(({ indices }) => indices)))
      await rights.told(
        done.map(({ erasure: { id, outcome }, indices, request }) => ({
          erasureId: id,
          completedAt: outcome!.completedAt,
          setRoot: outcome!.setRoot,
          requestRef: request?.requestRef,
          indices,
        })),
      )
    },
    diagnose: (message, details) => diagnose(message, { ledger: tenant.name, ...details }),
  })
  rights.attach({
    pendingOver: (scopes) =>
      erasures.pendingFor(scopes).map(({ erasure: { id, requestedAt }, waitingFor }) => ({
        erasureId: id,
        requestedAt,
        waitingFor: waitingFor ?? null,
      })),
    heldScopes: () => erasures.heldScopes(),
    resume: () => erasures.resume(),
  })
  return erasures
}
