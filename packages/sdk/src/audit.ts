import type { AuditOptions } from './audit-options.ts'
import { Call } from './call.ts'
import type { Recorder } from './call.ts'
import { isListenable, listen } from './stream.ts'

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
    if (isPromise(result))
      result.then(
        (settled) => finish(call, settled),
        (error) => call.failed(error),
      )
    else finish(call, result as Awaited<Result>)
    return result
  }
}

function finish<Args extends unknown[], Result>(call: Call<Args, Result>, result: Awaited<Result>): void {
  const isHeard = isListenable(result) && listen(result, call.listener(result))
  if (!isHeard) call.succeeded(result)
}

/** Only real promises: calling `then` of anything else may start work that nobody asked for. */
export function isPromise<T>(value: T): value is T & Promise<Awaited<T>> {
  return value instanceof Promise || Object.prototype.toString.call(value) === '[object Promise]'
}
