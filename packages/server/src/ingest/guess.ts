/** A mapping for a table nobody has mapped, guessed by the names of its columns: to be looked at, never recorded by. */
import { isObject, isRecordKind, type JsonObject, type JsonValue } from '@deponent/format'
import type { FieldType } from './mapping.ts'

/** Fields and the names, in small letters and digits alone, that columns for them go by. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  decisionId: ['decisionid', 'auditid', 'eventid', 'id', 'predictionid', 'inferenceid', 'recordid', 'uuid'],
  timestamp: [
    'timestamp',
    'time',
    'at',
    'createdat',
    'decidedat',
    'decidedon',
    'eventtime',
    'inferencetime',
    'date',
    'datetime',
    'ts',
  ],
  system: ['system', 'application', 'app', 'service'],
  environment: ['environment', 'env', 'stage'],
  caseId: ['caseid', 'applicationid', 'loanid', 'claimid', 'ticketid'],
  requestId: ['requestid', 'correlationid'],
  traceId: ['traceid'],
  sessionId: ['sessionid', 'conversationid'],
  modelId: ['modelid', 'model', 'modelname', 'endpoint', 'endpointname'],
  modelVersion: ['modelversion', 'version', 'servedmodelversion'],
  modelType: ['modeltype'],
  provider: ['provider', 'vendor'],
  userId: ['userid', 'user', 'operator', 'requester'],
  affectedUserId: [
    'affecteduserid',
    'subjectid',
    'customerid',
    'personid',
    'applicantid',
    'patientid',
    'memberid',
  ],
  input: ['input', 'inputdata', 'request', 'prompt', 'question'],
  inputFeatures: ['inputfeatures', 'features'],
  inputHash: ['inputhash'],
  messages: ['messages'],
  prediction: [
    'prediction',
    'predicted',
    'output',
    'outputdata',
    'response',
    'result',
    'decision',
    'answer',
    'predictedlabel',
    'score',
    'scoretext',
  ],
  confidence: ['confidence', 'probability', 'proba', 'confidencescore'],
  threshold: ['threshold', 'cutoff'],
  explanation: ['explanation', 'rationale', 'reasoning'],
  reasonCodes: ['reasoncodes', 'reasoncode'],
  finalDecision: ['finaldecision'],
  humanReviewed: ['humanreviewed', 'reviewed'],
  humanReviewRequired: ['humanreviewrequired', 'reviewrequired'],
  humanOverride: ['humanoverride', 'overridden', 'override'],
  humanReviewerId: ['humanreviewerid', 'reviewerid', 'reviewer', 'reviewedby'],
  humanDecision: ['humandecision'],
  overrideReason: ['overridereason'],
  riskTier: ['risktier', 'risklevel'],
  consequenceLevel: ['consequencelevel'],
  decisionCategory: ['decisioncategory', 'category'],
  purpose: ['purpose'],
  lawfulBasis: ['lawfulbasis', 'legalbasis'],
  latencyMs: ['latencyms', 'latency', 'processingtimems', 'durationms'],
  costUsd: ['costusd', 'cost'],
}
const OUTCOMES = new Set(['outcome', 'groundtruth', 'actual', 'label', 'target', 'truelabel'])
/** Types a field must have, whatever its column looks like. */
const TYPES: Readonly<Record<string, FieldType>> = {
  confidence: 'number',
  latencyMs: 'number',
  costUsd: 'number',
  humanReviewed: 'boolean',
  humanReviewRequired: 'boolean',
  humanOverride: 'boolean',
}
/** Fields in which a cell stays the text it is. */
const TEXTS = new Set([
  'decisionId',
  'timestamp',
  'system',
  'modelId',
  'modelVersion',
  'affectedUserId',
  'userId',
  'caseId',
])

/** How a column becomes a field, as a mapping file says it. */
interface GuessedField {
  from: string
  type?: FieldType
  optional: true
}

/** As `parseMapping` reads it, and a file may hold it. */
export interface GuessedMapping {
  kind: 'decision'
  fields: Record<string, GuessedField>
  then?: { kind: 'outcome'; fields: Record<string, GuessedField> }[]
}

/**
 * Guesses by the names of the columns, and by some rows which type they have. Of several columns for a field the one with its commonest name
 * fills it; columns that begin with `feature` or `input` are features; all others are kept in `metadata` under their name. A column
 * without a name cannot be mapped.
 */
export function guessMapping(rows: readonly JsonObject[]): GuessedMapping {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((column) => column !== '')
  const fieldOf = fieldsByColumn(columns)
  const outcomeColumn = columns.find((column) => OUTCOMES.has(folded(column)))
  const fields: Record<string, GuessedField> = {}
  for (const column of columns) {
    const field = fieldOf.get(column)
    if (column === outcomeColumn && !fieldOf.has(column)) continue
    fields[field ?? otherPlace(column, [...fieldOf.values()])] = guessed(field ?? '', column, rows)
  }
  if (outcomeColumn === undefined) return { kind: 'decision', fields }
  const outcome = guessed('outcome', outcomeColumn, rows)
  if (fields.decisionId === undefined)
    return { kind: 'decision', fields: { ...fields, 'metadata.outcome': outcome } }
  return { kind: 'decision', fields, then: [{ kind: 'outcome', fields: { outcome } }] }
}

function fieldsByColumn(columns: readonly string[]): Map<string, string> {
  const found = new Map<string, string>()
  for (const [field, names] of Object.entries(NAMES)) {
    const name = names.find((candidate) => columns.some((column) => folded(column) === candidate))
    const column = name === undefined ? undefined : columns.find((other) => folded(other) === name)
    if (column !== undefined) found.set(column, field)
  }
  return found
}

function guessed(field: string, column: string, rows: readonly JsonObject[]): GuessedField {
  return { from: column, ...typeOf(field, column, rows), optional: true }
}

/** A feature, or what nobody knows. */
function otherPlace(column: string, fields: readonly string[]): string {
  const [, feature] = /^(?:features?|inputs?)[._ -](.+)$/i.exec(column) ?? []
  return feature !== undefined && !fields.includes('inputFeatures')
    ? `inputFeatures.${segment(feature)}`
    : `metadata.${segment(column)}`
}

/** A name as one part of the path to a field: a dot in it would lead deeper. */
function segment(name: string): string {
  return name.replaceAll('.', '_') || '_'
}

function folded(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
}

/** A type where every cell that is not empty has it; JSON values have theirs already. */
function typeOf(field: string, column: string, rows: readonly JsonObject[]): { type?: FieldType } {
  const fixed = TYPES[field]
  if (fixed !== undefined) return { type: fixed }
  const cells = rows
    .map((row) => row[column])
    .filter((cell) => cell !== undefined && cell !== null && cell !== '')
  if (TEXTS.has(field) || cells.length === 0 || !cells.every(isText)) return {}
  const found = (['integer', 'number', 'boolean', 'json'] as const).find((type) =>
    cells.every((cell) => PATTERNS[type].test(cell)),
  )
  return found === undefined ? {} : { type: found }
}

const PATTERNS = {
  integer: /^-?(?:0|[1-9]\d*)$/,
  number: /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/,
  boolean: /^(?:true|false)$/i,
  json: /^\s*(?:\{.*\}|\[.*\])\s*$/s,
} as const

/** Whether a row is a record of this product already: of another kind, or a decision that says by what and with what result. */
export function isRecord(row: JsonObject): boolean {
  if (typeof row.kind === 'string' && isRecordKind(row.kind)) return true
  const isModelNamed = [row.modelId, row.model_id, isObject(row.model) ? row.model.id : undefined].some(
    isThere,
  )
  return isModelNamed && [row.prediction, row.messages, row.status, row.output].some(isThere)
}

function isText(value: JsonValue | undefined): value is string {
  return typeof value === 'string'
}

function isThere(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== null && value !== ''
}
