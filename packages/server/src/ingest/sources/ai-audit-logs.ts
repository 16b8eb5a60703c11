/**
 * The table `ai_audit_logs` that applications keep in PostgreSQL, as JSON Lines of `row_to_json` or as CSV. What a row says of itself, such
 * as chained hashes, is kept with it and not believed.
 */
import type { MappedRecord } from '../map-row.ts'
import type { SourceRow } from '../source-row.ts'
import { RowRecord } from './row-record.ts'
import { badRow, eachRow, type Source } from './source.ts'

const NAME = 'ai_audit_logs'
const RESULTS = ['prediction', 'output', 'output_data', 'decision', 'result', 'response']

/** Fields and the columns they are read from, the first that is not empty. */
const TEXTS: Readonly<Record<string, readonly string[]>> = {
  decisionId: ['decision_id', 'audit_id', 'event_id'],
  timestamp: ['timestamp', 'decided_at', 'event_time', 'logged_at', 'created_at'],
  system: ['system', 'system_name', 'application'],
  environment: ['environment'],
  caseId: ['case_id', 'application_id'],
  requestId: ['request_id'],
  traceId: ['trace_id'],
  sessionId: ['session_id'],
  userId: ['user_id'],
  affectedUserId: ['affected_user_id', 'subject_id', 'customer_id'],
  ipAddress: ['ip_address'],
  userAgent: ['user_agent'],
  modelId: ['model_id', 'model_name'],
  modelVersion: ['model_version'],
  modelType: ['model_type'],
  provider: ['provider', 'model_provider'],
  inputHash: ['input_hash'],
  humanReviewerId: ['human_reviewer_id', 'reviewer_id'],
  overrideReason: ['override_reason'],
  riskTier: ['risk_tier', 'risk_level'],
  consequenceLevel: ['consequence_level'],
  decisionCategory: ['decision_category', 'decision_type'],
  purpose: ['purpose'],
  lawfulBasis: ['lawful_basis', 'legal_basis'],
  automationLevel: ['automation_level'],
  jurisdiction: ['jurisdiction'],
}
/** Fields that are no text: a table written as CSV has them as text. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  input: ['input', 'input_data'],
  inputFeatures: ['input_features', 'features'],
  messages: ['messages'],
  prediction: RESULTS,
  confidence: ['confidence', 'confidence_score'],
  alternativePredictions: ['alternative_predictions'],
  explanation: ['explanation'],
  finalDecision: ['final_decision'],
  humanDecision: ['human_decision'],
  latencyMs: ['latency_ms', 'processing_time_ms'],
  tokenUsage: ['token_usage'],
  costUsd: ['cost_usd'],
}
const FLAGS: Readonly<Record<string, readonly string[]>> = {
  humanReviewRequired: ['human_review_required'],
  humanReviewed: ['human_reviewed'],
  humanOverride: ['human_override', 'overridden'],
  consentGiven: ['consent_given'],
}
/** PostgreSQL writes `t` and `f` into CSV. */
const FLAG_VALUES = new Map<unknown, boolean>([
  [true, true],
  [false, false],
  ['t', true],
  ['f', false],
  ['true', true],
  ['false', false],
])
/** Columns of which a table has at least one besides what a record says. */
const OWN = ['id', 'created_at', 'logged_at', 'previous_hash', 'record_hash']

export const aiAuditLogs: Source = {
  name: NAME,
  title: 'rows of a table ai_audit_logs',
  recognise(row) {
    const own = OWN.find((column) => column in row)
    const isResult = RESULTS.some((column) => column in row)
    return own !== undefined && isResult && 'model_id' in row
      ? `columns model_id and ${own} beside a result`
      : undefined
  },
  reader: () => eachRow(recordsOf),
  silent: {},
}

function recordsOf(row: SourceRow): MappedRecord[] {
  const record = new RowRecord(row)
  for (const [field, columns] of Object.entries(TEXTS)) record.move(field, ...columns)
  for (const [field, columns] of Object.entries(VALUES)) record.moveJson(field, ...columns)
  for (const [field, columns] of Object.entries(FLAGS)) sayFlag(record, field, columns)
  if (!record.has('decisionId')) {
    const id = record.use('id')
    if (id === undefined) throw badRow('the row has neither decision_id nor id')
    record.say('decisionId', `${NAME}-${typeof id === 'string' ? id : JSON.stringify(id)}`)
  }
  return [record.record('decision', NAME)]
}

function sayFlag(record: RowRecord, field: string, columns: readonly string[]): void {
  const column = columns.find((name) => record.look(name) !== undefined)
  const flag = column === undefined ? undefined : FLAG_VALUES.get(record.look(column))
  if (column !== undefined && flag !== undefined) record.say(field, flag).use(column)
}
