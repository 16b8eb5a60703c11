/** What becomes of the fields of records, as somebody declared it for one ledger. */

/**
 * - `queryable`: may enter the index, whatever it looks like.
 * - `seal`: kept sealed; its value never enters the index.
 * - `pseudonymise`: replaced by a keyed pseudonym, the same for the same value; that may enter the index.
 * - `drop`: left out before anything is committed to.
 */
export const TREATMENTS = ['queryable', 'seal', 'pseudonymise', 'drop'] as const
export type Treatment = (typeof TREATMENTS)[number]

/**
 * - `balanced`: what is not declared and not found by name or form follows the rule of the index.
 * - `strict`: what is not declared queryable is sealed.
 */
export const MODES = ['balanced', 'strict'] as const
export type Mode = (typeof MODES)[number]

/** How much of a record is kept at all; see capture.ts. */
export const CAPTURE_LEVELS = ['decision', 'detailed', 'debug'] as const
export type CaptureLevel = (typeof CAPTURE_LEVELS)[number]

export interface SystemRules {
  readonly mode?: Mode
  /**
   * By JSON pointer, in which `*` stands for any one name, or by a pattern for names, in which `*` stands for any letters and case
   * does not matter.
   */
  readonly fields: Readonly<Record<string, Treatment>>
}

export interface ClassificationPolicy {
  /** Counts up by one with each change; records name it. */
  readonly version: number
  readonly mode: Mode
  readonly capture: CaptureLevel
  readonly includeInputs: boolean
  readonly includeOutputs: boolean
  /** What is found by name or form is pseudonymised instead of only sealed. */
  readonly hashSensitiveData: boolean
  readonly systems: Readonly<Record<string, SystemRules>>
}

export const DEFAULT_CLASSIFICATION: ClassificationPolicy = {
  version: 1,
  mode: 'balanced',
  capture: 'debug',
  includeInputs: true,
  includeOutputs: true,
  hashSensitiveData: false,
  systems: {},
}

/**
 * Never replaced or left out, whatever is declared: the record could not be found, linked, erased or judged without them. They may be
 * sealed.
 */
export const KEPT_FIELDS: ReadonlySet<string> = new Set([
  'affectedSubjects',
  'affectedUserId',
  'at',
  'atAssumed',
  'atSource',
  'basis',
  'classification',
  'coerced',
  'decisionId',
  'emitter',
  'links',
  'modelId',
  'retention',
  'status',
  'system',
  'timestamp',
  'timestampSource',
])

/** Say where and when a record stands, and what was done to it: whoever sees the record sees them, whatever is declared. */
export const ALWAYS_SHOWN: ReadonlySet<string> = new Set([
  'classification',
  'links',
  'timestamp',
  'at',
  'system',
])
