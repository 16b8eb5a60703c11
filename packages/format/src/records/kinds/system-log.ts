import { identifier, json, label, text } from '../fields.ts'
import { defineKind } from '../kind.ts'

/** Something a system reports of itself that is no decision: started, degraded, a guardrail hit, misuse seen. */
export const systemLog = defineKind({
  kinds: ['system.log'],
  fields: {
    event: text,
    level: label('debug', 'info', 'warning', 'error', 'critical'),
    message: text,
    details: json,
    traceId: identifier,
    spanId: identifier,
    modelId: text,
    modelVersion: identifier,
    environment: text,
  },
  required: [['event', 'message']],
})
