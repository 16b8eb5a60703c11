/** Chains and agents of LangChain, recorded, against an API on this machine. */
import { BaseCallbackHandler } from '@langchain/core/callbacks/base'
import { InMemoryCache } from '@langchain/core/caches'
import { Document } from '@langchain/core/documents'
import { ChatPromptTemplate } from '@langchain/core/prompts'
import { BaseRetriever } from '@langchain/core/retrievers'
import { RunnablePassthrough, RunnableSequence } from '@langchain/core/runnables'
import { ChatOpenAI, OpenAI } from '@langchain/openai'
import { createAgent, tool } from 'langchain'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Deponent, DecisionContext } from '@deponent/sdk'
import { recordingHandler } from '@deponent/sdk/langchain'
import { z } from 'zod'
import { chunk, completion, streamed, toolCall } from './completions.ts'
import { RecordedVendor } from './recorded-vendor.ts'
import type { VendorApi } from './vendor-api.ts'

let recorded: RecordedVendor
let vendor: VendorApi
let audit: Deponent

beforeEach(async () => {
  recorded = await RecordedVendor.start()
  vendor = recorded.vendor
  audit = recorded.client()
})

afterEach(() => recorded.stop())

function model(more: object = {}) {
  return new ChatOpenAI({
    model: 'gpt-x',
    apiKey: 'secret-key',
    temperature: 0,
    maxRetries: 0,
    configuration: { baseURL: recorded.baseURL },
    ...more,
  })
}

const calling = (context?: DecisionContext, by = audit) => ({ callbacks: [recordingHandler(by, context)] })

const UUID = expect.stringMatching(/^[0-9a-f-]{36}$/)

/** What every decision here says, whatever was answered. */
const CALLED = {
  decisionId: UUID,
  timestamp: expect.any(String),
  latencyMs: expect.any(Number),
  modelType: 'llm',
  provider: 'openai',
  operation: 'chat',
  modelId: 'gpt-x',
  traceId: UUID,
  spanId: UUID,
  messages: [{ role: 'user', content: 'Shall I?' }],
  inference: { settings: { temperature: 0 } },
  langchain: { name: 'ChatOpenAI' },
}

/** What every decision says of an answer that came to its end. */
const ANSWERED = {
  ...CALLED,
  status: 'ok',
  servedModel: 'gpt-x-0101',
  responseId: expect.stringMatching(/^chatcmpl-\d+$/),
  finishReason: 'stop',
  tokenUsage: { input: 9, output: 3, cacheRead: 4, reasoning: 1 },
}

describe('a model', () => {
  it('answers as before, and its answer is recorded with model, messages, settings and usage', async () => {
    vendor.reply = completion({ content: 'It depends.' })
    const answer = await model().invoke('Shall I?', {
      ...calling({ system: 'support', riskTier: 'low' }),
      metadata: { desk: 'a' },
      tags: ['urgent'],
    })
    expect(answer.content).toBe('It depends.')
    const record = await recorded.record()
    expect(record).toEqual({
      ...ANSWERED,
      system: 'support',
      riskTier: 'low',
      prediction: 'It depends.',
      langchain: { name: 'ChatOpenAI', tags: ['urgent'], metadata: { desk: 'a' } },
    })
    expect(record['spanId']).toBe(record['traceId'])
    expect(JSON.stringify(record)).not.toContain('secret')
  })

  it('that streams is recorded as one text, with the time of the first piece', async () => {
    vendor.reply = streamed(
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'It ' }),
      chunk({ content: 'depends.' }, 'stop'),
    )
    let text = ''
    for await (const part of await model().stream('Shall I?', calling())) text += String(part.content)
    expect(text).toBe('It depends.')
    expect(await recorded.record()).toEqual({
      ...ANSWERED,
      prediction: 'It depends.',
      timeToFirstTokenMs: expect.any(Number),
    })
  })

  it('that refuses, or whose answer is withheld, is recorded so', async () => {
    const content = [{ type: 'refusal', refusal: 'I cannot.' }]
    vendor.replies.push({
      json: {
        id: 'resp-1',
        object: 'response',
        model: 'gpt-x-0101',
        status: 'completed',
        output: [{ type: 'message', id: 'msg-1', role: 'assistant', content }],
        usage: { input_tokens: 9, output_tokens: 3, total_tokens: 12 },
      },
    })
    vendor.reply = completion({ content: '' }, 'content_filter')
    await model({ useResponsesApi: true }).invoke('Shall I?', calling())
    await model().invoke('Shall I?', calling())
    expect(await recorded.records()).toMatchObject([
      { status: 'refused', prediction: 'I cannot.', tokenUsage: { input: 9, output: 3 } },
      { status: 'refused', prediction: '', finishReason: 'content_filter' },
    ])
  })

  it('that gives several answers is recorded with the others as alternatives', async () => {
    vendor.reply = completion({ content: 'Yes.' })
    const { json } = vendor.reply as { json: { choices: object[] } }
    json.choices.push({ index: 1, finish_reason: 'stop', message: { role: 'assistant', content: 'No.' } })
    await model({ n: 2 }).generate([[['user', 'Shall I?'] as never]], calling())
    expect(await recorded.record()).toMatchObject({
      prediction: 'Yes.',
      alternativePredictions: ['No.'],
      inference: { settings: { n: 2 } },
    })
  })

  it('that is not asked, because its answer was kept, is recorded so', async () => {
    vendor.reply = completion({ content: 'It depends.' })
    const kept = model({ cache: new InMemoryCache() })
    await kept.invoke('Shall I?', calling())
    await kept.invoke('Shall I?', calling())
    expect(vendor.requests).toHaveLength(1)
    const shown = (await recorded.records()).map(({ prediction, cached }) => [prediction, cached])
    expect(shown).toEqual([
      ['It depends.', undefined],
      ['It depends.', true],
    ])
  })

  it('of text alone is recorded with its prompt as input', async () => {
    vendor.reply = {
      json: {
        model: 'text-x-0101',
        choices: [{ index: 0, text: 'It depends.', finish_reason: 'stop' }],
        usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 },
      },
    }
    const configuration = { baseURL: recorded.baseURL }
    const text = new OpenAI({ model: 'text-x', apiKey: 'k', maxRetries: 0, configuration })
    expect(await text.invoke('Shall I?', calling())).toBe('It depends.')
    expect(await recorded.record()).toMatchObject({
      modelId: 'text-x',
      operation: 'text_completion',
      input: 'Shall I?',
      prediction: 'It depends.',
      finishReason: 'stop',
      tokenUsage: { input: 9, output: 3 },
    })
  })

  it('that fails is recorded, and its caller has the same error', async () => {
    vendor.reply = { status: 400, json: { error: { message: 'no such model' } } }
    await expect(model().invoke('Shall I?', calling())).rejects.toThrow('no such model')
    expect(await recorded.record()).toEqual({
      ...CALLED,
      status: 'error',
      error: { type: 'Error', message: expect.stringContaining('no such model') },
    })
  })

  it('whose stream is told in events, because another handler wants it so, is recorded in the same way', async () => {
    const other = new (class extends BaseCallbackHandler {
      name = 'other'
      lc_prefer_chat_model_stream_events = true
    })()
    const options = { callbacks: [other, ...calling().callbacks] }
    vendor.replies.push(streamed(chunk({ content: 'It ' }), chunk({ content: 'depends.' }, 'stop')))
    vendor.reply = { events: [chunk({ content: 'It ' })], after: 'break' }
    await model().invoke('Shall I?', options)
    await expect(model().invoke('Shall I?', options)).rejects.toThrow('terminated')
    const timed = { timeToFirstTokenMs: expect.any(Number) }
    expect(await recorded.records()).toMatchObject([
      { ...timed, prediction: 'It depends.', status: 'ok' },
      { ...timed, prediction: 'It ', status: 'error' },
    ])
  })

  it('of which events are asked is recorded where LangChain tells its callbacks of it', async () => {
    vendor.reply = streamed(chunk({ content: 'It ' }), chunk({ content: 'depends.' }, 'stop'))
    for await (const _ of model().streamEvents('Shall I?', { ...calling(), version: 'v2' }));
    expect(await recorded.record()).toMatchObject({ prediction: 'It depends.' })
    for await (const _ of model().streamEvents('Shall I?', calling()));
    await recorded.record()
  })

  it('that is aborted while it streams is recorded with what had come', async () => {
    vendor.reply = { events: [chunk({ content: 'It ' })], after: 'silence' }
    const abort = new AbortController()
    const reading = async () => {
      const options = { ...calling(), signal: abort.signal }
      for await (const _ of await model().stream('Shall I?', options)) abort.abort()
    }
    await expect(reading()).rejects.toThrow('aborted')
    await expect.poll(() => audit.stats().reported).toBe(1)
    expect(await recorded.record()).toEqual({
      ...CALLED,
      status: 'error',
      error: { type: expect.any(String), message: expect.stringMatching(/abort/i) },
      prediction: 'It ',
      timeToFirstTokenMs: expect.any(Number),
    })
  })

  it('whose stream breaks is recorded with what had come', async () => {
    vendor.reply = { events: [chunk({ content: 'It ' })], after: 'break' }
    const reading = async () => {
      for await (const _ of await model().stream('Shall I?', calling()));
    }
    await expect(reading()).rejects.toThrow('terminated')
    expect(await recorded.record()).toMatchObject({ status: 'error', prediction: 'It ' })
  })

  it('whose reader goes away is recorded as unfinished when the client closes', async () => {
    vendor.reply = streamed(chunk({ content: 'It ' }), chunk({ content: 'depends.' }, 'stop'))
    for await (const _ of await model().stream('Shall I?', calling())) break
    await audit.close()
    expect(await recorded.record()).toMatchObject({ status: 'error', error: { type: 'Unfinished' } })
  })
})

describe('what is set around a run', () => {
  it('goes to its record, also where others run at the same time', async () => {
    vendor.reply = completion({ content: 'It depends.' })
    const options = calling()
    const users = Array.from({ length: 8 }, (_, i) => `user-${i}`)
    await Promise.all(
      users.map((userId) => audit.context({ userId }, () => model().invoke(`I am ${userId}.`, options))),
    )
    const shown = (await recorded.records()).map(({ userId, messages }) => [userId, messages])
    const expected = users.map((userId) => [userId, [{ role: 'user', content: `I am ${userId}.` }]])
    expect(shown.toSorted()).toEqual(expected)
  })

  it('names the trace where it has one', async () => {
    vendor.reply = completion({ content: 'It depends.' })
    const set = { traceId: 't-1', spanId: 's-1', sessionId: 'session-1' }
    const options = { ...calling(), metadata: { thread_id: 'thread-1' } }
    await audit.context(set, () => model().invoke('Shall I?', options))
    await model().invoke('Shall I?', options)
    const [inside, outside] = await recorded.records()
    expect(inside).toMatchObject({ traceId: 't-1', parentSpanId: 's-1', sessionId: 'session-1' })
    expect(outside).toMatchObject({ traceId: outside!['spanId'], sessionId: 'thread-1' })
  })
})

describe('an agent', () => {
  const rate = tool(({ loan }: { loan: string }) => `4 % for ${loan}`, {
    name: 'rate',
    description: 'The rate of a loan.',
    schema: z.object({ loan: z.string() }),
  })
  const clerk = (tools = [rate]) => createAgent({ model: model(), tools, name: 'clerk' })
  const asked = { messages: [{ role: 'user', content: 'Shall I?' }] }
  const call = { type: 'tool_call', id: 'c1', name: 'rate', args: { loan: 'a' } }
  const inAgent = {
    traceId: UUID,
    spanId: UUID,
    parentSpanId: UUID,
    agentName: 'clerk',
    sessionId: 'thread-1',
    system: 'loans',
  }

  it('is recorded step by step in one trace, each tool with the decision that asked for it', async () => {
    vendor.replies.push(
      completion({ content: '', tool_calls: [toolCall('c1', 'rate', { loan: 'a' })] }, 'tool_calls'),
    )
    vendor.reply = completion({ content: 'Yes.' })
    const options = { ...calling({ system: 'loans' }), configurable: { thread_id: 'thread-1' } }
    const { messages } = await clerk().invoke(asked, options)
    expect(messages.at(-1)?.content).toBe('Yes.')
    const metadata = { thread_id: 'thread-1' }
    const contextData = {
      tools: [expect.objectContaining({ function: expect.objectContaining({ name: 'rate' }) })],
    }
    const decisions = await recorded.records()
    expect(decisions).toEqual([
      {
        ...ANSWERED,
        ...inAgent,
        contextData,
        finishReason: 'tool_calls',
        prediction: [call],
        toolCalls: [call],
        langchain: { name: 'ChatOpenAI', path: ['clerk', 'model_request'], metadata },
      },
      {
        ...ANSWERED,
        ...inAgent,
        contextData,
        messages: [
          { role: 'user', content: 'Shall I?' },
          { role: 'assistant', name: 'clerk', content: '', tool_calls: [call] },
          { role: 'tool', name: 'rate', content: '4 % for a', tool_call_id: 'c1' },
        ],
        prediction: 'Yes.',
        langchain: { name: 'ChatOpenAI', path: ['clerk', 'model_request'], metadata },
      },
    ])
    const actions = await recorded.actions()
    expect(actions).toEqual([
      {
        kind: 'action',
        at: expect.any(String),
        executedAt: expect.any(String),
        ...inAgent,
        decisionId: decisions[0]!['decisionId'],
        toolName: 'rate',
        toolCallId: 'c1',
        input: { loan: 'a' },
        result: '4 % for a',
        status: 'ok',
        langchain: { name: 'rate', path: ['clerk', 'tools'], metadata },
      },
    ])
    const records = [...decisions, ...actions]
    expect(new Set(records.map(({ traceId }) => traceId)).size).toBe(1)
    expect(new Set(records.map(({ spanId }) => spanId)).size).toBe(3)
  })

  it('that streams is recorded in the same way', async () => {
    const { function: said, ...whole } = toolCall('c1', 'rate', { loan: 'a' })
    const piece = (part: object) => chunk({ tool_calls: [{ index: 0, ...part }] })
    vendor.replies.push(
      streamed(
        chunk({ role: 'assistant', content: '' }),
        piece({ ...whole, function: { name: said.name, arguments: '' } }),
        piece({ function: { arguments: said.arguments } }),
        chunk({}, 'tool_calls'),
      ),
    )
    vendor.reply = streamed(chunk({ role: 'assistant', content: 'Yes.' }, 'stop'))
    const options = { ...calling(), streamMode: 'messages' as const }
    for await (const _ of await clerk().stream(asked, options));
    expect(await recorded.records()).toMatchObject([
      {
        finishReason: 'tool_calls',
        toolCalls: [call],
        tokenUsage: ANSWERED.tokenUsage,
        timeToFirstTokenMs: expect.any(Number),
      },
      { prediction: 'Yes.', tokenUsage: ANSWERED.tokenUsage, timeToFirstTokenMs: expect.any(Number) },
    ])
    expect(await recorded.actions()).toMatchObject([{ toolName: 'rate', result: '4 % for a' }])
  })

  it('whose tool fails is recorded with what it failed with, and whoever called has the same error', async () => {
    const error = new RangeError('no such loan')
    const failing = tool(
      () => {
        throw error
      },
      { name: 'rate', description: 'The rate of a loan.', schema: z.object({ loan: z.string() }) },
    )
    vendor.replies.push(completion({ tool_calls: [toolCall('c1', 'rate', { loan: 'a' })] }, 'tool_calls'))
    vendor.reply = completion({ content: 'Sorry.' })
    await clerk([failing as never]).invoke(asked, calling())
    await expect(failing.invoke({ loan: 'a' }, calling())).rejects.toBe(error)
    const [decision, sorry] = await recorded.records()
    expect(sorry).toMatchObject({ messages: [{}, {}, { role: 'tool', status: 'error' }] })
    const failed = { status: 'error', error: { type: 'RangeError', message: 'no such loan' } }
    const [inAgent, byHand] = await recorded.actions()
    expect(inAgent).toMatchObject({ ...failed, decisionId: decision!['decisionId'] })
    expect(byHand).toMatchObject({ ...failed, toolName: 'rate', input: { loan: 'a' } })
  })

  it('leaves out what the client leaves out, and passes by redact', async () => {
    const redact = (record: Record<string, unknown>) => ({ ...record, seen: true })
    const hidden = { loan: 'hidden' }
    for (const options of [{ includeInputs: false }, { includeOutputs: false }]) {
      vendor.replies.push(
        completion({ tool_calls: [toolCall('c1', 'rate', hidden)] }, 'tool_calls'),
        completion({ content: 'hidden' }),
      )
      await clerk().invoke(asked, calling({}, recorded.client({ ...options, redact })))
    }
    const actions = await recorded.actions()
    expect(actions).toMatchObject([
      { toolName: 'rate', seen: true },
      { toolName: 'rate', seen: true },
    ])
    expect(JSON.stringify(actions)).not.toContain('hidden')
    const [asking, answering, , silent] = await recorded.records()
    expect([asking, answering].flatMap((record) => Object.keys(record!))).not.toContain('messages')
    expect(JSON.stringify(asking)).not.toContain('The rate of a loan.')
    expect(silent).toMatchObject({ prediction: '[not captured]', seen: true })
  })
})

describe('a chain', () => {
  class Shelf extends BaseRetriever {
    lc_namespace = ['test']
    override async _getRelevantDocuments(): Promise<Document[]> {
      return [
        new Document({ id: 'rule-1', pageContent: 'Loans cost 4 %.', metadata: { source: 'rules.md' } }),
        new Document({ pageContent: 'Ask twice.', metadata: { source: 'habits.md' } }),
      ]
    }
  }
  const chain = (callbacks: object[] = []) =>
    RunnableSequence.from([
      { found: new Shelf(), question: new RunnablePassthrough() },
      ChatPromptTemplate.fromMessages([['user', '{question}']]),
      model({ callbacks }),
    ])

  it('that retrieves is recorded with what it retrieved', async () => {
    vendor.reply = completion({ content: 'It depends.' })
    await chain().invoke('Shall I?', { ...calling(), runName: 'advice' })
    const record = await recorded.record()
    expect(record).toEqual({
      ...ANSWERED,
      parentSpanId: record['traceId'],
      prediction: 'It depends.',
      retrievedDocuments: [
        { id: 'rule-1', source: 'rules.md', content: 'Loans cost 4 %.' },
        { id: 'habits.md', source: 'habits.md', content: 'Ask twice.' },
      ],
      langchain: { name: 'ChatOpenAI', path: ['advice'] },
    })
  })

  it('in which only the model is recorded says of what run it is a part', async () => {
    vendor.reply = completion({ content: 'It depends.' })
    const other = { handleChainStart: () => undefined }
    await chain([recordingHandler(audit)]).invoke('Shall I?', { callbacks: [other] })
    const record = await recorded.record()
    expect(record).toMatchObject({ parentSpanId: UUID, traceId: record['parentSpanId'] })
    expect(record['retrievedDocuments']).toBeUndefined()
  })
})
