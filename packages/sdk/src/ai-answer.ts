/*
 * Requests and answers of language models as the AI SDK has them (its language model specification, v4), read as plain data.
 */
import type { Decision } from './decision.ts'
import { failureOf } from './status.ts'
import { StreamedText } from './streamed-text.ts'
import { dataOf, given, listOf, taken, textIn } from './vendor.ts'
import type { Data } from './vendor.ts'

/** Fields from the parameters of a call. Headers are not among them: they hold keys. */
export function askedOf(params: Data): Partial<Decision> {
  const { prompt, tools, providerOptions } = params
  return given({
    messages: prompt,
    inference: given({ settings: settingsOf(params) }),
    contextData: given({ tools, providerOptions }),
  })
}

function settingsOf(params: Data): Partial<Decision> {
  const { maxOutputTokens, temperature, topP, topK, presencePenalty, frequencyPenalty, seed } = params
  const { stopSequences, reasoning, responseFormat, toolChoice } = params
  return given({
    maxOutputTokens,
    temperature,
    topP,
    topK,
    presencePenalty,
    frequencyPenalty,
    seed,
    stopSequences,
    reasoning,
    responseFormat,
    toolChoice,
  })
}

/** Fields from an answer: what `doGenerate` gave, or what a stream was put together to. */
export function answerOf(answer: Data): Partial<Decision> {
  const content = listOf(answer['content'])
  const { unified } = dataOf(answer['finishReason'])
  const { id, modelId } = dataOf(answer['response'])
  const toolCalls = content.filter(({ type }) => TOOL_PARTS.has(String(type))).map(withoutMetadata)
  return {
    ...given({
      prediction: predictionOf(answer['structuredOutputText'], content, toolCalls),
      status: STATUS_OF_REASON.get(unified),
      servedModel: modelId,
      finishReason: unified,
      toolCalls,
      retrievedDocuments: content.filter(({ type }) => type === 'source').map(withoutMetadata),
      tokenUsage: usageOf(dataOf(answer['usage'])),
      responseId: id,
      warnings: answer['warnings'],
    }),
  }
}

const TOOL_PARTS = new Set(['tool-call', 'tool-result', 'tool-approval-request'])
const FILE_PARTS = new Set(['file', 'reasoning-file'])
const STATUS_OF_REASON = new Map<unknown, Decision['status']>([
  ['content-filter', 'refused'],
  ['error', 'error'],
  ['interrupted', 'error'],
])

/** The text; where there is none, the tools that are to be called, or of what type the files are that were made. */
function predictionOf(structured: unknown, content: readonly Data[], toolCalls: readonly Data[]): unknown {
  const text =
    typeof structured === 'string'
      ? structured
      : textIn(content.map((part) => part['type'] === 'text' && part['text']))
  if (text !== '') return text
  if (toolCalls.length > 0) return toolCalls
  const files = content.filter(({ type }) => FILE_PARTS.has(String(type)))
  return files.length > 0 ? files.map(({ type, mediaType }) => ({ type, mediaType })) : text
}

function withoutMetadata({ providerMetadata: _, ...part }: Data): Data {
  return part
}

function usageOf(usage: Data): Partial<Decision> {
  const input = dataOf(usage['inputTokens'])
  const output = dataOf(usage['outputTokens'])
  return given({
    input: input['total'],
    output: output['total'],
    cacheRead: input['cacheRead'],
    cacheWrite: input['cacheWrite'],
    reasoning: output['reasoning'],
  })
}

/** What was heard of a streamed answer. */
export class StreamedAnswer {
  readonly #text = new StreamedText()
  readonly #content: Data[] = []
  #told: Data = {}
  #error: unknown

  /** Takes one part; one that cannot be read is left out. */
  hear(part: unknown): void {
    try {
      this.#hear(dataOf(part))
    } catch {
      // Its reader has it all the same.
    }
  }

  /** As a record says it. */
  fields(): Partial<Decision> {
    const content = [{ type: 'text', text: this.#text.text }, ...this.#content]
    const answer = answerOf({ ...this.#told, content })
    const isCut = answer.prediction === '' && answer['finishReason'] === undefined
    return {
      ...answer,
      ...(isCut && { prediction: undefined }),
      ...this.#text.facts(),
      ...(this.#error !== undefined && failureOf(this.#error)),
    }
  }

  #hear(part: Data): void {
    switch (part['type']) {
      case 'text-delta':
        return this.#text.add(part['delta'])
      case 'reasoning-delta':
      case 'tool-input-delta':
        return this.#text.began()
      case 'stream-start':
      case 'finish':
        this.#told = { ...this.#told, ...taken(part) }
        return undefined
      case 'response-metadata':
        this.#told = { ...this.#told, response: { ...dataOf(this.#told['response']), ...taken(part) } }
        return undefined
      case 'error':
        this.#error = part['error']
        return undefined
      default:
        return this.#whole(part)
    }
  }

  /** A part that comes in one piece. */
  #whole(part: Data): void {
    const { type, mediaType } = part
    if (type === 'source' || TOOL_PARTS.has(String(type))) this.#content.push(taken(part))
    else if (FILE_PARTS.has(String(type))) this.#content.push({ type, mediaType })
    else return
    this.#text.began()
  }
}
