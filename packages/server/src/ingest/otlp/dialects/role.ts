/** What part a span plays, by the attribute of the first dialect that says so. */
import type { JsonObject } from '@deponent/format'
import { firstText, memberOf, unquoted } from './lookup.ts'

/**
 * - `agent` acts on its own: its answer is a decision
 * - `model` one call of a model: a decision, unless something above it is one
 * - `chain` holds others together: a decision when there is a model or an agent below it
 * - the others take part in a decision and are none; `none` is not about AI at all
 */
export type Role =
  | 'agent'
  | 'model'
  | 'chain'
  | 'tool'
  | 'retrieval'
  | 'embedding'
  | 'rerank'
  | 'guardrail'
  | 'evaluator'
  | 'step'
  | 'none'

export interface Operation {
  readonly role: Role
  /** In the words of the source. */
  readonly name?: string
}

type Words = Readonly<Record<string, Role>>

const GEN_AI: Words = {
  chat: 'model',
  text_completion: 'model',
  generate_content: 'model',
  fetch_response: 'model',
  embeddings: 'embedding',
  retrieval: 'retrieval',
  execute_tool: 'tool',
  invoke_agent: 'agent',
  invoke_workflow: 'chain',
}
const OPENINFERENCE: Words = {
  llm: 'model',
  agent: 'agent',
  chain: 'chain',
  tool: 'tool',
  retriever: 'retrieval',
  embedding: 'embedding',
  reranker: 'rerank',
  guardrail: 'guardrail',
  evaluator: 'evaluator',
}
const LANGFUSE: Words = { ...OPENINFERENCE, generation: 'model', span: 'none', event: 'none' }
const TRACELOOP: Words = { workflow: 'chain', task: 'chain', agent: 'agent', tool: 'tool' }
const REQUEST_TYPE: Words = {
  chat: 'model',
  completion: 'model',
  embedding: 'embedding',
  rerank: 'rerank',
}
const MLFLOW: Words = { ...OPENINFERENCE, chat_model: 'model', unknown: 'none' }
const GENKIT: Words = {
  model: 'model',
  flow: 'chain',
  agent: 'agent',
  tool: 'tool',
  retriever: 'retrieval',
  embedder: 'embedding',
  reranker: 'rerank',
  evaluator: 'evaluator',
}

/** The attributes that name a kind, in their precedence; a word that a dialect does not know is a step of it. */
const KINDS: readonly (readonly [string, (word: string) => Role])[] = [
  ['gen_ai.operation.name', known(GEN_AI)],
  ['openinference.span.kind', known(OPENINFERENCE)],
  ['langfuse.observation.type', known(LANGFUSE)],
  ['traceloop.span.kind', known(TRACELOOP)],
  ['llm.request.type', known(REQUEST_TYPE)],
  ['ai.operationId', vercel],
  ['mlflow.spanType', known(MLFLOW)],
  ['genkit:metadata:subtype', known(GENKIT)],
]

/** Attributes that only a call of a model has, whatever else is not said of it. */
const OF_A_CALL = [
  'gen_ai.request.model',
  'gen_ai.response.model',
  'llm.model_name',
  'llm.request.model_name',
  'llm.response.model',
  'gcp.vertex.agent.llm_request',
  'lk.chat_ctx',
]
const OF_AN_AGENT = ['pydantic_ai.all_messages', 'all_messages_events']
const OF_A_TOOL = ['lk.function_tool.name', 'gcp.vertex.agent.tool_call_args']

export function operationOf(attributes: JsonObject): Operation {
  for (const [attribute, roleOf] of KINDS) {
    const word = unquoted(firstText(attributes, [attribute]))
    if (word !== undefined) return { role: roleOf(word.toLowerCase()), name: word }
  }
  const has = (name: string): boolean => memberOf(attributes, name) !== undefined
  if (OF_AN_AGENT.some(has)) return { role: 'agent' }
  if (OF_A_TOOL.some(has)) return { role: 'tool' }
  return { role: OF_A_CALL.some(has) ? 'model' : 'none' }
}

function known(words: Words): (word: string) => Role {
  return (word) => (Object.hasOwn(words, word) ? words[word]! : 'step')
}

/** `ai.generateText` and, for each call it makes, `ai.generateText.doGenerate`. */
function vercel(word: string): Role {
  if (/^ai\.(generate|stream)(text|object)/.test(word)) return 'model'
  if (word.startsWith('ai.embed')) return 'embedding'
  return word === 'ai.toolcall' ? 'tool' : 'step'
}
