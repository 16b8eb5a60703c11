import type { AuditOptions } from './audit-options.ts'
import { Call } from './call.ts'
import type { Recorder } from './call.ts'
import { isListenable, listen, overlay } from './stream.ts'

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
    try {
      if (isPromise(result)) hear(result, (settled) => finish(call, settled), call.failed)
      else finish(call, result as Awaited<Result>)
    } catch {
      // A value that resists being looked at goes to the caller all the same.
      call.abandon()
    }
    return result
  }
}

function finish<Args extends unknown[], Result>(call: Call<Args, Result>, result: Awaited<Result>): void {
  try {
    const isHeard = isListenable(result) && listen(result, call.listener(result))
    if (!isHeard) call.succeeded(result)
  } catch {
    call.abandon()
  }
}

/**
 * The promise itself is handed on. Listening to it changes nothing for whoever awaits it; only a rejection that nobody else awaits is no
 * longer reported as unhandled. Promises of the clients of model vendors read the body of their response when they are awaited and not
 * before, because their user may want to read it: so do we.
 */
function hear<T>(promise: Promise<T>, settled: (value: T) => void, failed: (error: unknown) => void): void {
  const { parse, asResponse } = promise as Partial<LazyPromise<T>>
  if (typeof parse !== 'function' || typeof asResponse !== 'function')
    return void promise.then(settled, failed)
  let isHeard = false
  const once = (hearing: () => Promise<void>): void => {
    if (!isHeard) void hearing()
    isHeard = true
  }
  overlay(promise, 'parse', () => {
    const parsed = parse.call(promise)
    once(() => parsed.then(settled, failed))
    return parsed
  })
  overlay(promise, 'asResponse', () => {
    const response = asResponse.call(promise)
    once(() => response.then(() => settled('[response]' as T), failed))
    return response
  })
}

interface LazyPromise<T> {
  parse(): Promise<T>
  asResponse(): Promise<unknown>
}

/** Only real promises: calling `then` of anything else may start work that nobody asked for. */
export function isPromise<T>(value: T): value is T & Promise<Awaited<T>> {
  return value instanceof Promise || Object.prototype.toString.call(value) === '[object Promise]'
}
