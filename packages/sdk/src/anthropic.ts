/**
 * Records what an Anthropic client answers: `@deponent/sdk/anthropic`.
 */
import type { Deponent } from './client.ts'
import type { Decision, DecisionContext } from './decision.ts'
import { dataOf, given, listOf, recordMethod, textIn } from './vendor.ts'
import type { Data, VendorMethod } from './vendor.ts'

/**
 * Records every call of `messages.create`, streams included, with model, messages, answer, refusal, tools, usage. The client is the one
 * that was given, and answers as before. `context` is said of every call.
 */
export function recordAnthropic<Client extends object>(
  client: Client,
  audit: Deponent,
  context: DecisionContext = {},
): Client {
  const { messages } = client as { messages?: unknown }
  recordMethod(messages, 'create', MESSAGES, audit, context)
  return client
}

const MESSAGES: VendorMethod = {
  provider: 'anthropic',
  operation: 'messages',
  request: ({ messages, system, temperature, top_p, top_k, max_tokens }) =>
    given({
      messages: [...(system === undefined ? [] : [{ role: 'system', content: system }]), ...listOf(messages)],
      inference: given({ settings: given({ temperature, top_p, top_k, max_tokens }) }),
    }),
  answer: ({ content, stop_reason, model, usage }) => {
    const blocks = listOf(content)
    const text = textIn(blocks.map((block) => block['type'] === 'text' && block['text']))
    return answered(text, stop_reason, model, blocks.filter(isToolUse), dataOf(usage))
  },
  stream: (events) => {
    const started = dataOf(events.find(({ type }) => type === 'message_start')?.['message'])
    const ended = events.findLast(({ type }) => type === 'message_delta')
    const deltas = events.map(({ delta }) => dataOf(delta))
    const text = textIn(deltas.map((delta) => delta['type'] === 'text_delta' && delta['text']))
    const usage = { ...dataOf(started['usage']), ...dataOf(ended?.['usage']) }
    return answered(text, dataOf(ended?.['delta'])['stop_reason'], started['model'], toolsOf(events), usage)
  },
}

function isToolUse({ type }: Data): boolean {
  return type === 'tool_use' || type === 'server_tool_use'
}

/** A streamed tool call: its block, and its input in pieces. */
function toolsOf(events: readonly Data[]): Data[] {
  return events
    .filter((event) => isToolUse(dataOf(event['content_block'])))
    .map((begun) => {
      const pieces = events
        .filter(({ type, index }) => type === 'content_block_delta' && index === begun['index'])
        .map(({ delta }) => dataOf(delta)['partial_json'])
      const { type, id, name } = dataOf(begun['content_block'])
      return { type, id, name, input: textIn(pieces) }
    })
}

function answered(
  text: string,
  stop: unknown,
  model: unknown,
  tools: readonly Data[],
  usage: Data,
): Partial<Decision> {
  return given({
    prediction: text === '' && tools.length > 0 ? tools : text,
    status: stop === 'refusal' ? 'refused' : undefined,
    servedModel: model,
    finishReason: stop,
    toolCalls: tools,
    tokenUsage: given({
      input: usage['input_tokens'],
      output: usage['output_tokens'],
      cacheRead: usage['cache_read_input_tokens'],
      cacheWrite: usage['cache_creation_input_tokens'],
    }),
  })
}
