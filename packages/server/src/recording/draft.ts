import type { Entry, RecordKind } from '@deponent/format'
import type { Draft } from '../ledger/ledger.ts'
import { NO_RETENTION_SLUG } from './retentions.ts'

/** An entry on its way into the ledger, before what goes with it is known. `system` and `retention` are slugs. */
export function draftOf(
  id: string,
  kind: RecordKind,
  system: string,
  payload: Entry['payload'],
  retention = NO_RETENTION_SLUG,
): Omit<Draft, 'attachment'> {
  return { id, kind, system, retention, payload }
}
