/** The AI SDK with a provider of its own, recorded, against an API on this machine. */
import { createOpenAI } from '@ai-sdk/openai'
import {
  generateObject,
  generateText,
  stepCountIs,
  streamObject,
  streamText,
  tool,
  ToolLoopAgent,
  wrapLanguageModel,
  wrapProvider,
} from 'ai'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Deponent, DecisionContext } from '@deponent/sdk'
import { recordingMiddleware } from '@deponent/sdk/ai'
import { z } from 'zod'
import { chunk, completion, streamed, toolCall } from './completions.ts'
import { RecordedVendor } from './recorded-vendor.ts'
import type { VendorApi } from './vendor-api.ts'

let recorded: RecordedVendor
let vendor: VendorApi
let audit: Deponent

beforeEach(async () => {
  vi.stubGlobal('AI_SDK_LOG_WARNINGS', false)
  recorded = await RecordedVendor.start()
  vendor = recorded.vendor
  audit = recorded.client()
})

afterEach(async () => {
  await recorded.stop()
  vi.unstubAllGlobals()
})

function model(context?: DecisionContext, by = audit) {
  const { chat } = createOpenAI({ baseURL: recorded.baseURL, apiKey: 'secret-key' })
  return wrapLanguageModel({ model: chat('gpt-x'), middleware: recordingMiddleware(by, context) })
}

const said = (role: string, text: string) => ({ role, content: [{ type: 'text', text }] })

/** What every record here says, whatever was answered. */
const CALLED = {
  decisionId: expect.any(String),
  timestamp: expect.any(String),
  latencyMs: expect.any(Number),
  modelType: 'llm',
  provider: 'openai.chat',
  operation: 'chat',
  modelId: 'gpt-x',
  messages: [said('user', 'Shall I?')],
}

/** What every record says of an answer that came to its end. */
const ANSWERED = {
  ...CALLED,
  status: 'ok',
  servedModel: 'gpt-x-0101',
  responseId: expect.stringMatching(/^chatcmpl-\d+$/),
  finishReason: 'stop',
  tokenUsage: { input: 9, output: 3, cacheRead: 4, reasoning: 1 },
}

const AUTO = { settings: { toolChoice: { type: 'auto' } } }
const prompt = 'Shall I?'

describe('an answer', () => {
  it('comes as before, and is recorded with model, messages, settings and usage', async () => {
    vendor.reply = completion({ content: 'It depends.' })
    const { text } = await generateText({
      model: model({ system: 'support', riskTier: 'low' }),
      instructions: 'Be brief.',
      prompt,
      temperature: 0,
      maxOutputTokens: 50,
      providerOptions: { openai: { serviceTier: 'auto' } },
      headers: { 'x-secret': 'secret-header' },
    })
    expect(text).toBe('It depends.')
    const record = await recorded.record()
    expect(record).toEqual({
      ...ANSWERED,
      system: 'support',
      riskTier: 'low',
      messages: [{ role: 'system', content: 'Be brief.' }, said('user', 'Shall I?')],
      inference: { settings: { temperature: 0, maxOutputTokens: 50, toolChoice: { type: 'auto' } } },
      contextData: { providerOptions: { openai: { serviceTier: 'auto' } } },
      prediction: 'It depends.',
    })
    expect(JSON.stringify(record)).not.toContain('secret')
  })

  it('of a form that was asked for is recorded with that form', async () => {
    vendor.reply = completion({ content: '{"approved":true}' })
    const schema = z.object({ approved: z.boolean() })
    const { object } = await generateObject({ model: model(), prompt, schema })
    expect(object).toEqual({ approved: true })
    expect(await recorded.record()).toEqual({
      ...ANSWERED,
      prediction: '{"approved":true}',
      inference: {
        settings: {
          responseFormat: {
            type: 'json',
            schema: expect.objectContaining({ properties: { approved: { type: 'boolean' } } }),
          },
        },
      },
    })
  })

  it('that is withheld is recorded as refused', async () => {
    vendor.reply = completion({ content: '' }, 'content_filter')
    await generateText({ model: model(), prompt })
    expect(await recorded.record()).toEqual({
      ...ANSWERED,
      inference: AUTO,
      status: 'refused',
      finishReason: 'content-filter',
      prediction: '',
    })
  })

  it('carries what was set around the call', async () => {
    vendor.reply = completion({ content: 'It depends.' })
    await audit.context({ userId: 'clerk-3', traceId: 't-1' }, () => generateText({ model: model(), prompt }))
    expect(await recorded.record()).toMatchObject({ userId: 'clerk-3', traceId: 't-1' })
  })

  it('leaves out what the client leaves out, and passes by redact', async () => {
    const redact = (record: Record<string, unknown>) => ({ ...record, seen: true })
    const sparing = recorded.client({ includeInputs: false, includeOutputs: false, redact })
    vendor.reply = completion({ content: 'hidden', tool_calls: [toolCall('c1', 'hidden', {})] })
    const tools = { hidden: tool({ description: 'hidden', inputSchema: z.object({}) }) }
    await generateText({ model: model({}, sparing), prompt: 'hidden', tools })
    vendor.reply = streamed(chunk({ content: 'hidden' }, 'stop'))
    await streamText({ model: model({}, sparing), prompt: 'hidden' }).text
    const records = await recorded.records()
    expect(records).toMatchObject([
      { prediction: '[not captured]', seen: true },
      { prediction: '[not captured]', seen: true },
    ])
    expect(JSON.stringify(records)).not.toContain('hidden')
  })
})

describe('tools', () => {
  const tools = {
    rate: tool({
      description: 'The rate of a loan.',
      inputSchema: z.object({ loan: z.string() }),
      execute: ({ loan }) => `4 % for ${loan}`,
    }),
  }
  const offered = { tools: [expect.objectContaining({ name: 'rate', description: 'The rate of a loan.' })] }
  const call = { type: 'tool-call', toolCallId: 'c1', toolName: 'rate', input: '{"loan":"a"}' }
  const afterwards = [
    said('user', 'Shall I?'),
    { role: 'assistant', content: [{ ...call, input: { loan: 'a' } }] },
    {
      role: 'tool',
      content: [
        {
          type: 'tool-result',
          toolCallId: 'c1',
          toolName: 'rate',
          output: { type: 'text', value: '4 % for a' },
        },
      ],
    },
  ]
  const asking = {
    ...ANSWERED,
    inference: AUTO,
    contextData: offered,
    prediction: [call],
    toolCalls: [call],
    finishReason: 'tool-calls',
  }
  const answering = {
    ...ANSWERED,
    inference: AUTO,
    contextData: offered,
    messages: afterwards,
    prediction: 'Yes.',
  }

  it('are recorded step by step: what a model asked for, and what it made of what came back', async () => {
    vendor.replies.push(completion({ tool_calls: [toolCall('c1', 'rate', { loan: 'a' })] }, 'tool_calls'))
    vendor.reply = completion({ content: 'Yes.' })
    const { text } = await generateText({ model: model(), prompt, tools, stopWhen: stepCountIs(5) })
    expect(text).toBe('Yes.')
    expect(await recorded.records()).toEqual([asking, answering])
  })

  it('of an agent, with a model of a provider that is recorded as a whole, are recorded in the same way', async () => {
    vendor.replies.push(completion({ tool_calls: [toolCall('c1', 'rate', { loan: 'a' })] }, 'tool_calls'))
    vendor.reply = completion({ content: 'Yes.' })
    const provider = createOpenAI({ baseURL: recorded.baseURL, apiKey: 'k' })
    const languageModelMiddleware = recordingMiddleware(audit)
    const { languageModel } = wrapProvider({
      provider: {
        ...provider,
        languageModel: provider.chat,
        imageModel: provider.image,
        specificationVersion: 'v4',
      },
      languageModelMiddleware,
    })
    const agent = new ToolLoopAgent({ model: languageModel('gpt-x'), tools })
    expect((await agent.generate({ prompt })).text).toBe('Yes.')
    expect(await recorded.records()).toEqual([asking, answering])
  })

  it('in a stream are recorded in the same way', async () => {
    const { function: said, ...whole } = toolCall('c1', 'rate', { loan: 'a' })
    const piece = (index: number, part: object) => chunk({ tool_calls: [{ index, ...part }] })
    vendor.replies.push(
      streamed(
        piece(0, { ...whole, function: { name: said.name, arguments: '' } }),
        piece(0, { function: { arguments: said.arguments.slice(0, 5) } }),
        piece(0, { function: { arguments: said.arguments.slice(5) } }),
        chunk({}, 'tool_calls'),
      ),
    )
    vendor.reply = streamed(chunk({ content: 'Yes.' }, 'stop'))
    const { text } = streamText({ model: model(), prompt, tools, stopWhen: stepCountIs(5) })
    expect(await text).toBe('Yes.')
    const timed = { timeToFirstTokenMs: expect.any(Number) }
    expect(await recorded.records()).toEqual([
      { ...asking, ...timed },
      { ...answering, ...timed },
    ])
  })
})

describe('a stream', () => {
  const streamedRecord = { ...ANSWERED, inference: AUTO, timeToFirstTokenMs: expect.any(Number) }
  /** What is known where no end was heard of. */
  const { finishReason: _, tokenUsage: __, ...begun } = streamedRecord

  it('comes part by part, and is recorded as one text', async () => {
    vendor.reply = streamed(
      chunk({ role: 'assistant', content: 'It ' }),
      chunk({ content: 'depends.' }, 'stop'),
    )
    const parts: string[] = []
    for await (const part of streamText({ model: model(), prompt }).textStream) parts.push(part)
    expect(parts).toEqual(['It ', 'depends.'])
    expect(await recorded.record()).toEqual({ ...streamedRecord, prediction: 'It depends.' })
  })

  it('of an object is recorded as the text it came as', async () => {
    vendor.reply = streamed(chunk({ content: '{"approved":' }), chunk({ content: 'true}' }, 'stop'))
    const schema = z.object({ approved: z.boolean() })
    const { partialObjectStream, object } = streamObject({ model: model(), prompt, schema })
    for await (const _ of partialObjectStream);
    expect(await object).toEqual({ approved: true })
    expect(await recorded.record()).toMatchObject({
      prediction: '{"approved":true}',
      inference: { settings: { responseFormat: { type: 'json' } } },
    })
  })

  it('is read no faster than its reader reads, and recorded however long it is', async () => {
    const text = 'x'.repeat(100_000)
    let pulled = 0
    const parts = [
      { type: 'stream-start', warnings: [{ type: 'unsupported', feature: 'seed' }] },
      ...[1, 2, 3].map(() => ({ type: 'text-delta', id: '0', delta: text })),
      { type: 'finish', finishReason: { unified: 'length' }, usage: { outputTokens: { total: 7 } } },
    ]
    const source = new ReadableStream<object>(
      {
        pull(controller) {
          const part = parts[pulled]
          pulled += 1
          if (part) controller.enqueue(part)
          else controller.close()
        },
      },
      { highWaterMark: 0 },
    )
    const { stream } = await recordingMiddleware(audit).wrapStream({
      doStream: async () => ({ stream: source }),
      params: {},
      model: { provider: 'p', modelId: 'm' },
    })
    const reader = stream.getReader()
    expect((await reader.read()).value).toBe(parts[0])
    expect(pulled).toBe(1)
    while (!(await reader.read()).done);
    const record = await recorded.record()
    expect(String(record['prediction'])).toMatch(new RegExp(`^x{200000,299999}…$`))
    expect(record).toMatchObject({
      metadata: { cut: { texts: [{ path: '/prediction', characters: 300_000 }] } },
      finishReason: 'length',
      tokenUsage: { output: 7 },
      warnings: [{ type: 'unsupported', feature: 'seed' }],
    })
  })

  it('that is aborted is recorded with what had come, and its reader has what had come', async () => {
    vendor.reply = { events: [chunk({ content: 'It ' })], after: 'silence' }
    const abort = new AbortController()
    const { textStream } = streamText({ model: model(), prompt, abortSignal: abort.signal })
    const parts: string[] = []
    for await (const part of textStream) {
      parts.push(part)
      abort.abort()
    }
    expect(parts).toEqual(['It '])
    expect(await recorded.record()).toEqual({
      ...begun,
      prediction: 'It ',
      status: 'error',
      error: { type: 'AbortError', message: 'This operation was aborted' },
    })
  })

  it('that takes longer than its caller waits is recorded as a timeout', async () => {
    vendor.reply = { events: [chunk({ content: 'It ' })], after: 'silence' }
    const abort = new AbortController()
    const { textStream } = streamText({ model: model(), prompt, abortSignal: abort.signal })
    for await (const _ of textStream) abort.abort(new DOMException('too late', 'TimeoutError'))
    expect(await recorded.record()).toMatchObject({
      status: 'timeout',
      error: { type: 'TimeoutError', message: 'too late' },
    })
  })

  it('that breaks is recorded with what had come, and its reader has the same error', async () => {
    vendor.reply = { events: [chunk({ content: 'It ' })], after: 'break' }
    const { textStream } = streamText({ model: model(), prompt, maxRetries: 0, onError: () => undefined })
    const parts: string[] = []
    const reading = (async () => {
      for await (const part of textStream) parts.push(part)
    })()
    await expect(reading).rejects.toMatchObject({
      name: 'AI_APICallError',
      cause: { cause: { code: 'UND_ERR_SOCKET' } },
    })
    expect(parts).toEqual(['It '])
    expect(await recorded.record()).toEqual({
      ...begun,
      prediction: 'It ',
      status: 'error',
      error: { type: 'AI_APICallError', message: 'Failed to process successful response' },
    })
  })

  it('in which the vendor tells of an error is recorded so', async () => {
    vendor.reply = {
      events: [
        chunk({ content: 'It ' }),
        { data: { error: { message: 'overloaded', type: 'server_error' } } },
      ],
    }
    await streamText({ model: model(), prompt, onError: () => undefined, maxRetries: 0 }).consumeStream()
    expect(await recorded.record()).toMatchObject({
      prediction: 'It ',
      status: 'error',
      error: { message: expect.stringContaining('overloaded') },
    })
  })
})

describe('a call that fails', () => {
  it('is recorded once for each attempt, and its caller has the same error', async () => {
    vendor.reply = { status: 503, json: { error: { message: 'try later' } } }
    const failing = generateText({ model: model(), prompt, maxRetries: 1 })
    await expect(failing).rejects.toThrow('try later')
    const failed = {
      ...CALLED,
      inference: AUTO,
      status: 'error',
      error: { type: 'AI_APICallError', message: 'try later' },
    }
    expect(await recorded.records()).toEqual([failed, failed])
  })

  it('before a stream begins is recorded, and its caller has the same error', async () => {
    const error = new TypeError('no such model')
    const { wrapStream, wrapGenerate } = recordingMiddleware(audit)
    const call = { params: {}, model: { provider: 'p', modelId: 'm' } }
    await expect(wrapStream({ ...call, doStream: () => Promise.reject(error) })).rejects.toBe(error)
    await expect(wrapGenerate({ ...call, doGenerate: () => Promise.reject(error) })).rejects.toBe(error)
    const failed = { modelId: 'm', status: 'error', error: { type: 'TypeError', message: 'no such model' } }
    expect(await recorded.records()).toMatchObject([failed, failed])
  })

  it('because it is aborted is recorded so', async () => {
    const aborted = generateText({ model: model(), prompt, abortSignal: AbortSignal.abort() })
    await expect(aborted).rejects.toThrow('aborted')
    expect((await recorded.records()).every(({ status }) => status === 'error')).toBe(true)
  })
})
