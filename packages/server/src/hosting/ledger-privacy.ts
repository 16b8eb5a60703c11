/** Binds the privacy settings of a ledger to the ledger. */
import type { StateStore } from '../platform/state-store.ts'
import type { PrivacyControl } from '../privacy/privacy-control.ts'
import type { Tenant } from '../tenant.ts'
import { Notes } from './notes.ts'

/** From here on the settings can be changed; changes from outside are put on record first. */
export async function bearPrivacy(
  privacy: PrivacyControl,
  tenant: Pick<Tenant, 'name' | 'ledger' | 'recorder' | 'classifyBy'>,
  store: StateStore,
): Promise<void> {
  const notes = new Notes(store, tenant.name)
  privacy.bear({
    record: (kind, record) => tenant.recorder.recordOwn(kind, record),
    remembered: () => notes.get('privacy_file'),
    remember: (digest) => notes.set('privacy_file', digest),
    classifyBy: async (settings) => {
      await tenant.classifyBy(settings)
      // What was classified before that may still be on its way into the ledger.
      await tenant.recorder.settled()
      return tenant.ledger.size
    },
  })
  if (tenant.ledger.refusal === undefined) await privacy.reconcile()
}
