/** Model invocation logs of Amazon Bedrock, as they lie in a bucket or come out of CloudWatch. */
import { isObject } from '@deponent/format'
import type { MappedRecord } from '../map-row.ts'
import type { SourceRow } from '../source-row.ts'
import { RowRecord } from './row-record.ts'
import { badRow, eachRow, type Source } from './source.ts'

const NAME = 'bedrock'
const INPUT = 'input.inputBodyJson'
const OUTPUT = 'output.outputBodyJson'

export const bedrock: Source = {
  name: NAME,
  title: 'Bedrock model invocation log',
  recognise: (row) =>
    row.schemaType === 'ModelInvocationLog' ? 'schemaType is ModelInvocationLog' : undefined,
  reader: () => eachRow(recordsOf),
  silent: {
    modelVersion: 'part of modelId at most',
    affectedUserId: 'userId is who called, not who is affected',
    confidence: 'not logged',
    explanation: 'not logged',
    lawfulBasis: 'not logged',
    humanReviewerId: 'not logged',
  },
}

function recordsOf(row: SourceRow): MappedRecord[] {
  const record = new RowRecord(row)
  const id = record.use('requestId')
  if (typeof id !== 'string') throw badRow('the line has no requestId')
  record
    .say('decisionId', `${NAME}-${id}`)
    .say('requestId', id)
    .say('provider', 'aws.bedrock')
    .say('modelType', 'llm')
    .move('timestamp', 'timestamp')
    .move('modelId', 'modelId')
    .move('operation', 'operation')
    // Where it was answered, which need not be where it was asked.
    .move('region', 'inferenceRegion', 'region')
    .move('userId', 'identity.arn')
    .move('tokenUsage.input', 'input.inputTokenCount')
    .move('tokenUsage.output', 'output.outputTokenCount')
  asked(record)
  answered(record)
  return [record.record('decision', NAME)]
}

/** Messages where there are some; the body as it is, or where it lies, otherwise. */
function asked(record: RowRecord): void {
  const settings = isObject(record.look(`${INPUT}.inferenceConfig`)) ? `${INPUT}.inferenceConfig` : undefined
  if (Array.isArray(record.look(`${INPUT}.messages`))) {
    record.move('messages', `${INPUT}.messages`)
    if (settings !== undefined) record.move('inference.settings', settings)
  } else record.move('input', INPUT, 'input.inputBodyS3Path')
}

function answered(record: RowRecord): void {
  const error = record.use('errorCode')
  if (typeof error === 'string') record.say('status', 'error').say('error', { type: error })
  if (record.look(`${OUTPUT}.output.message`) !== undefined)
    record
      .move('prediction', `${OUTPUT}.output.message`)
      .move('finishReason', `${OUTPUT}.stopReason`)
      .move('latencyMs', `${OUTPUT}.metrics.latencyMs`)
  else record.move('prediction', OUTPUT, 'output.outputBodyS3Path')
}
