/** Data access logs of Vertex AI among Google's Cloud Audit Logs: calls counted as external counters. */
import { isObject, type JsonObject } from '@deponent/format'
import type { SourceRow } from '../source-row.ts'
import { HourlyCalls, type LoggedCall } from './hourly-calls.ts'
import type { Source } from './source.ts'

const NAME = 'cloud-audit-logs'
const CALL =
  /PredictionService\.(?:Predict|RawPredict|StreamRawPredict|StreamingPredict|ServerStreamingPredict|DirectPredict|GenerateContent|StreamGenerateContent|Explain)$/

export const cloudAuditLogs: Source = {
  name: NAME,
  title: 'Cloud Audit Logs, as external counters',
  recognise: ({ insertId, protoPayload }) =>
    isObject(protoPayload) && 'methodName' in protoPayload && insertId !== undefined
      ? 'protoPayload with a methodName beside insertId'
      : undefined,
  reader: () => new HourlyCalls(NAME, ({ values }: SourceRow) => callIn(values)),
  silent: {},
}

function callIn({ insertId, protoPayload, timestamp }: JsonObject): LoggedCall[] {
  if (!isObject(protoPayload) || typeof insertId !== 'string') return []
  const { methodName, resourceName, status } = protoPayload
  if (typeof methodName !== 'string' || !CALL.test(methodName)) return []
  if (isObject(status) && Number(status.code ?? 0) !== 0) return []
  const name = typeof resourceName === 'string' ? resourceName : ''
  return [
    {
      id: `${insertId} ${JSON.stringify(timestamp)}`,
      time: timestamp,
      place: /projects\/([^/]+\/locations\/[^/]+)/.exec(name)?.[1]?.replace('/locations', '') ?? '',
      modelId: /\/models\/([^/:]+)/.exec(name)?.[1] ?? (name === '' ? undefined : name),
      provider: 'gcp.vertex_ai',
    },
  ]
}
