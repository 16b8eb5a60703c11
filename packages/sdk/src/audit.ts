import type { AuditOptions } from './audit-options.ts'
import { Call } from './call.ts'
import type { Recorder } from './call.ts'
import { isPromise } from './promise.ts'
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
 * before, because their user may want to read it: so do we. What they make of such a promise by `_thenUnwrap` reads the body by itself,
 * and is listened to where it does.
 */
function hear<T>(promise: Promise<T>, settled: (value: T) => void, failed: (error: unknown) => void): void {
  const { parse, asResponse, _thenUnwrap: unwrap } = promise as Partial<LazyPromise<T>>
  if (typeof parse !== 'function' || typeof asResponse !== 'function')
    return void promise.then(settled, failed)
  let isHeard = false
  const once = (hearing: () => unknown): void => {
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
  if (typeof unwrap !== 'function') return
  overlay(promise, '_thenUnwrap', (transform: Transform<T>) => {
    const made = unwrap.call(promise, (value, ...more) => {
      once(() => settled(value))
      return transform(value, ...more)
    })
    hear(
      made,
      (value) => once(() => settled(value as T)),
      (error) => once(() => failed(error)),
    )
    return made
  })
}

interface LazyPromise<T> {
  parse(): Promise<T>
  asResponse(): Promise<unknown>
  _thenUnwrap(transform: Transform<T>): Promise<unknown>
}

type Transform<T> = (value: T, ...more: unknown[]) => unknown
