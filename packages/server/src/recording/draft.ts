import type { Entry, RecordKind } from '@deponent/format'
import type { Draft } from '../ledger/ledger.ts'

/** An entry on its way into the ledger, before what goes with it is known. */
export function draftOf(
  id: string,
  kind: RecordKind,
  system: string,
  payload: Entry['payload'],
): Omit<Draft, 'attachment'> {
  return { id, kind, system, retention: 'unset', payload }
}
