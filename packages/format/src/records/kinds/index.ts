import type { Kind } from '../kind.ts'
import { access } from './access.ts'
import { action } from './action.ts'
import { alert } from './alert.ts'
import { artifact, artifactPart } from './artifact.ts'
import { assessment } from './assessment.ts'
import { change } from './change.ts'
import { comment } from './comment.ts'
import { contest } from './contest.ts'
import { counter } from './counter.ts'
import { dataset } from './dataset.ts'
import { decision } from './decision.ts'
import { document } from './document.ts'
import { emitterDeclared } from './emitter-declared.ts'
import { emitterLoss } from './emitter-loss.ts'
import { emitterState } from './emitter-state.ts'
import { erasure } from './erasure.ts'
import { explanation } from './explanation.ts'
import { hold } from './hold.ts'
import { importRun } from './import.ts'
import { incident } from './incident.ts'
import { key } from './key.ts'
import { modelEvent } from './model-event.ts'
import { monitorEvaluation } from './monitor-evaluation.ts'
import { notice } from './notice.ts'
import { notification } from './notification.ts'
import { outcome } from './outcome.ts'
import { query } from './query.ts'
import { rectification } from './rectification.ts'
import { report } from './report.ts'
import { request } from './request.ts'
import { retention } from './retention.ts'
import { review } from './review.ts'
import { score } from './score.ts'
import { stop } from './stop.ts'
import { subject } from './subject.ts'
import { supplier } from './supplier.ts'
import { systemLog } from './system-log.ts'
import { system } from './system.ts'
import { trace } from './trace.ts'
import { training } from './training.ts'
import { transformation } from './transformation.ts'
import { vaultSealed } from './vault-sealed.ts'

const SHAPES = [
  decision,
  query,
  outcome,
  action,
  review,
  contest,
  comment,
  score,
  explanation,
  modelEvent,
  dataset,
  transformation,
  system,
  systemLog,
  stop,
  emitterDeclared,
  emitterState,
  emitterLoss,
  access,
  change,
  monitorEvaluation,
  alert,
  incident,
  notice,
  notification,
  request,
  hold,
  erasure,
  retention,
  key,
  assessment,
  document,
  training,
  supplier,
  report,
  importRun,
  vaultSealed,
  counter,
  subject,
  rectification,
  trace,
  artifact,
  artifactPart,
] as const

/** What a record is about. A kind that is not listed cannot be recorded; a verifier accepts any kind of the grammar. */
export type RecordKind = (typeof SHAPES)[number]['kinds'][number]

const BY_KIND = new Map<string, Kind>(
  SHAPES.flatMap((shape) => shape.kinds.map((kind) => [kind, shape as Kind])),
)

export const KINDS: readonly RecordKind[] = SHAPES.flatMap((shape) => [...shape.kinds])

/** The names of all top-level fields of all kinds. */
export const FIELD_NAMES: ReadonlySet<string> = new Set(
  SHAPES.flatMap((shape) => (shape as Kind).fields.map(({ name }) => name)),
)

export function isRecordKind(value: unknown): value is RecordKind {
  return typeof value === 'string' && BY_KIND.has(value)
}

/** The shape of a kind. */
export function kindOf(kind: RecordKind): Kind {
  return BY_KIND.get(kind)!
}
