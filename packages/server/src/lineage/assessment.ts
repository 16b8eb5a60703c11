/** What telemetry shows against what is declared: a difference, and the next step. */
import type { RecordKind } from '@deponent/format'
import type { Use } from './model-versions.ts'

export type AssessmentCode =
  | 'system_undeclared'
  | 'system_without_owner'
  | 'system_without_tier'
  | 'model_undeclared'
  | 'model_sealed'
  | 'version_not_stated'
  | 'version_undeclared'
  | 'version_not_in_force'
  | 'version_unapproved'
  | 'version_unused'
  | 'event_without_version'
  | 'fields_missing'

export interface AssessmentFinding {
  /** `gap`: something is not declared that decides. `info`: worth knowing. */
  readonly severity: 'gap' | 'info'
  readonly code: AssessmentCode
  readonly system?: string
  readonly modelId?: string
  readonly modelVersion?: string
  readonly environment?: string
  /** How many decisions it is about; null where so few that they may not be counted. */
  readonly decisions?: number | null
  readonly message: string
  /** What to do about it. */
  readonly next: string
}

/** A command that records this, as a shell takes it: names in it are those of senders. */
export function recordCommand(kind: RecordKind, record: object): string {
  return `echo '${JSON.stringify(record).replaceAll("'", String.raw`'\''`)}' | deponent record ${kind} -`
}

export function decisionsIn(uses: readonly Use[]): number {
  return uses.reduce((total, { decisions }) => total + decisions, 0)
}
