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
  modelVersion?: string
  trainingDataRef?: string | Record<string, unknown> | unknown[]
  evaluationResults?: { metric: string; value: number }[]
  reason?: string
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
  inputs: (string | { datasetId: string; version?: string; digest?: string })[]
  transformation?: unknown
  codeCommit?: string
}
