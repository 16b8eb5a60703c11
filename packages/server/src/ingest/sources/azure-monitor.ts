/** Resource logs of Azure OpenAI in Azure Monitor: requests counted as external counters. */
import { isObject, type JsonObject } from '@deponent/format'
import type { SourceRow } from '../source-row.ts'
import { HourlyCalls, type LoggedCall } from './hourly-calls.ts'
import { parsed } from './row-record.ts'
import type { Source } from './source.ts'

const NAME = 'azure-monitor'

export const azureMonitor: Source = {
  name: NAME,
  title: 'Azure Monitor resource log, as external counters',
  recognise(row) {
    const [first] = entriesIn(row)
    return typeof first?.resourceId === 'string' && 'operationName' in first && 'category' in first
      ? 'entries with resourceId, category and operationName'
      : undefined
  },
  reader: () => new HourlyCalls(NAME, ({ values }: SourceRow) => entriesIn(values).flatMap(callIn)),
  silent: {},
}

/** An event hub hands on `records`; a line of a storage account is one of them. */
function entriesIn(row: JsonObject): JsonObject[] {
  return Array.isArray(row.records) ? row.records.filter(isObject) : [row]
}

function callIn(entry: JsonObject): LoggedCall[] {
  const { category, correlationId, operationName, resourceId, resultSignature, time } = entry
  if (category !== 'RequestResponse' || typeof resourceId !== 'string') return []
  if (
    typeof operationName !== 'string' ||
    !/Complet|Embedding|Response|Image|Audio|Score/i.test(operationName)
  )
    return []
  if (Number(resultSignature ?? 200) >= 400) return []
  const properties = parsed({ value: entry.properties ?? null, coerced: [] }).value
  const { modelDeploymentName, modelName } = isObject(properties) ? properties : {}
  const modelId = modelDeploymentName ?? modelName
  return [
    {
      id:
        typeof correlationId === 'string' ? correlationId : JSON.stringify([resourceId, time, operationName]),
      time,
      place: resourceId.toLowerCase().split('/').at(-1) ?? '',
      modelId: typeof modelId === 'string' ? modelId : undefined,
      provider: 'azure.ai.openai',
    },
  ]
}
