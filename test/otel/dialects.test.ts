/** One call of a model as each dialect tells it, written from the table of `docs/otel.md`. */
import { describe, expect, test } from 'vitest'
import { normalizeRecord } from '@deponent/format'
import { rollUp } from '../../packages/server/src/ingest/otlp/roll-up.ts'
import { type Attributes, readSpans, type SpanOfTest } from './spans.ts'

const question = 'May she have the loan?'
const answer = 'No.'
const asked = [{ role: 'user', content: question }]
const told = [{ role: 'assistant', content: answer }]
const asText = (value: unknown): string => JSON.stringify(value)

/** A span and what its decision must say at least. */
type Case = [dialect: string, span: Omit<SpanOfTest, 'id'>, says: object]

const CASES: Case[] = [
  [
    'gen_ai',
    {
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': 'm',
        'gen_ai.response.model': 'm-2026',
        'gen_ai.request.temperature': 0.5,
        'gen_ai.request.seed': 7,
        'gen_ai.conversation.id': 's-1',
        'gen_ai.system_instructions': asText([{ type: 'text', content: 'Be brief.' }]),
        'gen_ai.input.messages': asText([{ role: 'user', parts: [{ type: 'text', content: question }] }]),
        'gen_ai.output.messages': asText([{ role: 'assistant', parts: [{ type: 'text', content: answer }] }]),
        'gen_ai.response.finish_reasons': ['stop'],
        'gen_ai.response.time_to_first_chunk': 0.25,
        'gen_ai.usage.input_tokens': 10,
        'gen_ai.usage.output_tokens': 2,
        'gen_ai.usage.cache_read.input_tokens': 4,
        'gen_ai.usage.cache_creation.input_tokens': 3,
        'gen_ai.usage.reasoning.output_tokens': 1,
        'gen_ai.prompt.name': 'loan',
        'gen_ai.prompt.version': '3',
      },
    },
    {
      operation: 'chat',
      modelId: 'm-2026',
      requestedModel: 'm',
      servedModel: 'm-2026',
      provider: 'openai',
      sessionId: 's-1',
      messages: [{ role: 'system' }, { role: 'user', parts: [{ content: question }] }],
      prediction: [{ role: 'assistant', parts: [{ content: answer }] }],
      finishReason: 'stop',
      timeToFirstTokenMs: 250,
      tokenUsage: { input: 10, output: 2, cacheRead: 4, cacheWrite: 3, reasoning: 1 },
      inference: { settings: { temperature: 0.5, seed: 7 } },
      promptName: 'loan',
      promptVersion: '3',
    },
  ],
  [
    'gen_ai',
    {
      name: 'as structured values',
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.request.model': 'm',
        'gen_ai.input.messages': [{ role: 'user', parts: [{ type: 'text', content: question }] }],
        'gen_ai.output.messages': [{ role: 'assistant', parts: [{ type: 'text', content: answer }] }],
      },
    },
    {
      messages: [{ role: 'user', parts: [{ content: question }] }],
      prediction: [{ parts: [{ content: answer }] }],
    },
  ],
  [
    'gen_ai',
    {
      name: 'until 1.36, with events',
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.system': 'anthropic',
        'gen_ai.request.model': 'm',
        'gen_ai.usage.prompt_tokens': 10,
        'gen_ai.usage.completion_tokens': 2,
      },
      events: [
        { name: 'gen_ai.system.message', attributes: { content: 'Be brief.' } },
        { name: 'gen_ai.user.message', attributes: { content: question } },
        { name: 'gen_ai.choice', attributes: { index: 0, finish_reason: 'stop', message: asText(told[0]) } },
      ],
    },
    {
      provider: 'anthropic',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: question },
      ],
      prediction: [{ index: 0, finish_reason: 'stop' }],
      tokenUsage: { input: 10, output: 2 },
    },
  ],
  [
    'gen_ai',
    {
      name: 'until 1.27, with content events',
      attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm' },
      events: [
        { name: 'gen_ai.content.prompt', attributes: { 'gen_ai.prompt': asText(asked) } },
        { name: 'gen_ai.content.completion', attributes: { 'gen_ai.completion': asText(told) } },
      ],
    },
    { messages: asked, prediction: told },
  ],
  [
    'openinference',
    {
      attributes: {
        'openinference.span.kind': 'LLM',
        'llm.model_name': 'm',
        'llm.provider': 'openai',
        'llm.invocation_parameters': '{"temperature":0}',
        'llm.input_messages.0.message.role': 'user',
        'llm.input_messages.0.message.contents.0.message_content.type': 'text',
        'llm.input_messages.0.message.contents.0.message_content.text': question,
        'llm.output_messages.0.message.role': 'assistant',
        'llm.output_messages.0.message.content': answer,
        'llm.output_messages.0.message.tool_calls.0.tool_call.function.name': 'file',
        'llm.token_count.prompt': 10,
        'llm.token_count.completion': 2,
        'llm.token_count.prompt_details.cache_read': 4,
        'llm.cost.prompt': 0.25,
        'llm.cost.completion': 0.5,
        'session.id': 's-1',
        'user.id': 'u-1',
      },
    },
    {
      modelId: 'm',
      provider: 'openai',
      messages: [{ role: 'user', contents: [{ type: 'text', text: question }] }],
      prediction: [{ role: 'assistant', content: answer, tool_calls: [{ function: { name: 'file' } }] }],
      tokenUsage: { input: 10, output: 2, cacheRead: 4 },
      costUsd: 0.75,
      inference: { settings: { temperature: 0 } },
      sessionId: 's-1',
      userId: 'u-1',
    },
  ],
  [
    'openllmetry',
    {
      attributes: {
        'llm.request.type': 'chat',
        'gen_ai.system': 'OpenAI',
        'gen_ai.request.model': 'm',
        'gen_ai.response.model': 'm-2026',
        'gen_ai.prompt.0.role': 'user',
        'gen_ai.prompt.0.content': question,
        'gen_ai.completion.0.role': 'assistant',
        'gen_ai.completion.0.content': answer,
        'gen_ai.completion.0.finish_reason': 'stop',
        'gen_ai.usage.prompt_tokens': 10,
        'traceloop.association.properties.user_id': 'u-1',
        'traceloop.workflow.name': 'loans',
      },
    },
    {
      modelId: 'm-2026',
      messages: [{ role: 'user', content: question }],
      prediction: [{ role: 'assistant', content: answer, finish_reason: 'stop' }],
      userId: 'u-1',
      agentName: 'loans',
      tokenUsage: { input: 10 },
    },
  ],
  [
    'langfuse',
    {
      attributes: {
        'langfuse.observation.type': 'generation',
        'langfuse.observation.model.name': 'm',
        'langfuse.observation.model.parameters': '{"temperature":0}',
        'langfuse.observation.input': asText(asked),
        'langfuse.observation.output': answer,
        'langfuse.observation.usage_details': '{"input":10,"output":2,"input_cached_tokens":4}',
        'langfuse.observation.cost_details': '{"input":0.25,"output":0.5}',
        'langfuse.observation.prompt.name': 'loan',
        'langfuse.observation.prompt.version': 3,
        'langfuse.user.id': 'u-1',
        'langfuse.session.id': 's-1',
        'langfuse.environment': 'staging',
      },
    },
    {
      modelId: 'm',
      messages: asked,
      prediction: answer,
      tokenUsage: { input: 10, output: 2, cacheRead: 4 },
      costUsd: 0.75,
      promptName: 'loan',
      promptVersion: '3',
      userId: 'u-1',
      sessionId: 's-1',
      environment: 'staging',
    },
  ],
  [
    'vercel-ai',
    {
      attributes: {
        'ai.operationId': 'ai.generateText.doGenerate',
        'ai.model.id': 'm',
        'ai.model.provider': 'openai.chat',
        'ai.prompt.messages': asText(asked),
        'ai.response.text': answer,
        'ai.response.finishReason': 'stop',
        'ai.response.msToFirstChunk': 250,
        'ai.usage.promptTokens': 10,
        'ai.usage.completionTokens': 2,
        'ai.telemetry.metadata.userId': 'u-1',
        'ai.telemetry.metadata.sessionId': 's-1',
      },
    },
    {
      modelId: 'm',
      provider: 'openai.chat',
      messages: asked,
      prediction: answer,
      finishReason: 'stop',
      timeToFirstTokenMs: 250,
      tokenUsage: { input: 10, output: 2 },
      userId: 'u-1',
      sessionId: 's-1',
    },
  ],
  [
    'mlflow',
    {
      attributes: {
        'mlflow.spanType': '"CHAT_MODEL"',
        'mlflow.spanInputs': asText({ messages: asked }),
        'mlflow.spanOutputs': asText({ choices: told }),
        'mlflow.trace.user': '"u-1"',
        'mlflow.trace.session': '"s-1"',
        model: '"m"',
      },
    },
    { modelId: 'm', messages: asked, prediction: { choices: told }, userId: 'u-1', sessionId: 's-1' },
  ],
  [
    'genkit',
    {
      attributes: {
        'genkit:metadata:subtype': 'model',
        'genkit:name': 'm',
        'genkit:input': asText({ messages: asked }),
        'genkit:output': asText({ message: told[0] }),
        'gen_ai.request.model': 'm',
      },
    },
    { modelId: 'm', messages: asked, prediction: { message: told[0] } },
  ],
  [
    'pydantic-ai',
    {
      attributes: {
        'pydantic_ai.all_messages': asText([{ role: 'user', parts: [{ type: 'text', content: question }] }]),
        agent_name: 'clerk',
        model_name: 'm',
        'gen_ai.usage.input_tokens': 10,
        final_result: answer,
      },
    },
    { agentName: 'clerk', messages: [{ role: 'user' }], prediction: answer, tokenUsage: { input: 10 } },
  ],
  [
    'google-adk',
    {
      attributes: {
        'gcp.vertex.agent.llm_request': asText({ model: 'm', contents: [question] }),
        'gcp.vertex.agent.llm_response': asText({ content: answer }),
        'gen_ai.request.model': 'm',
      },
    },
    { modelId: 'm', input: { contents: [question] }, prediction: { content: answer } },
  ],
  [
    'livekit',
    {
      attributes: {
        'lk.chat_ctx': asText({ items: [{ type: 'message', content: question }] }),
        'lk.response.text': answer,
        'gen_ai.request.model': 'm',
      },
    },
    { modelId: 'm', input: { items: [{ content: question }] }, prediction: answer },
  ],
]

test.each(CASES)('%s is understood: %#', (dialect, span, says) => {
  const { decisions } = rollUp(readSpans({ id: 'call', ...span }), [])
  expect(decisions).toHaveLength(1)
  const { record } = decisions[0]!
  const { metadata } = record as { metadata: { otel: { dialects: string[] } } }
  expect(metadata.otel.dialects).toContain(dialect)
  const { record: recorded, errors } = normalizeRecord('decision', { value: record, coerced: [], faults: [] })
  expect(errors).toEqual([])
  expect(recorded).toMatchObject(says)
})

describe('what plays a part in a decision', () => {
  const parts: [string, Attributes][] = [
    [
      'gen_ai',
      {
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': 'file',
        'gen_ai.tool.call.arguments': '{"id":7}',
      },
    ],
    [
      'openinference',
      { 'openinference.span.kind': 'TOOL', 'tool.name': 'file', 'tool.parameters': '{"id":7}' },
    ],
    [
      'traceloop',
      { 'traceloop.span.kind': 'tool', 'tool.name': 'file', 'traceloop.entity.input': '{"id":7}' },
    ],
    [
      'vercel-ai',
      { 'ai.operationId': 'ai.toolCall', 'ai.toolCall.name': 'file', 'ai.toolCall.args': '{"id":7}' },
    ],
    ['livekit', { 'lk.function_tool.name': 'file', 'lk.function_tool.arguments': '{"id":7}' }],
  ]

  test.each(parts)('a tool, as %s tells it', (_, attributes) => {
    const agent = { 'gen_ai.operation.name': 'invoke_agent', model: 'm' }
    const { decisions } = rollUp(
      readSpans({ id: 'agent', attributes: agent }, { id: 'tool', parent: 'agent', attributes }),
      [],
    )
    expect(decisions[0]!.record.toolCalls).toMatchObject([{ name: 'file', arguments: { id: 7 } }])
  })

  test('a judgement that is flattened into attributes', () => {
    const attributes = {
      'openinference.span.kind': 'LLM',
      'llm.model_name': 'm',
      'annotations.0.annotation.name': 'correct',
      'annotations.0.annotation.label': 'yes',
      'annotations.0.annotation.annotator_kind': 'HUMAN',
    }
    expect(rollUp(readSpans({ id: 'llm', attributes }), []).spans[0]!.mapped.judgements).toEqual([
      { name: 'correct', label: 'yes', scorerType: 'HUMAN' },
    ])
  })
})

test('an index out of all proportion makes no list of its size', () => {
  const attributes = {
    'openinference.span.kind': 'LLM',
    'llm.model_name': 'm',
    'llm.input_messages.0.message.role': 'user',
    'llm.input_messages.4294967295.message.role': 'user',
  }
  const { decisions, spans } = rollUp(readSpans({ id: 'llm', attributes }), [])
  expect(decisions[0]!.record.messages).toEqual([{ role: 'user' }])
  expect(spans[0]!.span.attributes).toHaveProperty(['llm.input_messages.4294967295.message.role'])
})

test('what the application says for the record is taken as it says it', () => {
  const attributes = {
    'audit.decision.id': 'loan-7',
    'audit.decision.result': 'declined',
    'audit.decision.confidence': '0.75',
    'audit.decision.reason_codes': ['R1', 'R2'],
    'audit.subject.id': 'p-7',
    'audit.case.id': 'c-7',
    'audit.risk_tier': 'high',
    model: 'scorer',
  }
  const { decisions } = rollUp(readSpans({ id: 'score', attributes }), [])
  expect(decisions[0]).toMatchObject({
    decisionId: 'loan-7',
    record: {
      modelId: 'scorer',
      prediction: 'declined',
      confidence: 0.75,
      reasonCodes: ['R1', 'R2'],
      affectedUserId: 'p-7',
      caseId: 'c-7',
      riskTier: 'high',
    },
  })
})
