import type { JsonValue, RecordKind } from '@deponent/format'
import { iso } from './calendar.ts'

/** A record somebody at the company sends at the moment `at` (Unix ms), which is also its `timestamp`. */
export interface DemoRecord {
  at: number
  kind: RecordKind
  record: { [field: string]: JsonValue }
}

/** The text of a field, where it has one. */
export function textOf(record: DemoRecord['record'], field: string): string | undefined {
  const value = record[field]
  return typeof value === 'string' ? value : undefined
}

/** A record of that moment. */
export function recordAt(at: number, kind: RecordKind, record: DemoRecord['record']): DemoRecord {
  return { at, kind, record: { timestamp: iso(at), ...record } }
}
