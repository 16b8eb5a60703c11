import type { Decision, DecisionContext } from './decision.ts'
import type { OnError } from './issue.ts'
import { serialise } from './serialise.ts'

/** What is recorded with every call, and how a call becomes a decision. */
export interface AuditOptions<Args extends unknown[], Result> extends DecisionContext {
  modelId: string
  /**
   * What to record as `input`; `false` for nothing. Default: the argument, or the array of arguments when there are
   * several. Taken before the call, since a function may change what it is given.
   */
  input?: false | ((...args: Args) => unknown)
  /** What to record as `prediction`; `false` for nothing but "[not captured]". Default: the result. */
  output?: false | ((result: Awaited<Result>) => unknown)
  /** Further fields, known only after the call: a confidence, an explanation, the person affected. */
  describe?: (result: Awaited<Result>, ...args: Args) => Partial<Decision>
}

/** Where recorded calls go. */
export interface Recorder {
  record(decision: Decision, inputText: string | undefined): void
  onError: OnError
}

export function auditFunction<This, Args extends unknown[], Result>(
  fn: (this: This, ...args: Args) => Result,
  options: AuditOptions<Args, Result>,
  recorder: Recorder,
): (this: This, ...args: Args) => Result {
  return function audited(this: This, ...args: Args): Result {
    const call = new Call(options, recorder, args)
    let result: Result
    try {
      result = fn.apply(this, args)
    } catch (error) {
      call.failed(error)
      throw error
    }
    // The promise itself is handed on. Listening to it changes nothing for whoever awaits it; only a rejection that
    // nobody else awaits is no longer reported as unhandled.
    if (isPromise(result)) result.then(call.succeeded, call.failed)
    else call.succeeded(result as Awaited<Result>)
    return result
  }
}

/** Only real promises: calling `then` of anything else may start work that nobody asked for. */
function isPromise<T>(value: T): value is T & Promise<Awaited<T>> {
  return value instanceof Promise || Object.prototype.toString.call(value) === '[object Promise]'
}

class Call<Args extends unknown[], Result> {
  readonly #options: AuditOptions<Args, Result>
  readonly #recorder: Recorder
  readonly #args: Args
  readonly #inputText: string | undefined
  readonly #startedMs: number

  constructor(options: AuditOptions<Args, Result>, recorder: Recorder, args: Args) {
    this.#options = options
    this.#recorder = recorder
    this.#args = args
    this.#inputText = this.#captured('input', () => inputText(options, args))
    this.#startedMs = performance.now()
  }

  readonly succeeded = (result: Awaited<Result>): void => {
    const latencyMs = this.#latencyMs()
    const { output, describe } = this.#options
    const prediction = this.#captured('output', () => shown(output, result))
    const described = this.#captured('describe', () => describe?.(result, ...this.#args))
    this.#record({ status: 'ok', prediction: prediction ?? '[not captured]', latencyMs, ...described })
  }

  readonly failed = (error: unknown): void => {
    this.#record({ status: 'error', error: described(error), latencyMs: this.#latencyMs() })
  }

  #record(outcome: Partial<Decision>): void {
    const { input: _input, output: _output, describe: _describe, ...context } = this.#options
    this.#recorder.record({ ...context, ...outcome }, this.#inputText)
  }

  #latencyMs(): number {
    return Math.round((performance.now() - this.#startedMs) * 1000) / 1000
  }

  #captured<T>(what: string, capture: () => T): T | undefined {
    try {
      return capture()
    } catch (error) {
      this.#recorder.onError({ code: 'capture_failed', message: `${what} threw ${described(error).type}` })
      return undefined
    }
  }
}

function inputText<Args extends unknown[], Result>(
  { input }: AuditOptions<Args, Result>,
  args: Args,
): string | undefined {
  if (input === false) return undefined
  if (input !== undefined) return serialise(input(...args))
  return args.length === 0 ? undefined : serialise(args.length === 1 ? args[0] : args)
}

/** A function may well answer with nothing; the record says so in words, because null means absent there. */
function shown<Result>(output: false | ((result: Result) => unknown) | undefined, result: Result): unknown {
  if (output === false) return undefined
  const value = output === undefined ? result : output(result)
  if (value === null || value === undefined) return `[${String(value)}]`
  return isStream(value) ? '[stream]' : value
}

function isStream(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (Symbol.asyncIterator in value || 'then' in value)
}

function described(error: unknown): { type: string; message: string } {
  if (error instanceof Error) return { type: error.name || 'Error', message: error.message }
  return { type: typeof error, message: typeof error === 'string' ? error : '' }
}
