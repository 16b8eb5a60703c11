import type { CanonicalRecord, Entry } from '@deponent/format'

/** One entry of the ledger, opened as far as it can be. */
export interface SourceEntry {
  readonly index: number
  readonly entry: Entry
  /** Absent when the payload is gone or cannot be opened: nothing of it is indexed. */
  readonly record?: CanonicalRecord
  /** Pseudonyms of the people affected, 32 hex digits each, in the order of the record. */
  readonly subjects?: readonly string[]
  /** The name behind the entry's system slug. */
  readonly systemName: string
  /** The decision an outcome, review or other record about a decision belongs to. */
  readonly target?: { readonly index: number; readonly id: string }
}

/** Where entries come from: the ledger and the vault, never the write-ahead log alone. */
export interface ProjectionSource {
  /** Number of durable entries; never shrinks. */
  size(): number
  /** Every entry of [from, to), in order. */
  read(from: number, to: number): Promise<SourceEntry[]>
}

/** A field of a system whose values no longer enter the index. */
export interface SealedField {
  readonly system: string
  readonly field: string
}

/** Fields that somebody sealed after entries were recorded. What a record itself says is sealed needs no rule. */
export interface FieldRules {
  /** Another one after each change of the rules; 0 while nothing was ever declared. */
  readonly version: number
  /** Whether anything of this system is sealed by rules. */
  touches(system: string): boolean
  /** Values of the field at this JSON pointer are not for the index in entries of the system below this index. */
  sealedUntil(system: string, pointer: string): number
  /** Nor are structures at this pointer below this index, because something in them was sealed. */
  sealedWithinUntil(system: string, pointer: string): number
}

/** What the projection must remember outside the index. Writes are durable when they return. */
export interface PositionStore {
  /** Entries below it are in the index; entries at or past it are not, or not yet for sure. */
  get(): number
  set(position: number): void
  /** The identity of the index that the position is about; undefined before there is one. */
  indexId(): string | undefined
  /** From now on the position is about this index, which is empty. */
  beginIndex(id: string): void
  sealedFields(): SealedField[]
  sealField(system: string, field: string): void
  /** Version of the rules the index was last brought in line with; 0 before that. */
  rulesVersion(): number
  setRulesVersion(version: number): void
}
