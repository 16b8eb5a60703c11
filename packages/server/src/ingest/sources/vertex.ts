/** Request-response logging of Vertex AI endpoints: rows of the BigQuery table, exported as JSON Lines or Parquet. */
import { isObject, type JsonValue } from '@deponent/format'
import type { MappedRecord } from '../map-row.ts'
import type { SourceRow } from '../source-row.ts'
import { inputField, type Instance, instancesOf, predictionsOf, rowsOf } from './batches.ts'
import { parsed, RowRecord } from './row-record.ts'
import { badRow, eachRow, type Source } from './source.ts'

const NAME = 'vertex'

export const vertex: Source = {
  name: NAME,
  title: 'Vertex AI request-response log',
  recognise: (row) =>
    'endpoint' in row && 'deployed_model_id' in row && 'logging_time' in row
      ? 'columns endpoint, deployed_model_id and logging_time'
      : undefined,
  reader: () => eachRow(recordsOf),
  silent: {
    latencyMs: 'not logged',
    explanation: 'not logged, unless the response has it',
    affectedUserId: 'not logged, unless it is a feature',
    lawfulBasis: 'not logged',
    humanReviewerId: 'not logged',
  },
}

function recordsOf(row: SourceRow): MappedRecord[] {
  const id = new RowRecord(row).look('request_id')
  if (typeof id !== 'string' && typeof id !== 'number') throw badRow('the row has no request_id')
  const whole = new RowRecord(row)
  if (whole.look('full_request') !== undefined) return [generated(row, `${id}`)]
  const requests = payloads(whole, 'request_payload')
  const responses = payloads(whole, 'response_payload')
  const instances: Instance[] = instancesOf(requests, responses) ?? [
    { input: requests.length === 1 ? requests[0] : requests, output: responses },
  ]
  return instances.map((instance) => {
    const record = begun(row, `${id}`, instance.place)
    record.use('request_payload')
    record.use('response_payload')
    if (instance.input !== undefined) record.say(inputField(instance.input), instance.input)
    return record.say('prediction', instance.output).record('decision', NAME)
  })
}

/** Each element is one instance, or the whole body of a call. */
function payloads(record: RowRecord, column: string): JsonValue[] {
  const value = record.look(column)
  const texts = Array.isArray(value) ? value : value === undefined ? [] : [value]
  const bodies = texts.map((text) => parsed({ value: text, coerced: [] }).value)
  const [only] = bodies
  if (bodies.length !== 1 || !isObject(only)) return bodies
  return (column === 'request_payload' ? rowsOf(only) : predictionsOf(only)) ?? bodies
}

function begun(row: SourceRow, id: string, place?: number): RowRecord {
  const record = new RowRecord(row)
  record.use('request_id')
  return record
    .say('decisionId', `${NAME}-${id}${place === undefined ? '' : `-${place}`}`)
    .say('provider', 'gcp.vertex_ai')
    .say('timestamp', timeIn(record))
    .move('modelId', 'model', 'endpoint')
    .move('modelVersion', 'model_version', 'deployed_model_id')
    .move('operation', 'api_method')
}

/** A call of a generating model. */
function generated(row: SourceRow, id: string): MappedRecord {
  const record = begun(row, id).say('modelType', 'llm')
  const [request, response] = ['full_request', 'full_response'].map((column) =>
    parsed({ value: record.use(column) ?? null, coerced: [] }),
  )
  const { contents, ...settings } = isObject(request!.value) ? request!.value : {}
  if (Array.isArray(contents)) {
    record.say('messages', contents)
    if (Object.keys(settings).length > 0) record.say('inference.settings', settings)
  } else record.sayCell('input', request)
  const usage = isObject(response!.value) ? response!.value.usageMetadata : undefined
  if (isObject(usage))
    record
      .say('tokenUsage.input', usage.promptTokenCount)
      .say('tokenUsage.output', usage.candidatesTokenCount)
  return record.sayCell('prediction', response).record('decision', NAME)
}

/** BigQuery writes times with a word for the zone, which is no RFC 3339; its own spelling stays in `metadata`. */
function timeIn(record: RowRecord): JsonValue | undefined {
  const time = record.look('logging_time')
  if (typeof time === 'string' && time.endsWith(' UTC')) return `${time.slice(0, -4)}Z`
  return record.use('logging_time')
}
