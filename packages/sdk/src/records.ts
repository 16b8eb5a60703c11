/*
 * Records beside decisions, as an application reports them. The fields most used are listed; every other field of the kind is accepted
 * as well, in camelCase or snake_case, and unknown ones are kept under `metadata`.
 */
interface Reported {
  /** When it happened; the moment of reporting when absent. */
  at?: string | number | Date
  system?: string
  actor?: string | Record<string, unknown>
  [field: string]: unknown
}

interface AboutDecision extends Reported {
  decisionId: string
}

/** One of `verdict`, `humanDecision`, `humanOverride` and `comment` must be there. */
export interface Review extends AboutDecision {
  reviewerId?: string
  verdict?: 'agree' | 'override' | 'reverse' | 'disregard' | 'not_use' | 'escalate'
  humanDecision?: unknown
  overrideReason?: string
  comment?: string
  durationMs?: number
}

export interface Outcome extends AboutDecision {
  outcome: unknown
  observedAt?: string | number | Date
}

/** `action` or `toolName` must be there. */
export interface Action extends Reported {
  decisionId?: string
  action?: string | Record<string, unknown>
  toolName?: string
  target?: unknown
  result?: unknown
  reversible?: boolean
  automated?: boolean
  affectedUserId?: string
}

/** `input` or `messages` must be there. */
export interface Query extends Reported {
  input?: unknown
  messages?: unknown[]
  modelId?: string
  modelVersion?: string
  userId?: string
  purpose?: string
}

/** One of `reasoning`, `topFeatures`, `factors` and `counterfactual` must be there. */
export interface Explanation extends AboutDecision {
  reasoning?: string | unknown[] | Record<string, unknown>
  topFeatures?: { feature: string; importance?: number }[]
  factors?: unknown[]
  counterfactual?: unknown
  method?: string
}

/** A version of a data set: `ID`, `ID/VERSION`, `ID@VERSION`, or both apart. */
export type DatasetVersion = string | { datasetId: string; version?: string; digest?: string }

export interface EvaluationResult {
  metric: string
  value?: number
  threshold?: number
  /** Whether the value is good enough; without it nobody can say. */
  passed?: boolean
  /** The part of the data it was measured on. */
  group?: unknown
  /** How many cases it was measured on. */
  n?: number
}

export interface ModelEvent extends Reported {
  modelId: string
  eventType:
    | 'training_started'
    | 'training_completed'
    | 'evaluation_completed'
    | 'validation'
    | 'deployment_approved'
    | 'deployed'
    | 'substantial_modification_assessed'
    | 'rollback'
    | 'deprecated'
    | 'recall'
    | 'retired'
  /** The version it happened to; of a rollback, the one that is in force afterwards. */
  modelVersion?: string
  /** The version that was in force before. */
  previousVersion?: string
  /** Where it was deployed; production when absent. */
  environment?: string
  /** Who approved or authorised it, where that is somebody else than `actor`. */
  approver?: string | Record<string, unknown>
  trainingDataRef?: DatasetVersion | DatasetVersion[]
  evaluationResults?: EvaluationResult[]
  hyperparameters?: Record<string, unknown>
  codeCommit?: string
  weightsHash?: string
  reason?: string
}

/** What an AI system is for, and who answers for it. */
export interface System extends Reported {
  system: string
  owner?: string | Record<string, unknown>
  riskTier?: 'low' | 'medium' | 'high' | 'critical'
  intendedPurpose?: string
  legalClass?: string
  roles?: string[]
  lawfulBases?: string[]
  oversightMode?: string
  subjectFrom?: string
}

export interface Dataset extends Reported {
  datasetId: string
  version?: string
  digest?: string
  origin?: unknown
}

export interface Transformation extends Reported {
  /** What was made. */
  datasetId: string
  version?: string
  digest?: string
  /** What it was made of. */
  inputs: DatasetVersion[]
  transformation?: unknown
  codeCommit?: string
}
