/** Binds the retention of a ledger to the ledger. */
import { createHash } from 'node:crypto'
import { type CanonicalRecord, utf8 } from '@deponent/format'
import { SERVER } from '../access/actor.ts'
import type { StateStore } from '../platform/state-store.ts'
import { NO_RETENTION_SLUG, RETENTION_DECLARED } from '../recording/retentions.ts'
import { retentionText } from '../retention/earlier.ts'
import type { RetentionControl } from '../retention/retention-control.ts'
import { EVERY_SYSTEM, type RetentionSettings } from '../retention/settings.ts'
import type { Tenant } from '../tenant.ts'
import { Notes } from './notes.ts'

/** From here on the settings can be changed; changes from outside are put on record first. */
export async function bearRetention(
  control: RetentionControl,
  tenant: Pick<Tenant, 'name' | 'ledger' | 'recorder' | 'retentions'>,
  store: StateStore,
): Promise<void> {
  const notes = new Notes(store, tenant.name)
  control.bear({
    record: (kind, record) => tenant.recorder.recordOwn(kind, record),
    remembered: () => notes.get('retention_file'),
    remember: (digest) => notes.set('retention_file', digest),
    keepBy: (settings) => keepBy(settings, tenant),
  })
  if (tenant.ledger.refusal === undefined) await control.reconcile()
}

/** Declares what was not in force before under a slug of its own, and has entries name it. */
async function keepBy(
  settings: RetentionSettings,
  { recorder, retentions }: Pick<Tenant, 'recorder' | 'retentions'>,
): Promise<void> {
  const slugs = new Map<string, string>()
  for (const system of new Set([EVERY_SYSTEM, ...Object.keys(settings.systems)])) {
    const text = retentionText(settings, system)
    const slug = text === undefined ? NO_RETENTION_SLUG : await slugOf(text)
    slugs.set(system, slug)
  }
  retentions.use((system) => slugs.get(system) ?? slugs.get(EVERY_SYSTEM)!)

  async function slugOf(text: string): Promise<string> {
    const digest = createHash('sha256').update(utf8(text)).digest('hex')
    const known = retentions.slugOf(digest)
    if (known !== undefined) return known
    const slug = retentions.mint()
    const record: CanonicalRecord = {
      object: RETENTION_DECLARED,
      reason: 'entries name it from here on',
      details: { slug, digest, retention: JSON.parse(text) as CanonicalRecord },
      actor: { ...SERVER },
      basis: 'observed',
    }
    // What it is about is shown, which makes it the ledger's own word: nobody else declares what a slug stands for.
    await recorder.recordOwnAll([{ kind: 'change', record, show: ['/object'] }])
    return slug
  }
}
