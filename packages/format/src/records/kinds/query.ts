import { identifier, json, label, list, number, object, text } from '../fields.ts'
import { defineKind } from '../kind.ts'

/** A prompt or question asked of an AI system, recorded apart from the decision it may lead to. */
export const query = defineKind({
  kinds: ['query'],
  fields: {
    input: json,
    messages: list(),
    modelId: text,
    modelVersion: identifier,
    requestedModel: text,
    promptName: text,
    promptVersion: identifier,
    operation: text,
    provider: text,
    traceId: identifier,
    spanId: identifier,
    requestId: identifier,
    sessionId: identifier,
    userId: identifier,
    affectedUserId: identifier,
    environment: label('production', 'staging', 'development', 'shadow'),
    purpose: text,
    latencyMs: number,
    tokenUsage: object({
      input: number,
      output: number,
      cacheRead: number,
      cacheWrite: number,
      reasoning: number,
    }),
  },
  aliases: { input: ['prompt', 'query', 'question'], modelId: ['model.id'], modelVersion: ['model.version'] },
  required: [['input', 'messages']],
})
