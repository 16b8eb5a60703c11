import type { CanonicalRecord, RecordKind } from '@deponent/format'

/** Something the product itself has to say. */
export interface OwnRecord {
  kind: RecordKind
  record: CanonicalRecord
  /** The 32-byte scope whose key seals it: that of the month when absent. */
  scope?: Uint8Array
  /** Pointers of fields that everybody may read. */
  show?: readonly string[]
}
