import { flag, identifier, json, object, oneOf, text, time } from '../fields.ts'
import { defineKind } from '../kind.ts'

/** Something done because of an AI output: a payment held, a mail sent, a tool run by an agent. */
export const action = defineKind({
  kinds: ['action'],
  fields: {
    action: oneOf(text, object()),
    target: json,
    input: json,
    result: json,
    status: text,
    reversible: flag,
    automated: flag,
    affectedUserId: identifier,
    agentId: identifier,
    toolName: text,
    traceId: identifier,
    spanId: identifier,
    executedAt: time,
  },
  required: [['action', 'toolName']],
})
