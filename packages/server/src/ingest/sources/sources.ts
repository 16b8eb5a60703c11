import type { JsonObject } from '@deponent/format'
import { aiAuditLogs } from './ai-audit-logs.ts'
import { azureml } from './azureml.ts'
import { bedrock } from './bedrock.ts'
import { databricks } from './databricks.ts'
import { langfuse } from './langfuse.ts'
import { litellm } from './litellm.ts'
import { sagemaker } from './sagemaker.ts'
import { vertex } from './vertex.ts'
import { azureMonitor } from './azure-monitor.ts'
import { cloudAuditLogs } from './cloud-audit-logs.ts'
import { cloudEvents } from './cloudevents.ts'
import { cloudtrail } from './cloudtrail.ts'
import { mlflow } from './mlflow.ts'
import { openlineage } from './openlineage.ts'
import type { Source } from './source.ts'

const OWN: readonly Source[] = [
  bedrock,
  sagemaker,
  azureml,
  databricks,
  vertex,
  litellm,
  mlflow,
  openlineage,
  cloudtrail,
  azureMonitor,
  cloudAuditLogs,
  aiAuditLogs,
]

/** Every source there is, those that are known by more before those that are known by less. */
export const SOURCES: readonly Source[] = [...OWN, langfuse, cloudEvents(OWN)]

export function sourceNamed(name: string): Source | undefined {
  return SOURCES.find((source) => source.name === name)
}

/** The source the first of these rows is of that is known at all, and by what it is known. */
export function recognised(rows: readonly JsonObject[]): { source: Source; reason: string } | undefined {
  for (const row of rows)
    for (const source of SOURCES) {
      const reason = source.recognise(row)
      if (reason !== undefined) return { source, reason }
    }
  return undefined
}
