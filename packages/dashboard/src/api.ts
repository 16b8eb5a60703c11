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
  /** Fields asked about whose values are not searchable in a system: its decisions are left out. */
  readonly sealed?: readonly { readonly system: string; readonly field: string }[]
}

export interface RecordLink {
  readonly rel: string
  readonly id: string
}

export interface DecisionRecord {
  readonly [field: string]: Json
}

/** `GET /v1/decisions/{id}`. Sealed fields read `{"sealed": true}`. */
export interface DecisionDocument {
  readonly id: string
  readonly kind: string
  readonly index: number
  readonly ledger: string
  readonly at: string
  readonly receivedAt: string
  readonly system?: string
  /** An opaque handle of the person affected. */
  readonly subject?: string
  /** Absent when the content is gone or could not be opened. */
  readonly record?: DecisionRecord
  readonly links?: readonly RecordLink[]
  readonly completeness?: {
    readonly profile: string
    /** 0..1. */
    readonly score: number
    readonly missing: readonly string[]
  }
}

/** A decision whose content could be read. */
export type OpenDecision = DecisionDocument & { readonly record: DecisionRecord }

export interface TimelineItem {
  readonly id: string
  readonly kind: string
  readonly index: number
  readonly at: string
  readonly record?: DecisionRecord
}

export interface Timeline {
  readonly items: readonly TimelineItem[]
}

/** One group: its `by` values and its metrics under the names they were asked by. */
export interface AggregateItem {
  readonly [name: string]: Json
}

export interface AggregateAnswer {
  readonly items: readonly AggregateItem[]
}

export interface ConfidenceBin {
  /** Half-open, the last bin closed. */
  readonly from: number
  readonly to: number
  readonly decisions: number
  readonly reviewed: number
  readonly overridden: number
}

export interface ConfidenceDistribution {
  readonly bins: readonly ConfidenceBin[]
  /** Decisions that state no confidence. */
  readonly without: number
  /** Decisions that state a score or a log-probability instead. */
  readonly scores: number
}

export interface Coverage {
  readonly status: CoverageStatus
  readonly entries: number
  readonly decisions: number
  readonly systems: readonly {
    readonly system: string
    readonly status: CoverageStatus
    readonly entries: number
    readonly decisions: number
    readonly unnumbered: number
  }[]
  readonly emitters: readonly {
    readonly emitter: string
    readonly epoch: number
    readonly firstSeq: number
    readonly lastSeq: number
    readonly recorded: number
    readonly missing: number
  }[]
}

export type CoverageStatus = 'undeclared' | 'complete' | 'gaps'

export interface CompletenessProfile {
  readonly profile: string
  readonly decisions: number
  /** Mean, 0..1. */
  readonly score: number
  /** Decisions in which nothing of the profile is missing. */
  readonly whole: number
  /** The most missed first. */
  readonly missing: readonly { readonly field: string; readonly count: number }[]
}

export interface Completeness {
  readonly profiles: readonly CompletenessProfile[]
}

export interface Overrides {
  readonly items: readonly {
    readonly system: string
    readonly modelId: string
    readonly reviewed: number
    readonly overridden: number
    /** Overridden of reviewed; null where nothing was reviewed. */
    readonly rate: number | null
  }[]
}

export interface SystemField {
  /** The name of an input feature. */
  readonly name: string
  readonly class: 'queryable' | 'sealed'
  readonly why: string
}

export interface SystemSummary {
  readonly name: string
  readonly decisions: number
  readonly firstAt: string
  readonly lastAt: string
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
      /** `open`, or why the ledger refuses to be written. */
      readonly state: string
      readonly message?: string
    }
    readonly index?: {
      readonly position: number
      readonly lag: number
      readonly state: string
      readonly message?: string
    }
  }
}
