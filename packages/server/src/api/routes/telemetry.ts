/** Routes for exporters of OpenTelemetry, at their own addresses and at those that other servers gave them. */
import { z } from 'zod'
import type { Route } from '../route.ts'
import { anyRecord } from './schemas.ts'

const exporting = { method: 'POST', action: 'record', look: 'none', speaks: 'otlp' } as const

export const TELEMETRY: readonly Route[] = [
  {
    ...exporting,
    operation: 'exportTraces',
    path: '/v1/traces',
    aliases: ['/api/public/otel/v1/traces', '/api/v1/private/otel/v1/traces'],
    summary:
      'Take spans of OpenTelemetry (OTLP/HTTP, protobuf or JSON); they become decisions once their trace is whole',
  },
  {
    ...exporting,
    operation: 'exportLogs',
    path: '/v1/logs',
    aliases: ['/api/public/otel/v1/logs', '/api/v1/private/otel/v1/logs'],
    summary: 'Take log records of OpenTelemetry (OTLP/HTTP, protobuf or JSON)',
  },
  {
    ...exporting,
    speaks: 'langfuse',
    operation: 'ingestLangfuse',
    path: '/api/public/ingestion',
    summary: 'Take a batch of events of Langfuse; each is answered for, with 207',
    body: z.looseObject({ batch: z.array(anyRecord) }),
    response: z.object({ successes: z.array(anyRecord), errors: z.array(anyRecord) }),
  },
]
