/** The vendors' own clients, recorded, against an API on this machine. */
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deponent } from '@deponent/sdk'
import type { Deponent, Issue } from '@deponent/sdk'
import { recordAnthropic } from '@deponent/sdk/anthropic'
import { recordOpenAI } from '@deponent/sdk/openai'
import { LedgerServer } from './ledger-server.ts'
import { VendorApi } from './vendor-api.ts'

let ledger: LedgerServer
let vendor: VendorApi
let audit: Deponent
let baseURL: string
let issues: Issue[]

beforeEach(async () => {
  ledger = new LedgerServer()
  vendor = new VendorApi()
  baseURL = await vendor.start()
  issues = []
  const onError = (issue: Issue) => void issues.push(issue)
  audit = deponent({ url: await ledger.start(), key: 'k', flushIntervalMs: 3_600_000, onError })
})

afterEach(async () => {
  expect(issues).toEqual([])
  await audit.close({ timeoutMs: 0 })
  await Promise.all([ledger.stop(), vendor.stop()])
})

async function recorded(): Promise<Record<string, unknown>> {
  await audit.flush()
  const { records } = ledger
  expect(records).toHaveLength(vendor.requests.length)
  return records[records.length - 1]!
}

const messages = [{ role: 'user' as const, content: 'Shall I?' }]

describe('an OpenAI client', () => {
  const client = () =>
    recordOpenAI(new OpenAI({ baseURL, apiKey: 'k', maxRetries: 0 }), audit, {
      system: 'support',
      riskTier: 'low',
    })
  const completion = {
    model: 'gpt-x-2026-01-01',
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'It depends.' } }],
    usage: { prompt_tokens: 9, completion_tokens: 3, prompt_tokens_details: { cached_tokens: 4 } },
  }

  it('answers as before, and its answer is recorded with model, messages and usage', async () => {
    vendor.reply = { json: completion }
    const answer = await client().chat.completions.create({ model: 'gpt-x', messages, temperature: 0 })
    expect(answer.choices[0]?.message.content).toBe('It depends.')
    expect(await recorded()).toMatchObject({
      system: 'support',
      riskTier: 'low',
      provider: 'openai',
      modelId: 'gpt-x',
      servedModel: 'gpt-x-2026-01-01',
      messages,
      inference: { settings: { temperature: 0 } },
      prediction: 'It depends.',
      status: 'ok',
      finishReason: 'stop',
      tokenUsage: { input: 9, output: 3, cacheRead: 4 },
    })
  })

  it('gives the raw response to who asks for that, and is recorded without reading it', async () => {
    vendor.reply = { json: completion }
    const response = await client().chat.completions.create({ model: 'gpt-x', messages }).asResponse()
    expect(await response.json()).toEqual(completion)
    expect(await recorded()).toMatchObject({ modelId: 'gpt-x', prediction: '[response]' })
    const { data } = await client().chat.completions.create({ model: 'gpt-x', messages }).withResponse()
    expect(data.choices).toHaveLength(1)
    expect(await recorded()).toMatchObject({ prediction: 'It depends.' })
  })

  it('of a long streamed answer keeps the text, however its parts are dressed, and always how it ended', async () => {
    const chunk = (content: string) => ({
      id: 'chatcmpl-0123456789abcdef0123456789abcdef',
      object: 'chat.completion.chunk',
      model: 'gpt-x-2026-01-01',
      system_fingerprint: 'fp_0123456789',
      choices: [{ index: 0, delta: { content }, logprobs: null, finish_reason: null }],
    })
    const ending = [
      { model: 'gpt-x-2026-01-01', choices: [{ index: 0, delta: {}, finish_reason: 'length' }] },
      { model: 'gpt-x-2026-01-01', choices: [], usage: { prompt_tokens: 9, completion_tokens: 4000 } },
    ]
    const ended = { finishReason: 'length', tokenUsage: { input: 9, output: 4000 } }
    for (const [words, isWhole] of [
      [4_000, true],
      [9_000, false],
    ] as const) {
      const parts = [...Array.from({ length: words }, (_, i) => chunk(`${i} `)), ...ending]
      vendor.reply = { events: [...parts, '[DONE]'].map((data) => ({ data })) }
      const stream = await client().chat.completions.create({ model: 'gpt-x', messages, stream: true })
      let text = ''
      for await (const part of stream) text += part.choices[0]?.delta.content ?? ''
      const record = await recorded()
      expect(record).toMatchObject(ended)
      expect(record['prediction'] === text).toBe(isWhole)
      expect(record['metadata'] === undefined).toBe(isWhole)
    }
  })

  it('streams as before, and what was streamed is recorded as one text', async () => {
    const chunk = (delta: object, finish_reason: string | null = null) => ({
      data: { model: 'gpt-x', choices: [{ index: 0, delta, finish_reason }] },
    })
    vendor.reply = {
      events: [
        chunk({ role: 'assistant', content: 'It ' }),
        chunk({ content: 'depends.' }, 'stop'),
        { data: { model: 'gpt-x', choices: [], usage: { prompt_tokens: 9, completion_tokens: 3 } } },
        { data: '[DONE]' },
      ],
    }
    const stream = await client().chat.completions.create({ model: 'gpt-x', messages, stream: true })
    let text = ''
    for await (const part of stream) text += part.choices[0]?.delta.content ?? ''
    expect(text).toBe('It depends.')
    expect(await recorded()).toMatchObject({
      prediction: 'It depends.',
      finishReason: 'stop',
      tokenUsage: { input: 9, output: 3 },
      timeToFirstTokenMs: expect.any(Number),
    })
  })

  it('that refuses, calls a tool or fails is recorded so', async () => {
    const answer = (message: object, finish_reason = 'stop') => ({
      json: { ...completion, choices: [{ index: 0, finish_reason, message }] },
    })
    vendor.reply = answer({ role: 'assistant', content: null, refusal: 'I cannot.' })
    await client().chat.completions.create({ model: 'gpt-x', messages })
    expect(await recorded()).toMatchObject({ status: 'refused', prediction: 'I cannot.' })
    const tool_calls = [
      { id: 'c1', type: 'function', function: { name: 'transfer', arguments: '{"to":"ann"}' } },
    ]
    vendor.reply = answer({ role: 'assistant', content: null, tool_calls }, 'tool_calls')
    await client().chat.completions.create({ model: 'gpt-x', messages })
    expect(await recorded()).toMatchObject({
      toolCalls: tool_calls,
      prediction: tool_calls,
      finishReason: 'tool_calls',
    })
    vendor.reply = { status: 400, json: { error: { message: 'no such model' } } }
    await expect(client().chat.completions.create({ model: 'gpt-y', messages })).rejects.toThrow(
      'no such model',
    )
    expect(await recorded()).toMatchObject({ modelId: 'gpt-y', status: 'error', messages })
  })

  it('records the responses API as well', async () => {
    const output = [
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'It depends.' }] },
    ]
    vendor.reply = {
      json: {
        object: 'response',
        model: 'gpt-x',
        status: 'completed',
        output,
        usage: { input_tokens: 9, output_tokens: 3 },
      },
    }
    const answer = await client().responses.create({
      model: 'gpt-x',
      input: 'Shall I?',
      instructions: 'Be brief.',
    })
    expect(answer.output_text).toBe('It depends.')
    expect(await recorded()).toMatchObject({
      operation: 'responses',
      messages: [{ role: 'system', content: 'Be brief.' }, ...messages],
      prediction: 'It depends.',
      tokenUsage: { input: 9, output: 3 },
    })
  })

  it('records what its helper for parsed completions answers, once, as the model gave it', async () => {
    const response_format = {
      type: 'json_schema' as const,
      json_schema: { name: 'answer', strict: true, schema: { type: 'object' } },
    }
    const answering = (content: string) => ({
      json: {
        ...completion,
        choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }],
      },
    })
    vendor.reply = answering('{"approve":true}')
    const { completions } = client().chat
    const answer = await completions.parse({ model: 'gpt-x', messages, response_format })
    expect(answer.choices[0]?.message.parsed).toEqual({ approve: true })
    expect(await recorded()).toMatchObject({
      prediction: '{"approve":true}',
      status: 'ok',
      finishReason: 'stop',
      tokenUsage: { input: 9, output: 3 },
    })
    const { data } = await completions.parse({ model: 'gpt-x', messages, response_format }).withResponse()
    expect(data.choices[0]?.message.parsed).toEqual({ approve: true })
    expect(await recorded()).toMatchObject({ prediction: '{"approve":true}' })
    vendor.reply = answering('no JSON')
    await expect(completions.parse({ model: 'gpt-x', messages, response_format })).rejects.toThrow('JSON')
    expect(await recorded()).toMatchObject({ prediction: 'no JSON', status: 'ok' })
    vendor.reply = { status: 400, json: { error: { message: 'no such model' } } }
    await expect(completions.parse({ model: 'gpt-y', messages, response_format })).rejects.toThrow(
      'no such model',
    )
    expect(await recorded()).toMatchObject({ modelId: 'gpt-y', status: 'error' })
  })

  it('records what its helper for parsed responses answers', async () => {
    const content = [{ type: 'output_text', text: '{"approve":true}', annotations: [] }]
    vendor.reply = {
      json: {
        object: 'response',
        model: 'gpt-x',
        status: 'completed',
        output: [{ type: 'message', role: 'assistant', content }],
        usage: { input_tokens: 9, output_tokens: 3 },
      },
    }
    const format = { type: 'json_schema' as const, name: 'answer', schema: { type: 'object' } }
    const answer = await client().responses.parse({ model: 'gpt-x', input: 'Shall I?', text: { format } })
    expect(answer.output_parsed).toEqual({ approve: true })
    expect(await recorded()).toMatchObject({
      operation: 'responses',
      messages,
      prediction: '{"approve":true}',
      tokenUsage: { input: 9, output: 3 },
    })
  })

  it('sends a request that resists being read, and records the answer', async () => {
    vendor.reply = { json: completion }
    const request = {
      model: 'gpt-x',
      messages,
      toJSON: () => ({ model: 'gpt-x', messages }),
      get temperature(): number {
        throw new RangeError('no')
      },
    }
    const answer = await client().chat.completions.create(request)
    expect(answer.choices[0]?.message.content).toBe('It depends.')
    expect(await recorded()).toMatchObject({ modelId: 'unknown', prediction: 'It depends.', status: 'ok' })
    const told = issues.splice(0)
    expect(told).toEqual([{ code: 'capture_failed', message: 'input threw RangeError' }])
  })

  it('is recorded once, however often it is asked for', async () => {
    vendor.reply = { json: completion }
    await recordOpenAI(client(), audit).chat.completions.create({ model: 'gpt-x', messages })
    await recorded()
  })
})

describe('an Anthropic client', () => {
  const client = () => recordAnthropic(new Anthropic({ baseURL, apiKey: 'k', maxRetries: 0 }), audit)
  const asked = { model: 'claude-x', max_tokens: 100, system: 'Be brief.', messages }

  it('records what its helper for parsed messages answers', async () => {
    const content = [{ type: 'text', text: '{"approve":true}' }]
    vendor.reply = { json: { model: 'claude-x', content, stop_reason: 'end_turn', usage: {} } }
    const format = { type: 'json_schema' as const, schema: { type: 'object' } }
    await client().messages.parse({ ...asked, output_config: { format } })
    expect(await recorded()).toMatchObject({ prediction: '{"approve":true}', finishReason: 'end_turn' })
  })

  it('answers as before, and its answer is recorded with model, messages and usage', async () => {
    vendor.reply = {
      json: {
        model: 'claude-x',
        content: [{ type: 'text', text: 'It depends.' }],
        stop_reason: 'end_turn',
        usage: { input_tokens: 9, output_tokens: 3, cache_read_input_tokens: 4 },
      },
    }
    const answer = await client().messages.create(asked)
    expect(answer.content).toMatchObject([{ text: 'It depends.' }])
    expect(await recorded()).toMatchObject({
      provider: 'anthropic',
      modelId: 'claude-x',
      messages: [{ role: 'system', content: 'Be brief.' }, ...messages],
      prediction: 'It depends.',
      finishReason: 'end_turn',
      tokenUsage: { input: 9, output: 3, cacheRead: 4 },
    })
  })

  it('streams as before, and text, tools and usage are put together', async () => {
    const events: { type: string; [field: string]: unknown }[] = [
      { type: 'message_start', message: { model: 'claude-x', usage: { input_tokens: 9, output_tokens: 1 } } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'It ' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'depends.' } },
      {
        type: 'content_block_start',
        index: 1,
        content_block: { type: 'tool_use', id: 't1', name: 'ask', input: {} },
      },
      { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"who":' } },
      { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '"ann"}' } },
      { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 7 } },
      { type: 'message_stop' },
    ]
    vendor.reply = { events: events.map((data) => ({ event: data.type, data })) }
    const seen: string[] = []
    for await (const { type } of await client().messages.create({ ...asked, stream: true })) seen.push(type)
    expect(seen).toEqual(events.map(({ type }) => type))
    expect(await recorded()).toMatchObject({
      prediction: 'It depends.',
      finishReason: 'tool_use',
      toolCalls: [{ type: 'tool_use', id: 't1', name: 'ask', input: '{"who":"ann"}' }],
      tokenUsage: { input: 9, output: 7 },
    })
  })

  it('that refuses or fails is recorded so', async () => {
    vendor.reply = { json: { model: 'claude-x', content: [], stop_reason: 'refusal', usage: {} } }
    await client().messages.create(asked)
    expect(await recorded()).toMatchObject({ status: 'refused', finishReason: 'refusal' })
    vendor.reply = {
      status: 529,
      json: { type: 'error', error: { type: 'overloaded_error', message: 'later' } },
    }
    await expect(client().messages.create(asked)).rejects.toThrow('later')
    expect(await recorded()).toMatchObject({ modelId: 'claude-x', status: 'error' })
  })
})
