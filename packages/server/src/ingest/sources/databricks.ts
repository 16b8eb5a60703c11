/** Inference tables of Databricks model serving, exported as Parquet, CSV or JSON Lines. */
import { isObject, type JsonValue } from '@deponent/format'
import type { MappedRecord } from '../map-row.ts'
import type { SourceRow } from '../source-row.ts'
import { inputField, type Instance, instancesOf, predictionsOf, rowsOf } from './batches.ts'
import { parsed, RowRecord } from './row-record.ts'
import { badRow, eachRow, type Source } from './source.ts'

const NAME = 'databricks'

export const databricks: Source = {
  name: NAME,
  title: 'Databricks inference table',
  recognise: (row) =>
    'databricks_request_id' in row && 'request' in row && 'response' in row
      ? 'columns databricks_request_id, request and response'
      : undefined,
  reader: () => eachRow(recordsOf),
  silent: {
    modelVersion: 'only the id of the served entity is kept',
    affectedUserId: 'userId is who asked, not who is affected',
    explanation: 'not kept',
    lawfulBasis: 'not kept',
    humanReviewerId: 'not kept',
  },
}

function recordsOf(row: SourceRow): MappedRecord[] {
  const whole = new RowRecord(row)
  const id = whole.text('databricks_request_id')
  if (id === undefined) throw badRow('the row has no databricks_request_id')
  const [request, response] = [jsonIn(whole, 'request'), jsonIn(whole, 'response')]
  const instances = instancesOf(rowsOf(request), predictionsOf(response)) ?? []
  if (instances.length === 0) return [callRecord(row, id, request, response)]
  return instances.map((instance) => instanceRecord(row, id, instance))
}

/** What all decisions of a call say alike. */
function begun(row: SourceRow, id: string, place?: number): RowRecord {
  const record = new RowRecord(row)
  record.use('databricks_request_id')
  record
    .say('decisionId', `${NAME}-${id}${place === undefined ? '' : `-${place}`}`)
    .say('provider', 'databricks')
    .move('requestId', 'client_request_id')
    .move('timestamp', 'request_time', 'timestamp_ms')
    .move('modelId', 'request_metadata.model_name', 'request_metadata.endpoint_name', 'served_entity_id')
    .move('modelVersion', 'request_metadata.model_version')
    .move('userId', 'requester')
    .sayCell('latencyMs', numberCell(record, 'execution_duration_ms', 'execution_time_ms'))
  const status = Number(record.look('status_code') ?? 200)
  if (status >= 400) record.say('status', 'error').say('error', { type: `HTTP ${status}` })
  if (Number(record.look('sampling_fraction') ?? 1) < 1) record.say('tags', ['sampled'])
  return record
}

function instanceRecord(row: SourceRow, id: string, { input, output, place }: Instance): MappedRecord {
  const record = begun(row, id, place)
  record.use('request')
  record.use('response')
  if (input !== undefined) record.say(inputField(input), input)
  return record.say('prediction', output).record('decision', NAME)
}

/** A call of a chat model, or one whose rows and predictions cannot be paired. */
function callRecord(
  row: SourceRow,
  id: string,
  request: JsonValue | undefined,
  response: JsonValue | undefined,
): MappedRecord {
  const record = begun(row, id)
  const { messages } = isObject(request) ? request : { messages: undefined }
  if (Array.isArray(messages)) {
    record.say('modelType', 'llm').say('messages', messages)
    const { messages: _, ...rest } = isObject(request) ? request : {}
    if (Object.keys(rest).length > 0) record.say('inference.settings', rest)
    record.use('request')
  } else record.moveJson('input', 'request')
  const { choices, usage } = isObject(response) ? response : { choices: undefined, usage: undefined }
  record.moveJson('prediction', 'response')
  if (Array.isArray(choices) && isObject(usage))
    record.say('tokenUsage.input', usage.prompt_tokens).say('tokenUsage.output', usage.completion_tokens)
  return record.record('decision', NAME)
}

function jsonIn(record: RowRecord, path: string): JsonValue | undefined {
  const value = record.look(path)
  return value === undefined ? undefined : parsed({ value, coerced: [] }).value
}

/** A number, also one that a table wrote as text. */
function numberCell(record: RowRecord, ...paths: readonly string[]) {
  const path = paths.find((candidate) => record.look(candidate) !== undefined)
  const value = path === undefined ? undefined : record.use(path)
  return value === undefined ? undefined : parsed({ value, coerced: [] })
}
