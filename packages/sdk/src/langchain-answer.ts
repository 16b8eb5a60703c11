/*
 * Requests and answers of language models as LangChain tells its callbacks of them, read as plain data.
 */
import type { Decision } from './decision.ts'
import { statusOfResult } from './status.ts'
import { dataOf, given, listOf, textIn } from './vendor.ts'
import type { Data } from './vendor.ts'

const ROLES = new Map<unknown, string>([
  ['human', 'user'],
  ['ai', 'assistant'],
])

/** A message of LangChain as a record holds it: with the role that vendors call it by, and tool calls under their names. */
export function messageOf(message: Data): Data {
  const { type, role, content, name, tool_calls, tool_call_id, status } = message
  return {
    role: ROLES.get(type) ?? role ?? type,
    content,
    ...given({ name, tool_calls, tool_call_id, status: status === 'error' ? status : undefined }),
  }
}

/** Fields from what a model is invoked with; `messages` apart. Keys are not among them. */
export function settingsOf(invocation: Data): Partial<Decision> {
  const { temperature, top_p, top_k, seed, stop, stop_sequences, tools } = invocation
  const { max_tokens, max_completion_tokens, max_output_tokens, maxOutputTokens } = invocation
  const { frequency_penalty, presence_penalty, n, reasoning, thinking } = invocation
  const { response_format, text, tool_choice } = invocation
  return given({
    inference: given({
      settings: given({
        temperature,
        top_p,
        top_k,
        seed,
        stop,
        stop_sequences,
        max_tokens,
        max_completion_tokens,
        max_output_tokens,
        maxOutputTokens,
        frequency_penalty,
        presence_penalty,
        n,
        reasoning,
        thinking,
        response_format,
        text,
        tool_choice,
      }),
    }),
    contextData: given({ tools }),
  })
}

/** Fields from the result of a model: the first generation is the answer, what there is beside it its alternatives. */
export function answerOf(result: Data): Partial<Decision> {
  const generations: unknown = Array.isArray(result['generations']) ? result['generations'][0] : undefined
  const [generation = {}, ...others] = listOf(generations)
  const message = dataOf(generation['message'])
  const { refusal } = dataOf(message['additional_kwargs'])
  const about = { ...dataOf(generation['generationInfo']), ...dataOf(message['response_metadata']) }
  const finishReason = about['finish_reason'] ?? about['stop_reason'] ?? about['finishReason']
  const toolCalls = toolCallsOf(result)
  return given({
    prediction: predictionOf(generation, refusal, toolCalls),
    alternativePredictions: others.map(textOf),
    status: statusOfResult({ finishReason, refusal }),
    servedModel: about['model_name'] ?? about['model'],
    finishReason,
    toolCalls,
    tokenUsage: usageOf(dataOf(message['usage_metadata']), dataOf(dataOf(result['llmOutput'])['tokenUsage'])),
    responseId: responseIdOf(message['id']),
  })
}

/** The tools a model asked for, also where its arguments are no JSON. */
export function toolCallsOf(result: Data): Data[] {
  const generations: unknown = Array.isArray(result['generations']) ? result['generations'][0] : undefined
  const message = dataOf(listOf(generations)[0]?.['message'])
  return [...listOf(message['tool_calls']), ...listOf(message['invalid_tool_calls'])]
}

/** A document as a record names it, with what it says. */
export function documentOf({ id, pageContent, metadata }: Data): Data {
  const { source } = dataOf(metadata)
  return given({ id: id ?? (typeof source === 'string' ? source : undefined), content: pageContent, source })
}

function predictionOf(generation: Data, refusal: unknown, toolCalls: readonly Data[]): unknown {
  const text = textOf(generation)
  if (text !== '') return text
  if (typeof refusal === 'string') return refusal
  return toolCalls.length > 0 ? toolCalls : text
}

function textOf(generation: Data): string {
  const { content } = dataOf(generation['message'])
  const blocks = listOf(content).map((block) => block['type'] === 'text' && block['text'])
  return textIn([generation['text']]) || textIn([content]) || textIn(blocks)
}

function usageOf(usage: Data, ofModel: Data): Partial<Decision> {
  const input = dataOf(usage['input_token_details'])
  return given({
    input: usage['input_tokens'] ?? ofModel['promptTokens'],
    output: usage['output_tokens'] ?? ofModel['completionTokens'],
    cacheRead: input['cache_read'],
    cacheWrite: input['cache_creation'],
    reasoning: dataOf(usage['output_token_details'])['reasoning'],
  })
}

/** The vendor's name for the answer; LangChain gives answers without one a name of its own. */
function responseIdOf(id: unknown): unknown {
  return typeof id === 'string' && id.startsWith('run-') ? undefined : id
}
