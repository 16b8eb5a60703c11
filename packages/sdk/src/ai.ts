/**
 * Records what language models answer through the AI SDK (`ai`): `@deponent/sdk/ai`.
 */
import { answerOf, askedOf, StreamedAnswer } from './ai-answer.ts'
import { beginCall } from './begun.ts'
import type { End } from './begun.ts'
import { Stopped } from './call.ts'
import type { Deponent } from './client.ts'
import type { DecisionContext } from './decision.ts'
import { failureOf } from './status.ts'
import { dataOf } from './vendor.ts'

/** A call of a model, as the AI SDK hands it to a middleware. */
export interface ModelCall {
  readonly params: object
  readonly model: { readonly provider: string; readonly modelId: string }
}

/** A middleware for `wrapLanguageModel` and `wrapProvider` of the AI SDK. */
export interface RecordingMiddleware {
  readonly specificationVersion: 'v4'
  readonly wrapGenerate: <Answer>(
    call: ModelCall & { doGenerate: () => PromiseLike<Answer> },
  ) => Promise<Answer>
  readonly wrapStream: <Answer extends { stream: ReadableStream<unknown> }>(
    call: ModelCall & { doStream: () => PromiseLike<Answer> },
  ) => Promise<Answer>
}

/**
 * Records every call of a model, whichever function of the AI SDK makes it: each step, and each attempt, is one decision with messages,
 * settings, answer, tool calls, finish reason and usage. Answers, parts of streams and errors go on as they came. `context` is said of
 * every call.
 */
export function recordingMiddleware(audit: Deponent, context: DecisionContext = {}): RecordingMiddleware {
  return {
    specificationVersion: 'v4',
    wrapGenerate: async ({ doGenerate, ...call }) => {
      const end = begin(audit, call, context)
      try {
        const answer = await doGenerate()
        end(() => answerOf(dataOf(answer)))
        return answer
      } catch (error) {
        end(() => failureOf(error))
        throw error
      }
    },
    wrapStream: async ({ doStream, ...call }) => {
      const heard = new StreamedAnswer()
      const end = begin(audit, call, context)
      try {
        const answer = await doStream()
        const stopped = (): unknown => abortOf(call.params) ?? new Stopped()
        return { ...answer, stream: listened(answer.stream, heard, end, stopped) }
      } catch (error) {
        end(() => failureOf(error))
        throw error
      }
    },
  }
}

function begin(audit: Deponent, { params, model }: ModelCall, context: DecisionContext): End {
  const known = {
    modelType: 'llm',
    provider: model.provider,
    operation: 'chat',
    modelId: model.modelId,
  } as const
  return beginCall(audit, { ...known, ...context }, () => askedOf(dataOf(params)))
}

/** Why whoever called aborted the call, if they did. */
function abortOf(params: object): unknown {
  const { abortSignal } = params as { abortSignal?: AbortSignal }
  return abortSignal?.aborted ? abortSignal.reason : undefined
}

/** The same stream, listened to: a part is read when its reader asks for one. */
function listened(
  stream: ReadableStream<unknown>,
  heard: StreamedAnswer,
  end: End,
  stopped: () => unknown,
): ReadableStream<unknown> {
  const reader = stream.getReader()
  return new ReadableStream<unknown>(
    {
      async pull(controller) {
        const step = await reader.read().catch((error: unknown) => {
          end(() => ({ ...heard.fields(), ...failureOf(error) }))
          throw error
        })
        if (step.done) {
          end(() => heard.fields())
          controller.close()
        } else {
          heard.hear(step.value)
          controller.enqueue(step.value)
        }
      },
      cancel(reason) {
        end(() => ({ ...heard.fields(), ...failureOf(stopped()) }))
        return reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}
