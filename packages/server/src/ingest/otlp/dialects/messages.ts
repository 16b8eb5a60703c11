/** What went into a model and what came out, in whichever way a dialect tells it. The first that says something counts. */
import { isObject, type JsonObject, type JsonValue } from '@deponent/format'
import type { SpanEvent } from '../telemetry.ts'
import { first, firstParsed, memberOf, parsed, unflattened, unwrapped } from './lookup.ts'

export interface Content {
  /** A conversation, oldest first. */
  readonly messages?: JsonValue[]
  /** Whatever else went in. */
  readonly input?: JsonValue
  readonly output?: JsonValue
}

type Source = (attributes: JsonObject, events: readonly SpanEvent[]) => JsonValue | undefined

const attribute =
  (...names: string[]): Source =>
  (attributes) =>
    firstParsed(attributes, names)

const INPUT: readonly Source[] = [
  attribute('langfuse.observation.input', 'langfuse.trace.input'),
  genAiInput,
  (_, events) => listOrNothing(events.flatMap(messageInEvent)),
  openInference('llm.input_messages'),
  indexed('gen_ai.prompt'),
  attribute('gen_ai.prompt', 'ai.prompt.messages', 'ai.prompt'),
  attribute('input.value', 'traceloop.entity.input', 'mlflow.spanInputs', 'gcp.vertex.agent.llm_request'),
  attribute('genkit:input', 'lk.chat_ctx', 'lk.input_text', 'lk.user_transcript', 'lk.user_input'),
  attribute('pydantic_ai.all_messages', 'all_messages_events', 'input'),
]

const OUTPUT: readonly Source[] = [
  attribute('langfuse.observation.output', 'langfuse.trace.output'),
  attribute('gen_ai.output.messages'),
  (_, events) => listOrNothing(events.flatMap(choiceInEvent)),
  openInference('llm.output_messages'),
  indexed('gen_ai.completion'),
  attribute('gen_ai.completion'),
  vercelOutput('ai.response'),
  vercelOutput('ai.result'),
  attribute('output.value', 'traceloop.entity.output', 'mlflow.spanOutputs', 'gcp.vertex.agent.llm_response'),
  attribute('genkit:output', 'lk.response.text', 'final_result', 'output'),
]

/** @param events of the span, and log records that belong to it */
export function contentOf(attributes: JsonObject, events: readonly SpanEvent[]): Content {
  const input = firstOf(INPUT, attributes, events)
  const output = firstOf(OUTPUT, attributes, events)
  const messages = conversationIn(input)
  return {
    ...(messages && { messages }),
    ...(input !== undefined && !messages && { input }),
    ...(output !== undefined && { output }),
  }
}

function firstOf(
  sources: readonly Source[],
  attributes: JsonObject,
  events: readonly SpanEvent[],
): JsonValue | undefined {
  for (const source of sources) {
    const value = source(attributes, events)
    if (value !== undefined && value !== null && value !== '') return value
  }
  return undefined
}

/** Messages, be they the input itself or its member `messages`; undefined where it is no conversation. */
function conversationIn(input: JsonValue | undefined): JsonValue[] | undefined {
  const list = isObject(input) && Object.keys(input).length === 1 ? input.messages : input
  const isOne = Array.isArray(list) && list.length > 0 && list.every(isMessage)
  return isOne ? list : undefined
}

function isMessage(value: JsonValue): boolean {
  return isObject(value) && (typeof value.role === 'string' || Array.isArray(value.parts))
}

/** The system's instructions are told apart from the conversation they begin. */
function genAiInput(attributes: JsonObject): JsonValue | undefined {
  const messages = firstParsed(attributes, ['gen_ai.input.messages'])
  const instructions = firstParsed(attributes, ['gen_ai.system_instructions'])
  if (instructions === undefined) return messages
  const system: JsonObject = Array.isArray(instructions)
    ? { role: 'system', parts: instructions }
    : { role: 'system', content: instructions }
  return Array.isArray(messages) ? [system, ...messages] : messages === undefined ? [system] : messages
}

function openInference(prefix: string): Source {
  return (attributes) => unwrapped(unflattened(attributes, prefix), 'message')?.map(openInferenceMessage)
}

function openInferenceMessage(message: JsonValue): JsonValue {
  if (!isObject(message)) return message
  const contents = unwrapped(message.contents, 'message_content')
  const calls = unwrapped(message.tool_calls, 'tool_call')
  return { ...message, ...(contents && { contents }), ...(calls && { tool_calls: calls }) }
}

/** `gen_ai.prompt.0.role` and so on: what OpenLLMetry wrote before the conventions had messages. */
function indexed(prefix: string): Source {
  return (attributes) => {
    const list = unflattened(attributes, prefix)
    return Array.isArray(list) ? list : undefined
  }
}

function vercelOutput(prefix: string): Source {
  return (attributes) => {
    const text = first(attributes, [`${prefix}.text`])
    const object = firstParsed(attributes, [`${prefix}.object`])
    const toolCalls = firstParsed(attributes, [`${prefix}.toolCalls`])
    if (toolCalls === undefined) return object ?? text
    return { ...(text !== undefined && { text }), ...(object !== undefined && { object }), toolCalls }
  }
}

/** Events of the conventions up to 1.36, one for each message. */
const ROLES: Readonly<Record<string, string>> = {
  'gen_ai.system.message': 'system',
  'gen_ai.user.message': 'user',
  'gen_ai.assistant.message': 'assistant',
  'gen_ai.tool.message': 'tool',
}
const TOLD_APART = new Set(['gen_ai.system', 'gen_ai.provider.name', 'event.name', 'body'])

function messageInEvent({ name, attributes }: SpanEvent): JsonValue[] {
  if (name === 'gen_ai.content.prompt') return asList(firstParsed(attributes, ['gen_ai.prompt']))
  const role = Object.hasOwn(ROLES, name) ? ROLES[name] : undefined
  return role === undefined ? [] : [{ role, ...saidIn(attributes) }]
}

function choiceInEvent({ name, attributes }: SpanEvent): JsonValue[] {
  if (name === 'gen_ai.content.completion') return asList(firstParsed(attributes, ['gen_ai.completion']))
  return name === 'gen_ai.choice' ? [saidIn(attributes)] : []
}

/** What an event says, in its body where it has one. */
function saidIn(attributes: JsonObject): JsonObject {
  const body = parsed(memberOf(attributes, 'body') ?? null)
  const rest = Object.entries(attributes).filter(([name]) => !TOLD_APART.has(name))
  return { ...Object.fromEntries(rest), ...(isObject(body) ? body : body === null ? {} : { content: body }) }
}

function asList(value: JsonValue | undefined): JsonValue[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

function listOrNothing(list: JsonValue[]): JsonValue[] | undefined {
  return list.length === 0 ? undefined : list
}
