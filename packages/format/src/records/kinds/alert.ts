import { identifier, json, label, object, oneOf, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'

/** A monitor or the recorder asks for attention, and what became of it. */
export const alert = defineKind({
  kinds: ['alert.raised', 'alert.acknowledged', 'alert.resolved', 'alert.suppressed'],
  fields: {
    alertId: identifier,
    monitorId: identifier,
    title: text,
    message: text,
    severity: label('info', 'warning', 'high', 'critical'),
    metric: text,
    value: json,
    threshold: json,
    acknowledgedBy: oneOf(text, object()),
    acknowledgedAt: time,
    action: text,
    reason: text,
    incidentId: identifier,
    modelId: text,
    modelVersion: identifier,
  },
  required: [['alertId', 'monitorId']],
})
