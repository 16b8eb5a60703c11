/** What one check of the format says about one implementation. */

/** What an implementation can claim: that others can read it, that it records as promised, that outsiders watch it. */
export type Claim = 'reader' | 'writer' | 'witnessed'

/** `not_applicable` also when something the check needs is not there; `detail` then says what. */
export interface Outcome {
  readonly outcome: 'passed' | 'failed' | 'not_applicable'
  /** For people; never holds a recorded value. */
  readonly detail?: string
}

export const PASSED: Outcome = { outcome: 'passed' }

export function failed(detail: string): Outcome {
  return { outcome: 'failed', detail }
}

export function notApplicable(detail: string): Outcome {
  return { outcome: 'not_applicable', detail }
}

/** Passed, unless there is a reason against it. */
export function unless(reason: string | undefined): Outcome {
  return reason === undefined ? PASSED : failed(reason)
}
