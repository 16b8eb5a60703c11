/** Tokens, cost, parameters: what a dialect counts and sets. */
import { isObject, type JsonObject, type JsonValue, setMember } from '@deponent/format'
import { first, firstNumber, firstParsed, firstText } from './lookup.ts'

export interface Tokens {
  readonly input?: number
  readonly output?: number
  readonly cacheRead?: number
  readonly cacheWrite?: number
  readonly reasoning?: number
}

/** Attributes of each count, in their precedence; Langfuse's own comes before them, as one object. */
const TOKENS: Readonly<Record<keyof Tokens, readonly string[]>> = {
  input: [
    'gen_ai.usage.input_tokens',
    'gen_ai.usage.prompt_tokens',
    'llm.token_count.prompt',
    'llm.usage.prompt_tokens',
    'ai.usage.inputTokens',
    'ai.usage.promptTokens',
    'ai.usage.tokens',
  ],
  output: [
    'gen_ai.usage.output_tokens',
    'gen_ai.usage.completion_tokens',
    'llm.token_count.completion',
    'llm.usage.completion_tokens',
    'ai.usage.outputTokens',
    'ai.usage.completionTokens',
  ],
  cacheRead: [
    'gen_ai.usage.cache_read.input_tokens',
    'gen_ai.usage.cache_read_input_tokens',
    'llm.token_count.prompt_details.cache_read',
    'ai.usage.cachedInputTokens',
  ],
  cacheWrite: [
    'gen_ai.usage.cache_write.input_tokens',
    'gen_ai.usage.cache_creation.input_tokens',
    'gen_ai.usage.cache_creation_input_tokens',
    'llm.token_count.prompt_details.cache_write',
  ],
  reasoning: [
    'gen_ai.usage.reasoning.output_tokens',
    'gen_ai.usage.reasoning_tokens',
    'llm.token_count.completion_details.reasoning',
    'ai.usage.reasoningTokens',
  ],
}
/** The same counts by the names they have among Langfuse's usage details. */
const USAGE_DETAILS: Readonly<Record<keyof Tokens, readonly string[]>> = {
  input: ['input', 'prompt_tokens', 'input_tokens'],
  output: ['output', 'completion_tokens', 'output_tokens'],
  cacheRead: ['input_cached_tokens', 'cache_read_input_tokens', 'input_cache_read'],
  cacheWrite: ['cache_creation_input_tokens', 'input_cache_creation'],
  reasoning: ['output_reasoning_tokens', 'reasoning_tokens', 'output_reasoning'],
}

/** Undefined when nothing is counted. */
export function tokensOf(attributes: JsonObject): Tokens | undefined {
  const details = firstParsed(attributes, ['langfuse.observation.usage_details'])
  const tokens: JsonObject = {}
  for (const name of Object.keys(TOKENS) as (keyof Tokens)[]) {
    const detail = isObject(details) ? firstNumber(details, USAGE_DETAILS[name]) : undefined
    const count = detail ?? firstNumber(attributes, TOKENS[name])
    if (count !== undefined && count >= 0) tokens[name] = count
  }
  return Object.keys(tokens).length === 0 ? undefined : tokens
}

/** US dollars, as far as the source says what a call cost. */
export function costOf(attributes: JsonObject): number | undefined {
  const details = firstParsed(attributes, ['langfuse.observation.cost_details'])
  if (isObject(details)) {
    const total = firstNumber(details, ['total'])
    if (total !== undefined) return total
    const parts = Object.values(details).filter((part) => typeof part === 'number')
    if (parts.length > 0) return parts.reduce((sum, part) => sum + part, 0)
  }
  const total = firstNumber(attributes, ['llm.cost.total', 'gen_ai.usage.cost'])
  if (total !== undefined) return total
  const prompt = firstNumber(attributes, ['llm.cost.prompt'])
  const completion = firstNumber(attributes, ['llm.cost.completion'])
  return prompt === undefined && completion === undefined ? undefined : (prompt ?? 0) + (completion ?? 0)
}

const REQUEST = 'gen_ai.request.'

/** What a call was made with, as far as it is told: temperature, seed and the like. */
export function settingsOf(attributes: JsonObject): JsonObject | undefined {
  const whole = firstParsed(attributes, [
    'langfuse.observation.model.parameters',
    'llm.invocation_parameters',
    'model_config',
  ])
  const settings: JsonObject = isObject(whole) ? { ...whole } : {}
  for (const [name, value] of Object.entries(attributes))
    if (name.startsWith(REQUEST) && name !== `${REQUEST}model`)
      setMember(settings, name.slice(REQUEST.length), value)
  const fingerprint = first(attributes, [
    'openai.response.system_fingerprint',
    'gen_ai.openai.response.system_fingerprint',
  ])
  if (fingerprint !== undefined) settings.system_fingerprint = fingerprint
  return Object.keys(settings).length === 0 ? undefined : settings
}

/** Why a model stopped; several where it gave several answers. */
export function finishReasonOf(attributes: JsonObject): JsonValue | undefined {
  const reasons = firstParsed(attributes, ['gen_ai.response.finish_reasons'])
  if (Array.isArray(reasons)) {
    const texts = reasons.filter((reason) => typeof reason === 'string')
    if (texts.length > 0) return texts.length === 1 ? texts[0]! : texts
  } else if (typeof reasons === 'string') return reasons
  return firstText(attributes, [
    'llm.finish_reason',
    'gen_ai.finishReason',
    'ai.response.finishReason',
    'ai.finishReason',
  ])
}
