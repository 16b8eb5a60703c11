/** Rows of Langfuse's exports to a bucket, and of its API, as the events an older SDK would have sent for them. */
import { isObject, type JsonObject, type JsonValue } from '@deponent/format'
import { IMPORTED } from '../otlp/layered.ts'
import { parsed } from './row-record.ts'

/** What a row is one of. */
export type ExportedKind = 'observation' | 'trace' | 'score'

/** Members of an event's body, and the columns of an export and of an answer of the API they are read from. */
const OBSERVATION: Readonly<Record<string, readonly string[]>> = {
  id: ['id'],
  traceId: ['trace_id', 'traceId'],
  parentObservationId: ['parent_observation_id', 'parentObservationId'],
  type: ['type'],
  name: ['name'],
  startTime: ['start_time', 'startTime'],
  endTime: ['end_time', 'endTime'],
  completionStartTime: ['completion_start_time', 'completionStartTime'],
  model: ['provided_model_name', 'providedModelName', 'model'],
  modelParameters: ['model_parameters', 'modelParameters'],
  input: ['input'],
  output: ['output'],
  metadata: ['metadata'],
  level: ['level'],
  statusMessage: ['status_message', 'statusMessage'],
  version: ['version'],
  environment: ['environment'],
  promptName: ['prompt_name', 'promptName'],
  promptVersion: ['prompt_version', 'promptVersion'],
  usageDetails: ['usage_details', 'usageDetails'],
  costDetails: ['cost_details', 'costDetails'],
}
const TRACE: Readonly<Record<string, readonly string[]>> = {
  id: ['id'],
  name: ['name'],
  timestamp: ['timestamp'],
  userId: ['user_id', 'userId'],
  sessionId: ['session_id', 'sessionId'],
  input: ['input'],
  output: ['output'],
  metadata: ['metadata'],
  tags: ['tags'],
  release: ['release'],
  version: ['version'],
  environment: ['environment'],
}
const SCORE: Readonly<Record<string, readonly string[]>> = {
  id: ['id'],
  traceId: ['trace_id', 'traceId'],
  observationId: ['observation_id', 'observationId'],
  sessionId: ['session_id', 'sessionId'],
  name: ['name'],
  value: ['value'],
  stringValue: ['string_value', 'stringValue'],
  dataType: ['data_type', 'dataType'],
  comment: ['comment'],
  source: ['source'],
  environment: ['environment'],
}
/** What an enriched observation says of its trace. */
const TRACE_OF_OBSERVATION: Readonly<Record<string, readonly string[]>> = {
  id: ['trace_id', 'traceId'],
  name: ['trace_name', 'traceName'],
  userId: ['user_id', 'userId'],
  sessionId: ['session_id', 'sessionId'],
  tags: ['tags'],
  release: ['release'],
}
/** Columns that hold JSON, which an export may write as text. */
const JSON_COLUMNS = new Set([
  'input',
  'output',
  'metadata',
  'modelParameters',
  'usageDetails',
  'costDetails',
  'tags',
])
const TIMES = new Set(['startTime', 'endTime', 'completionStartTime', 'timestamp'])

export function exportedKind(row: JsonObject): ExportedKind | undefined {
  if (typeof row.id !== 'string') return undefined
  const hasTrace = 'trace_id' in row || 'traceId' in row
  if (hasTrace && 'type' in row && ('start_time' in row || 'startTime' in row)) return 'observation'
  if (hasTrace && ('data_type' in row || 'dataType' in row) && 'name' in row) return 'score'
  const isTrace =
    'timestamp' in row && ('session_id' in row || 'sessionId' in row) && ('user_id' in row || 'userId' in row)
  return isTrace && !hasTrace && !('model_id' in row) ? 'trace' : undefined
}

/** The event of a row; what has no member of its own stays in the body under the name it came with. */
export function exportedEvent(kind: ExportedKind, row: JsonObject): JsonObject {
  const names = { observation: OBSERVATION, trace: TRACE, score: SCORE }[kind]
  const body = bodyOf(row, names)
  const time = row.updated_at ?? row.updatedAt ?? body.endTime ?? body.startTime ?? row.timestamp ?? null
  return eventOf(`${kind}-${textOf(row.id)}`, typeOf(kind, body), timeOf(time), body)
}

/** What an enriched observation says of its trace, as the event of that trace; undefined when it says nothing. */
export function traceEventIn(row: JsonObject): JsonObject | undefined {
  const told = named(row, TRACE_OF_OBSERVATION)
  if (told.id === undefined || Object.keys(told).length === 1) return undefined
  const time = timeOf(row.start_time ?? row.startTime ?? null)
  return eventOf(`trace-of-${textOf(row.id)}`, 'trace-create', time, { ...told, timestamp: time })
}

function eventOf(id: string, type: string, timestamp: JsonValue, body: JsonObject): JsonObject {
  return { id: `import-${id}`, type, timestamp, body, metadata: { [IMPORTED]: true } }
}

function typeOf(kind: ExportedKind, { type }: JsonObject): string {
  if (kind !== 'observation') return `${kind}-create`
  return type === 'GENERATION'
    ? 'generation-create'
    : type === 'EVENT'
      ? 'event-create'
      : 'observation-create'
}

function bodyOf(row: JsonObject, names: Readonly<Record<string, readonly string[]>>): JsonObject {
  const known = new Set(Object.values(names).flat())
  const rest = Object.entries(row).filter(([column, value]) => !known.has(column) && isTold(value))
  return { ...Object.fromEntries(rest), ...named(row, names) }
}

function named(row: JsonObject, names: Readonly<Record<string, readonly string[]>>): JsonObject {
  const told: JsonObject = {}
  for (const [member, columns] of Object.entries(names)) {
    const column = columns.find((name) => isTold(row[name]))
    if (column !== undefined) told[member] = valueOf(member, row[column]!)
  }
  return told
}

function isTold(value: JsonValue | undefined): value is JsonValue {
  if (value === undefined || value === null || value === '') return false
  return typeof value !== 'object' || Object.keys(value).length > 0
}

function valueOf(member: string, value: JsonValue): JsonValue {
  if (TIMES.has(member)) return timeOf(value)
  if (!JSON_COLUMNS.has(member)) return value
  const read = parsed({ value, coerced: [] }).value
  return member === 'usageDetails' || member === 'costDetails' ? numbersIn(read) : read
}

/** Some exports write counts as text. */
function numbersIn(value: JsonValue): JsonValue {
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, count]) => [
      name,
      typeof count === 'string' && /^\d+(?:\.\d+)?$/.test(count) ? Number(count) : count,
    ]),
  )
}

/** Exports write UTC without saying so. */
function timeOf(value: JsonValue): JsonValue {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?$/.test(value)) return value
  return `${value.replace(' ', 'T')}Z`
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}
