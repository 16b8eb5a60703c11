/** What the server answers, as far as this page reads it. Times are RFC 3339 in UTC unless named otherwise. */

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** A row of `GET /v1/decisions`. Fields a decision does not have are absent or null. */
export interface DecisionRow {
  readonly id: string
  /** Place in the ledger. */
  readonly index: number
  readonly at: string
  readonly [field: string]: Json | undefined
}

export interface DecisionPage {
  readonly items: readonly DecisionRow[]
  readonly next: string | null
  readonly asOf: { readonly size: number }
}

export interface RecordLink {
  readonly rel: string
  readonly id: string
}

/** `GET /v1/decisions/{id}`. Sealed fields read `{"sealed": true}`. */
export interface DecisionDocument {
  readonly id: string
  readonly kind: string
  readonly index: number
  readonly ledger: string
  readonly at: string
  readonly receivedAt: string
  readonly record: { readonly [field: string]: Json }
  readonly links?: readonly RecordLink[]
  readonly completeness?: {
    readonly profile: string
    /** 0..1. */
    readonly score: number
    readonly missing: readonly string[]
  }
}

export interface TimelineItem {
  readonly id: string
  readonly kind: string
  readonly index: number
  readonly at: string
  readonly record?: { readonly [field: string]: Json }
}

export interface Timeline {
  readonly items: readonly TimelineItem[]
}

export interface AggregateAnswer {
  readonly items: readonly { readonly [name: string]: Json }[]
}

export interface UsageItem {
  /** `YYYY-MM-DD`, UTC. */
  readonly day: string
  readonly system: string
  readonly modelId: string
  readonly count: number
  readonly errors: number
  /** 0..1, null when no decision of the day stated one. */
  readonly avgConfidence: number | null
  readonly p95LatencyMs: number | null
}

export interface Usage {
  readonly items: readonly UsageItem[]
}

export interface ConfidenceDistribution {
  /** Half-open ranges, the last one closed. */
  readonly buckets: readonly { readonly from: number; readonly to: number; readonly count: number }[]
}

export interface Coverage {
  readonly status: string
  readonly emitters: readonly { readonly [name: string]: Json }[]
  readonly recorded: number
}

export interface CompletenessProfile {
  readonly profile: string
  readonly count: number
  /** 0..1. */
  readonly averageScore: number
  /** Decisions in which nothing of the profile is missing. */
  readonly complete: number
  readonly missing: readonly { readonly field: string; readonly count: number }[]
}

export interface Completeness {
  readonly profiles: readonly CompletenessProfile[]
}

export interface SystemField {
  readonly name: string
  readonly class: string
  readonly why: string
}

export interface SystemSummary {
  readonly name: string
  readonly slug: string
  readonly decisions: number
  readonly firstAt: string | null
  readonly lastAt: string | null
  readonly fields: readonly SystemField[]
}

export interface Systems {
  readonly items: readonly SystemSummary[]
}

export interface Readiness {
  readonly ready: boolean
  readonly checks: {
    readonly ledger?: {
      readonly size: number
      readonly checkpointSize: number
      readonly checkpointAgeMs: number | null
      readonly state: string
    }
    readonly index?: { readonly position: number; readonly lag: number; readonly state: string }
  }
}
