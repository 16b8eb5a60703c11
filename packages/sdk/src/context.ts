/*
 * What belongs to everything decided on behalf of one request: who asked, in which session, under which trace. It is set once, at the
 * door, and follows every await below it, where the host can do that (AsyncLocalStorage).
 */
import type { DecisionContext } from './decision.ts'
import { hostModule } from './host.ts'
import type { Storage } from './host.ts'
import type { OnError } from './issue.ts'

export class Contexts {
  readonly #onError: OnError
  readonly #storage: Storage<DecisionContext> | undefined
  #isMissed = false

  constructor(onError: OnError) {
    this.#onError = onError
    const hooks = hostModule('node:async_hooks')
    this.#storage = hooks && new hooks.AsyncLocalStorage<DecisionContext>()
  }

  /** What was set around the code that runs now. */
  get current(): DecisionContext | undefined {
    return this.#storage?.getStore()
  }

  /** Runs `fn` with more context; what is set already stays unless it is set anew. */
  run<Result>(context: DecisionContext, fn: () => Result): Result {
    if (this.#storage) return this.#storage.run({ ...this.current, ...context }, fn)
    this.#miss()
    return fn()
  }

  /** Told once: a context that some records carry and others do not would be worse than none. */
  #miss(): void {
    if (this.#isMissed) return
    this.#isMissed = true
    this.#onError({
      code: 'unavailable',
      message: 'this host has no AsyncLocalStorage; records carry no context',
    })
  }
}

const TRACE_PARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}/

/** What the headers of a request say: `traceparent` (W3C Trace Context) and `x-request-id`. Nothing about who is at the other end. */
export function contextOfHeaders(get: (name: string) => string | null | undefined): DecisionContext {
  const [, traceId, spanId] = TRACE_PARENT.exec(get('traceparent') ?? '') ?? []
  const requestId = get('x-request-id')?.slice(0, 1_024)
  return {
    ...(traceId !== undefined && spanId !== undefined && { traceId, spanId }),
    ...(requestId !== undefined && requestId !== '' && { requestId }),
  }
}
