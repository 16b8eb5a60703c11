/** A row that is a record, as the sinks of the SDKs write them: a decision, unless it says another kind. */
import { isRecordKind } from '@deponent/format'
import type { MappedRecord } from './map-row.ts'
import type { SourceRow } from './source-row.ts'

export function recordIn({ values, coerced }: SourceRow): MappedRecord {
  const { kind } = values
  return {
    kind: typeof kind === 'string' && isRecordKind(kind) ? kind : 'decision',
    reading: { value: values, coerced, faults: [] },
  }
}
