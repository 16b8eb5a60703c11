/** Of which kinds of records the content goes when its time is over. */
import type { RecordKind } from '@deponent/format'

/**
 * Decisions, what was asked, what telemetry told of them, and what is recorded about them or kept beside them. All others stay: what the product says of itself, what people asked for by
 * right and what came of it, what an organisation says of its systems, models and data.
 */
export const EXPIRING_KINDS = [
  'decision',
  'query',
  'outcome',
  'action',
  'review',
  'contest',
  'comment',
  'score',
  'explanation',
  'trace.span',
  'trace.log',
  'artifact',
  'artifact.part',
] as const satisfies readonly RecordKind[]

const KINDS: ReadonlySet<string> = new Set(EXPIRING_KINDS)

export function expires(kind: string): boolean {
  return KINDS.has(kind)
}
