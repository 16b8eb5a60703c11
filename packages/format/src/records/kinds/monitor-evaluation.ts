import { flag, identifier, json, number, oneOf, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'

/** One run of a monitor, the quiet ones too: what was measured, over which window, against which threshold. */
export const monitorEvaluation = defineKind({
  kinds: ['monitor.evaluation'],
  fields: {
    monitorId: identifier,
    metric: text,
    windowFrom: time,
    windowTo: time,
    group: json,
    n: number,
    value: json,
    threshold: json,
    interval: json,
    method: text,
    methodVersion: identifier,
    status: text,
    passed: flag,
    reason: text,
    alertId: identifier,
    modelId: text,
    modelVersion: identifier,
    window: oneOf(text, json),
  },
  required: [['monitorId', 'metric']],
})
