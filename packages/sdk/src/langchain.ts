/**
 * Records what LangChain does (`@langchain/core`): `@deponent/sdk/langchain`.
 */
import { beginCall } from './begun.ts'
import type { Deponent } from './client.ts'
import type { Decision, DecisionContext } from './decision.ts'
import { answerOf, documentOf, messageOf, settingsOf, toolCallsOf } from './langchain-answer.ts'
import { nameOf, Runs } from './langchain-runs.ts'
import type { Run } from './langchain-runs.ts'
import { failureOf } from './status.ts'
import { StreamedText } from './streamed-text.ts'
import { uuidv7 } from './uuid.ts'
import { dataOf, given, listOf } from './vendor.ts'
import type { Data } from './vendor.ts'

/**
 * A handler of LangChain's callbacks that records: every run of a model is a decision, every run of a tool an action with the decision
 * that asked for it, both in the trace of the run at the top. Decisions name what was retrieved in their trace before them. `context` is
 * said of all of them.
 *
 * ```ts
 * await chain.invoke(question, { callbacks: [recordingHandler(audit)] })
 * ```
 */
export function recordingHandler(audit: Deponent, context: DecisionContext = {}): RecordingHandler {
  return new RecordingHandler(audit, context)
}

/** What LangChain calls; its methods are for LangChain alone. */
export class RecordingHandler {
  readonly name = 'deponent'
  /** Otherwise LangChain calls later, from a queue, where what was set around a run is not known any more. */
  readonly awaitHandlers = true
  readonly raiseError = false
  readonly #audit: Deponent
  readonly #context: DecisionContext
  readonly #runs = new Runs()

  constructor(audit: Deponent, context: DecisionContext) {
    this.#audit = audit
    this.#context = context
  }

  handleChatModelStart(
    model: unknown,
    messages: readonly unknown[][],
    runId: string,
    parentRunId?: string,
    extra?: object,
    tags?: readonly string[],
    metadata?: object,
    runName?: string,
  ): void {
    const run = this.#runs.begin(runId, parentRunId, nameOf(model, runName))
    const asked = { tags, metadata, extra }
    this.#beginModel(run, 'chat', asked, () => ({ messages: (messages[0] ?? []).map(dataOf).map(messageOf) }))
  }

  handleLLMStart(
    model: unknown,
    prompts: readonly string[],
    runId: string,
    parentRunId?: string,
    extra?: object,
    tags?: readonly string[],
    metadata?: object,
    runName?: string,
  ): void {
    const run = this.#runs.begin(runId, parentRunId, nameOf(model, runName))
    this.#beginModel(run, 'text_completion', { tags, metadata, extra }, () => ({}), prompts[0])
  }

  handleLLMNewToken(
    token: string,
    _index: unknown,
    runId: string,
    _parentRunId?: string,
    _tags?: readonly string[],
    fields?: object,
  ): void {
    const text = this.#runs.get(runId)?.call?.text
    text?.add(token)
    const { message } = dataOf(dataOf(fields)['chunk'])
    if (listOf(dataOf(message)['tool_call_chunks']).length > 0) text?.began()
  }

  /** Where another handler wants events of a stream, LangChain tells of these instead of tokens. */
  handleChatModelStreamEvent(event: object, runId: string): void {
    const { event: what, delta } = dataOf(event)
    if (what !== 'content-block-delta') return
    const text = this.#runs.get(runId)?.call?.text
    text?.began()
    text?.add(dataOf(delta)['text'])
  }

  handleLLMEnd(
    result: object,
    runId: string,
    _parentRunId?: string,
    _tags?: readonly string[],
    extra?: object,
  ): void {
    const run = this.#runs.end(runId)
    if (!run?.call) return
    const { decisionId, end, text } = run.call
    for (const { id } of toolCallsOf(dataOf(result))) run.trace.askedBy.set(id, decisionId)
    const { cached } = dataOf(extra)
    end(() => ({ ...answerOf(dataOf(result)), ...text.facts(), ...given({ cached }) }))
  }

  handleLLMError(error: unknown, runId: string): void {
    const { call } = this.#runs.end(runId) ?? {}
    call?.end(() => ({ ...failureOf(error), prediction: call.text.text || undefined, ...call.text.facts() }))
  }

  // The types of LangChain name the parameters of a chain in another order than it gives them in.
  handleChainStart(
    chain: unknown,
    _inputs: unknown,
    runId: string,
    parentRunId?: string,
    _tags?: readonly string[],
    _metadata?: object,
    _runType?: unknown,
    runName?: unknown,
  ): void {
    this.#runs.begin(runId, parentRunId, nameOf(chain, runName))
  }

  handleChainEnd(_outputs: unknown, runId: string): void {
    this.#runs.end(runId)
  }

  handleChainError(_error: unknown, runId: string): void {
    this.#runs.end(runId)
  }

  handleToolStart(
    tool: unknown,
    input: string,
    runId: string,
    parentRunId?: string,
    tags?: readonly string[],
    metadata?: object,
    runName?: string,
    toolCallId?: string,
  ): void {
    const run = this.#runs.begin(runId, parentRunId, nameOf(tool, runName))
    run.tool = {
      ...this.#placeOf(run, tags, dataOf(metadata)),
      ...given({ decisionId: run.trace.askedBy.get(toolCallId), toolCallId }),
      toolName: run.name,
      input: parsed(input),
      executedAt: new Date(),
    }
  }

  handleToolEnd(output: unknown, runId: string): void {
    const { content, status } = dataOf(output)
    this.#endTool(runId, { status: status === 'error' ? 'error' : 'ok', result: content ?? output })
  }

  handleToolError(error: unknown, runId: string): void {
    this.#endTool(runId, failureOf(error))
  }

  handleRetrieverStart(
    retriever: unknown,
    _query: string,
    runId: string,
    parentRunId?: string,
    _tags?: readonly string[],
    _metadata?: object,
    runName?: string,
  ): void {
    this.#runs.begin(runId, parentRunId, nameOf(retriever, runName))
  }

  handleRetrieverEnd(documents: readonly unknown[], runId: string): void {
    this.#runs.end(runId)?.trace.found(documents.map(dataOf).map(documentOf))
  }

  handleRetrieverError(_error: unknown, runId: string): void {
    this.#runs.end(runId)
  }

  #beginModel(
    run: Run,
    operation: string,
    { tags, metadata, extra }: { tags?: readonly string[]; metadata?: object; extra?: object },
    asked: () => Partial<Decision>,
    input?: string,
  ): void {
    const about = dataOf(metadata)
    const invocation = dataOf(dataOf(extra)['invocation_params'])
    const decisionId = uuidv7()
    const model = about['ls_model_name'] ?? invocation['model']
    const known: Decision = {
      modelType: 'llm',
      operation,
      modelId: typeof model === 'string' ? model : 'unknown',
      ...given({ provider: about['ls_provider'] }),
      ...this.#placeOf(run, tags, about),
      decisionId,
    }
    const read = (): Partial<Decision> => ({
      ...asked(),
      ...settingsOf(invocation),
      ...given({ retrievedDocuments: run.trace.documents }),
    })
    run.call = { decisionId, end: beginCall(this.#audit, known, read, input), text: new StreamedText() }
  }

  #endTool(runId: string, outcome: Data): void {
    const { tool } = this.#runs.end(runId) ?? {}
    if (tool) this.#audit.action({ ...tool, ...outcome })
  }

  /** Where in which trace a run is, and what is said of it. What the application has set goes before what LangChain calls it. */
  #placeOf(run: Run, tags: readonly string[] | undefined, about: Data): Partial<Decision> {
    const set: DecisionContext = { ...this.#audit.currentContext, ...this.#context }
    const session = about['thread_id'] ?? about['session_id'] ?? about['conversation_id']
    return {
      ...given({ agentName: about['lc_agent_name'], sessionId: set.sessionId ?? session }),
      ...this.#context,
      traceId: set.traceId ?? run.trace.id,
      spanId: run.id,
      ...given({
        parentSpanId: run.parentId ?? set['spanId'],
        langchain: given({
          name: run.name,
          path: run.path,
          tags: ownTags(tags),
          metadata: ownMetadata(about),
        }),
      }),
    }
  }
}

/** Tags and metadata of the application, without those LangChain and LangGraph add. */
function ownTags(tags: readonly string[] = []): string[] {
  return tags.filter((tag) => !/^(seq|map|graph|langsmith):/.test(tag))
}

function ownMetadata(about: Data): Data {
  const own = Object.entries(about).filter(
    ([name]) => name !== 'versions' && !/^(ls|lc|langgraph|checkpoint)_/.test(name),
  )
  return Object.fromEntries(own)
}

/** The arguments of a tool come as JSON, or as the text a tool takes. */
function parsed(input: string): unknown {
  try {
    return JSON.parse(input) as unknown
  } catch {
    return input
  }
}
