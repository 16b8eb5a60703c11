/**
 * Records what an OpenAI client answers: `@deponent/sdk/openai`.
 */
import type { Deponent } from './client.ts'
import type { Decision, DecisionContext } from './decision.ts'
import { dataOf, given, listOf, recordMethod, textIn } from './vendor.ts'
import type { Data, VendorMethod } from './vendor.ts'

/**
 * Records every call of `chat.completions.create` and `responses.create`, streams included, with model, messages, answer, refusal,
 * tools, usage. The client is the one that was given, and answers as before. `context` is said of every call.
 */
export function recordOpenAI<Client extends object>(
  client: Client,
  audit: Deponent,
  context: DecisionContext = {},
): Client {
  const { chat, responses } = client as { chat?: unknown; responses?: unknown }
  recordMethod(dataOf(chat)['completions'], 'create', COMPLETIONS, audit, context)
  recordMethod(responses, 'create', RESPONSES, audit, context)
  return client
}

const COMPLETIONS: VendorMethod = {
  provider: 'openai',
  operation: 'chat',
  request: (request) => given({ messages: request['messages'], inference: settingsOf(request) }),
  answer: (answer) => {
    const [choice] = listOf(answer['choices'])
    const message = dataOf(choice?.['message'])
    return completion(
      answer,
      choice?.['finish_reason'],
      message['content'] ?? message['refusal'],
      message['tool_calls'],
      message['refusal'],
    )
  },
  stream: (chunks) => {
    const choices = chunks.flatMap((chunk) =>
      listOf(chunk['choices']).filter(({ index }) => index === 0 || index === undefined),
    )
    const deltas = choices.map(({ delta }) => dataOf(delta))
    const text = textIn(deltas.map(({ content, refusal }) => content ?? refusal))
    const finish = choices
      .map(({ finish_reason }) => finish_reason)
      .findLast((reason) => reason !== null && reason !== undefined)
    const usage = chunks
      .map((chunk) => chunk['usage'])
      .findLast((found) => found !== null && found !== undefined)
    const refusal = deltas.find((delta) => typeof delta['refusal'] === 'string' && delta['refusal'] !== '')
    const calls = toolCallsOf(deltas)
    return completion(
      { model: chunks[0]?.['model'], usage },
      finish,
      text === '' && calls.length > 0 ? undefined : text,
      calls,
      refusal,
    )
  },
}

const RESPONSES: VendorMethod = {
  provider: 'openai',
  operation: 'responses',
  request: (request) =>
    given({
      messages: messagesOf(request),
      inference: settingsOf(request),
    }),
  answer: response,
  stream: (events) => {
    const last = events.findLast(
      (event) => typeof event['response'] === 'object' && event['response'] !== null,
    )
    const text = textIn(events.map(({ type, delta }) => type === 'response.output_text.delta' && delta))
    return { ...given({ prediction: text }), ...(last && response(dataOf(last['response']))) }
  },
}

function completion(
  answer: Data,
  finish: unknown,
  content: unknown,
  calls: unknown,
  refusal: unknown,
): Partial<Decision> {
  const usage = dataOf(answer['usage'])
  const isRefused = finish === 'content_filter' || (refusal !== undefined && refusal !== null)
  const toolCalls = listOf(calls)
  return given({
    prediction: content ?? (toolCalls.length > 0 ? toolCalls : undefined),
    status: isRefused ? 'refused' : undefined,
    servedModel: answer['model'],
    finishReason: finish,
    toolCalls,
    tokenUsage: given({
      input: usage['prompt_tokens'],
      output: usage['completion_tokens'],
      cacheRead: dataOf(usage['prompt_tokens_details'])['cached_tokens'],
      reasoning: dataOf(usage['completion_tokens_details'])['reasoning_tokens'],
    }),
  })
}

function response(answer: Data): Partial<Decision> {
  const usage = dataOf(answer['usage'])
  const output = listOf(answer['output'])
  const contents = output.flatMap(({ content }) => listOf(content))
  const text = textIn(contents.map((content) => content['text'] ?? content['refusal']))
  const toolCalls = output.filter(({ type }) => String(type).endsWith('_call'))
  const { reason } = dataOf(answer['incomplete_details'])
  const isRefused = reason === 'content_filter' || contents.some(({ type }) => type === 'refusal')
  return given({
    prediction: text === '' ? (toolCalls.length > 0 ? toolCalls : undefined) : text,
    status: isRefused ? 'refused' : answer['status'] === 'failed' ? 'error' : undefined,
    servedModel: answer['model'],
    finishReason: reason ?? answer['status'],
    toolCalls,
    tokenUsage: given({
      input: usage['input_tokens'],
      output: usage['output_tokens'],
      cacheRead: dataOf(usage['input_tokens_details'])['cached_tokens'],
      reasoning: dataOf(usage['output_tokens_details'])['reasoning_tokens'],
    }),
  })
}

function messagesOf({ input, instructions }: Data): unknown[] {
  const system = typeof instructions === 'string' ? [{ role: 'system', content: instructions }] : []
  return [...system, ...(Array.isArray(input) ? (input as unknown[]) : [{ role: 'user', content: input }])]
}

function settingsOf(request: Data): unknown {
  const { temperature, top_p, seed, max_tokens, max_completion_tokens, max_output_tokens } = request
  return given({
    settings: given({ temperature, top_p, seed, max_tokens, max_completion_tokens, max_output_tokens }),
  })
}

/** A streamed tool call comes in pieces that name their place. */
function toolCallsOf(deltas: readonly Data[]): Data[] {
  const calls: { id?: unknown; function: { name: string; arguments: string } }[] = []
  for (const piece of deltas.flatMap(({ tool_calls }) => listOf(tool_calls))) {
    const call = (calls[Number(piece['index'] ?? 0)] ??= { function: { name: '', arguments: '' } })
    const { name, arguments: more } = dataOf(piece['function'])
    call.id ??= piece['id']
    if (typeof name === 'string') call.function.name += name
    if (typeof more === 'string') call.function.arguments += more
  }
  return calls.filter((call) => call !== undefined)
}
