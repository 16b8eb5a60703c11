import type { JsonObject } from '@deponent/format'

/** A record as `GET /v1/decisions/{id}` shows it to whoever asks, sealed parts covered. */
export interface RecordedDecision {
  readonly id: string
  readonly kind: string
  readonly index: number
  readonly ledger: string
  readonly at: string
  readonly system: string
  readonly record: JsonObject
  /** How many fields were erased while the rest stays. */
  readonly erasedFields?: number
}
