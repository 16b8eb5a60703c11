import type { CanonicalRecord, RecordKind } from '@deponent/format'

/** Something the product itself has to say. */
export interface OwnRecord {
  kind: RecordKind
  record: CanonicalRecord
}
