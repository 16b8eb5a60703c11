/**
 * A decision as an application reports it. The fields most used are listed; every other field of the record format is
 * accepted as well, in camelCase or snake_case, and unknown ones are kept under `metadata`. Only `modelId` and one of
 * `prediction`, `messages` and a `status` other than ok are required.
 */
export interface Decision extends DecisionContext {
  modelId: string
  /** Chosen by the SDK (UUIDv7) when absent. Sending the same decision again under its id is safe. */
  decisionId?: string
  /** When it was decided; the moment of `record` when absent. */
  timestamp?: string | number | Date
  /** What the model was given. Sealed. */
  input?: unknown
  /** What it was given, field by field; short values can be searched and grouped by. */
  inputFeatures?: Record<string, unknown>
  messages?: unknown[]
  prediction?: unknown
  /** 0..1 unless `confidenceKind` is score or logprob. */
  confidence?: number
  status?: 'ok' | 'error' | 'refused' | 'abstained' | 'fallback' | 'timeout'
  error?: { type: string; message: string }
  explanation?: unknown
  latencyMs?: number
}

/** What usually stays the same from call to call. */
export interface DecisionContext {
  modelId?: string
  modelVersion?: string
  modelType?: 'classification' | 'regression' | 'llm' | 'recommendation' | 'agent' | 'other'
  provider?: string
  system?: string
  environment?: 'production' | 'staging' | 'development' | 'shadow'
  /** The person decided about. */
  affectedUserId?: string
  /** The person using the AI, where that is somebody else. */
  userId?: string
  caseId?: string
  sessionId?: string
  traceId?: string
  riskTier?: 'low' | 'medium' | 'high' | 'critical'
  consequenceLevel?: 'informational' | 'material' | 'significant'
  purpose?: string
  lawfulBasis?: string
  [field: string]: unknown
}

/** Every name a decision's own id may be sent under. */
const ID_NAMES = ['decisionId', 'decision_id', 'eventId', 'event_id', 'auditId', 'audit_id']
const TIME_NAMES = ['timestamp', 'at']

/** The id the application gave the decision, if any. */
export function givenId(decision: Readonly<Record<string, unknown>>): string | undefined {
  const id = firstOf(decision, ID_NAMES)
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined
}

export function hasTime(decision: Readonly<Record<string, unknown>>): boolean {
  return firstOf(decision, TIME_NAMES) !== undefined
}

/** The first of these members that says anything. */
function firstOf(decision: Readonly<Record<string, unknown>>, names: readonly string[]): unknown {
  const found = names.find((name) => (decision[name] ?? '') !== '')
  return found === undefined ? undefined : decision[found]
}
