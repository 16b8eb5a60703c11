/** CloudTrail: calls of Bedrock and SageMaker models among the events, counted as external counters. */
import { isObject, type JsonObject } from '@deponent/format'
import type { SourceRow } from '../source-row.ts'
import { HourlyCalls, type LoggedCall } from './hourly-calls.ts'
import type { Source } from './source.ts'

const NAME = 'cloudtrail'
/** Events that are one call of a model. */
const CALLS: Readonly<Record<string, readonly string[]>> = {
  'bedrock.amazonaws.com': ['InvokeModel', 'InvokeModelWithResponseStream', 'Converse', 'ConverseStream'],
  'runtime.sagemaker.amazonaws.com': ['InvokeEndpoint', 'InvokeEndpointWithResponseStream'],
}
const PROVIDERS: Readonly<Record<string, string>> = {
  'bedrock.amazonaws.com': 'aws.bedrock',
  'runtime.sagemaker.amazonaws.com': 'aws.sagemaker',
}

export const cloudtrail: Source = {
  name: NAME,
  title: 'CloudTrail log, as external counters',
  recognise(row) {
    const [first] = eventsIn(row)
    return first !== undefined && 'eventSource' in first && 'eventName' in first && 'eventID' in first
      ? 'events with eventSource, eventName and eventID'
      : undefined
  },
  reader: () => new HourlyCalls(NAME, ({ values }: SourceRow) => eventsIn(values).flatMap(callIn)),
  silent: {},
}

/** A file holds `Records`; a line of CloudWatch is one of them. */
function eventsIn(row: JsonObject): JsonObject[] {
  return Array.isArray(row.Records) ? row.Records.filter(isObject) : [row]
}

function callIn(event: JsonObject): LoggedCall[] {
  const { eventSource, eventName, eventID, eventTime, errorCode, recipientAccountId, awsRegion } = event
  if (typeof eventSource !== 'string' || typeof eventName !== 'string' || typeof eventID !== 'string')
    return []
  // What was refused before a model was asked is no call.
  if (errorCode !== undefined && errorCode !== null) return []
  if (!Object.hasOwn(CALLS, eventSource) || !CALLS[eventSource]!.includes(eventName)) return []
  const parameters = isObject(event.requestParameters) ? event.requestParameters : {}
  const modelId = parameters.modelId ?? parameters.endpointName
  return [
    {
      id: eventID,
      time: eventTime,
      place: [recipientAccountId, awsRegion].filter((part) => typeof part === 'string').join('/'),
      modelId: typeof modelId === 'string' ? modelId : undefined,
      provider: PROVIDERS[eventSource]!,
    },
  ]
}
