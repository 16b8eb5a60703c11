/** The standard logging payload of LiteLLM, as its callbacks hand it on and its bucket loggers write it. */
import { isObject, type JsonValue, parseTime } from '@deponent/format'
import type { MappedRecord } from '../map-row.ts'
import type { SourceRow } from '../source-row.ts'
import { RowRecord } from './row-record.ts'
import { badRow, eachRow, type Source } from './source.ts'

const NAME = 'litellm'
/** What the only choice of an answer says where it says nothing that has no field. */
const CHOICE = new Set(['finish_reason', 'index', 'message'])

export const litellm: Source = {
  name: NAME,
  title: 'LiteLLM standard logging payload',
  recognise: (row) =>
    'call_type' in row && 'model' in row && ('custom_llm_provider' in row || 'response_cost' in row)
      ? 'call_type beside model and the provider or cost'
      : undefined,
  reader: () => eachRow(recordsOf),
  silent: {
    affectedUserId: 'userId is whose call it was, not who is affected',
    confidence: 'not logged',
    explanation: 'not logged',
    lawfulBasis: 'not logged',
    humanReviewerId: 'not logged',
  },
}

function recordsOf(row: SourceRow): MappedRecord[] {
  const record = new RowRecord(row)
  const id = record.use('id')
  if (typeof id !== 'string') throw badRow('the payload has no id')
  record
    .say('decisionId', `${NAME}-${id}`)
    .say('modelType', 'llm')
    .move('traceId', 'trace_id')
    .move('modelId', 'model')
    .move('requestedModel', 'model_group')
    .move('provider', 'custom_llm_provider')
    .move('operation', 'call_type')
    .move('userId', 'end_user', 'metadata.user_api_key_user_id', 'metadata.user_api_key_end_user_id')
    .move('ipAddress', 'metadata.requester_ip_address', 'requester_ip_address')
    .move('inference.settings', 'model_parameters')
    .move('tokenUsage.input', 'prompt_tokens')
    .move('tokenUsage.output', 'completion_tokens')
    .move('costUsd', 'response_cost')
  if (Array.isArray(record.look('messages'))) record.move('messages', 'messages')
  else record.move('input', 'messages')
  const tags = record.look('request_tags')
  if (Array.isArray(tags) && tags.length > 0) record.move('tags', 'request_tags')
  times(record)
  answered(record)
  return [record.record('decision', NAME)]
}

/** Seconds since 1970, or a date. */
function times(record: RowRecord): void {
  const [start, first, end] = ['startTime', 'completionStartTime', 'endTime'].map((path) =>
    msOf(record.look(path)),
  )
  record.move('timestamp', 'endTime', 'startTime')
  if (start === undefined || end === undefined || end < start) return
  record.say('latencyMs', end - start)
  if (record.look('stream') === true && first !== undefined && first >= start)
    record.say('timeToFirstTokenMs', first - start)
}

function msOf(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return Math.round(value * 1_000)
  return value === undefined ? undefined : parseTime(value)?.ms
}

function answered(record: RowRecord): void {
  if (record.look('status') === 'failure') {
    record.use('status')
    record
      .say('status', 'error')
      .move('error.type', 'error_information.error_class')
      .move('error.message', 'error_information.error_message', 'error_str')
    return
  }
  const response = record.look('response')
  const choices = isObject(response) ? response.choices : undefined
  const [choice] = Array.isArray(choices) && choices.length === 1 ? choices : []
  if (isObject(choice) && Object.keys(choice).every((name) => CHOICE.has(name))) {
    record.use('response.choices')
    record.say('prediction', choice.message).say('finishReason', choice.finish_reason)
  } else record.move('prediction', 'response')
}
