import type { CanonicalRecord } from '@deponent/format'
import type { LifecycleRecord } from '../../packages/server/src/lineage/lifecycle-record.ts'

let made = 0

/** A record of that moment, received then. */
export function recorded(
  at: number,
  kind: string,
  record: CanonicalRecord,
  more: Partial<LifecycleRecord> = {},
): LifecycleRecord {
  made += 1
  return { id: `e-${made}`, index: made, kind, at, receivedAt: at, system: 'credit', record, ...more }
}

/** An event in the life of the model `m`. */
export function event(
  at: number,
  type: string,
  fields: CanonicalRecord,
  more: Partial<LifecycleRecord> = {},
): LifecycleRecord {
  return recorded(at, `model.${type}`, { modelId: 'm', ...fields }, more)
}
