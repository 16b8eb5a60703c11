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
  /** Time that is archived, so that its decisions are left out; `to` is past its end. */
  readonly archived?: readonly ArchivedSpan[]
}

export interface ArchivedSpan {
  readonly from: string
  readonly to: string
  /** Absent where the reader may not see all of them. */
  readonly decisions?: number
}

export interface RecordLink {
  readonly rel: string
  readonly id: string
}

export interface DecisionRecord {
  readonly [field: string]: Json
}

/** One end of an interval, and whose word it is. */
export interface TimeBound {
  readonly at: string
  readonly source: string
}

/** `GET /v1/decisions/{id}`. Sealed fields read `{"sealed": true}`. */
export interface DecisionDocument {
  readonly id: string
  readonly kind: string
  readonly index: number
  readonly ledger: string
  readonly at: string
  readonly receivedAt: string
  /** Between which moments outsiders place it, as the server reads its anchors. */
  readonly time?: { readonly notBefore?: TimeBound; readonly notAfter?: TimeBound }
  readonly system?: string
  /** An opaque handle of the person affected. */
  readonly subject?: string
  /** Why processing of it is restricted; absent when it is not. */
  readonly restrictedBy?: readonly string[]
  /** How many fields were erased with another person they named. */
  readonly erasedFields?: number
  /** Absent when the content is gone or could not be opened. */
  readonly record?: DecisionRecord
  readonly links?: readonly RecordLink[]
  /** What is open for the purpose that was stated, and until when. */
  readonly reveal?: { readonly fields: readonly string[] | 'all'; readonly until: string }
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

/** Says of an answer about groups that small ones are left out, to whoever may not see single decisions. */
export interface MaybeSuppressed {
  readonly suppressed?: { readonly groups: number; readonly below: number }
}

/** One group: its `by` values and its metrics under the names they were asked by. */
export interface AggregateItem {
  readonly [name: string]: Json
}

export interface AggregateAnswer extends MaybeSuppressed {
  readonly items: readonly AggregateItem[]
}

export interface ConfidenceBin {
  /** Half-open, the last bin closed. */
  readonly from: number
  readonly to: number
  readonly decisions: number
  /** Null where so few were that they may not be counted. */
  readonly reviewed: number | null
  readonly overridden: number | null
}

export interface ConfidenceDistribution extends MaybeSuppressed {
  readonly bins: readonly ConfidenceBin[]
  /** Decisions that state no confidence. */
  readonly without: number | null
  /** Decisions that state a score or a log-probability instead. */
  readonly scores: number | null
}

export interface Coverage extends MaybeSuppressed {
  readonly status: CoverageStatus
  readonly entries: number
  readonly decisions: number
  /** Recorded of what emitters numbered; null while some decisions carry no number. */
  readonly share: { readonly recorded: number; readonly declared: number; readonly value: number } | null
  readonly systems: readonly {
    readonly system: string
    readonly status: CoverageStatus
    readonly entries: number
    readonly decisions: number
    /** Null where so few, or all but so few, carry no number that they may not be counted. */
    readonly unnumberedDecisions: number | null
  }[]
  readonly emitters: readonly {
    readonly emitter: string
    readonly system: string
    readonly recorded: number
    readonly missing: number
    readonly lost: number
    readonly silent: boolean
  }[]
  readonly counters: readonly Counter[]
  readonly findings: readonly CoverageFinding[]
}

export interface CoverageFinding {
  readonly severity: 'error' | 'gap' | 'info'
  readonly code: string
  readonly message: string
}

/** A count of the same traffic kept by somebody else, held against the records. */
export interface Counter {
  readonly counter: string
  readonly source: string | null
  readonly unit: 'calls' | 'tokens' | null
  readonly filter: { readonly [field: string]: string }
  readonly verdicts: Readonly<Record<ReadingVerdict, number>>
  readonly readings: readonly Reading[]
}

export type ReadingVerdict = 'matched' | 'observed_no_record' | 'record_no_observation' | 'indeterminate'

export interface Reading {
  readonly from: string
  readonly to: string
  readonly value: number
  readonly recorded: number | null
  readonly verdict: ReadingVerdict
}

export interface Emitters {
  readonly items: readonly Emitter[]
}

/** A source that numbers its records. */
export interface Emitter {
  readonly emitter: string
  readonly system: string
  readonly epochCount: number
  readonly epochs: readonly EmitterEpoch[]
}

/** Numbers from and to, both included. */
export type NumberRange = readonly [from: number, to: number]

export interface EmitterEpoch {
  readonly epoch: number
  readonly first: number | null
  readonly last: number | null
  readonly recorded: number
  readonly missing: number
  readonly gaps: readonly NumberRange[]
  readonly lost: number
  readonly losses: readonly { readonly from: number; readonly to: number; readonly reason: string }[]
  readonly forks: number
  readonly outOfOrder: number
  readonly chain: {
    readonly state: 'unstated' | 'verified' | 'differs' | 'open'
    readonly verifiedTo: number | null
  }
  readonly closedAt: number | null
  readonly firstReceivedAt: number | null
  readonly lastReceivedAt: number | null
  readonly silent: boolean
}

export type CoverageStatus = 'undeclared' | 'complete' | 'gaps'

export interface CompletenessProfile {
  readonly profile: string
  readonly decisions: number
  /** Mean, 0..1. */
  readonly score: number
  /** Decisions in which nothing of the profile is missing. */
  readonly whole: number | null
  /** The most missed first. */
  readonly missing: readonly { readonly field: string; readonly count: number }[]
}

export interface Completeness extends MaybeSuppressed {
  readonly profiles: readonly CompletenessProfile[]
}

export interface Overrides extends MaybeSuppressed {
  readonly items: readonly {
    readonly system: string
    readonly modelId: string
    /** Null where so few were that they may not be counted. */
    readonly reviewed: number | null
    readonly overridden: number | null
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

export interface Systems extends MaybeSuppressed {
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

/** Somebody outside who does not do what they are asked for. */
interface OutsideTrouble {
  readonly code: string
  readonly message: string
}

/** `GET /ledgers/{name}/status`. */
export interface LedgerStatus {
  readonly witnesses: readonly {
    readonly name: string
    readonly lagEntries: number
    readonly lagMs: number
    readonly lastAt: string | null
    readonly error?: OutsideTrouble
  }[]
  readonly timestamps: readonly {
    readonly authority: string
    readonly at: string | null
    readonly error?: OutsideTrouble
  }[]
  /** The copy in a store of objects, where there is one. */
  readonly offsite?: {
    readonly description: string | null
    readonly lagEntries: number
    readonly locks: { readonly weak: number }
    readonly trouble: { readonly message: string } | null
  } | null
}
