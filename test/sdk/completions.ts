import type { VendorReply } from './vendor-api.ts'

/*
 * Answers of OpenAI's completions API, as its clients read them.
 */
const USAGE = {
  prompt_tokens: 9,
  completion_tokens: 3,
  total_tokens: 12,
  prompt_tokens_details: { cached_tokens: 4 },
  completion_tokens_details: { reasoning_tokens: 1 },
}

const ANSWER = { object: 'chat.completion', created: 1_790_000_000, model: 'gpt-x-0101' }
let answers = 0
/** An id of its own for each answer, as the vendor gives it; agents tell answers apart by it. */
const answerId = () => `chatcmpl-${(answers += 1)}`

/** The call of a tool. */
export const toolCall = (id: string, name: string, args: object) => ({
  id,
  type: 'function',
  function: { name, arguments: JSON.stringify(args) },
})

export function completion(message: object, finish_reason = 'stop'): VendorReply {
  const choices = [{ index: 0, finish_reason, message: { role: 'assistant', content: null, ...message } }]
  return { json: { id: answerId(), ...ANSWER, choices, usage: USAGE } }
}

/** One part of a streamed answer. */
export const chunk = (delta: object, finish_reason: string | null = null) => ({
  data: {
    id: 'chatcmpl-0',
    ...ANSWER,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, finish_reason }],
  },
})

const LAST = {
  data: { ...ANSWER, object: 'chat.completion.chunk', choices: [], usage: USAGE },
}

export function streamed(...chunks: { data: unknown }[]): VendorReply {
  const id = answerId()
  const parts = [...chunks, LAST].map(({ data }) => ({ data: { ...(data as object), id } }))
  return { events: [...parts, { data: '[DONE]' }] }
}
