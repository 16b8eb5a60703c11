/*
 * Listens to a stream while its reader reads it. The reader keeps the very object the function gave: its `next`, `return` and `throw`
 * are overlaid with ones that do the same and tell us. Nothing is read that the reader does not read.
 */

/** Told what passes. After `ended`, `failed` or `stopped` nothing more is told. */
export interface StreamListener {
  chunk(value: unknown): void
  ended(): unknown
  failed(error: unknown): unknown
  /** The reader went away before the end. */
  stopped(): unknown
}

interface Iterating {
  next(...args: unknown[]): unknown
  return?(...args: unknown[]): unknown
  throw?(...args: unknown[]): unknown
}

/** Whether a value is a stream that can be listened to. Those read by `getReader`, `pipe` or events are not. */
export function isListenable(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  if ('getReader' in value || 'pipe' in value) return false
  return Symbol.asyncIterator in value || isIterator(value)
}

/** Begins to listen; false when the object cannot be overlaid. */
export function listen(stream: object, listener: StreamListener): boolean {
  try {
    const unheard = quiet(listener)
    if (isIterator(stream)) overlayIterator(stream, unheard)
    else overlayIterable(stream as AsyncIterable<unknown>, unheard)
    return true
  } catch {
    return false
  }
}

/** The same listener, of whose troubles the reader learns nothing. */
function quiet(listener: StreamListener): StreamListener {
  const quietly =
    <Told extends unknown[]>(tell: (...told: Told) => unknown) =>
    (...told: Told): void => {
      try {
        tell(...told)
      } catch {
        // What cannot be read of a part is not kept of it.
      }
    }
  return {
    chunk: quietly((value) => listener.chunk(value)),
    ended: quietly(() => listener.ended()),
    failed: quietly((error) => listener.failed(error)),
    stopped: quietly(() => listener.stopped()),
  }
}

/** A generator, or what behaves as one; a plain object with a `next` of its own is no stream. */
function isIterator(value: object): value is Iterating {
  return (
    'next' in value &&
    typeof value.next === 'function' &&
    (Symbol.asyncIterator in value || Symbol.iterator in value)
  )
}

function overlayIterable(stream: AsyncIterable<unknown>, listener: StreamListener): void {
  const begin = stream[Symbol.asyncIterator]
  let isHeard = false
  overlay(stream, Symbol.asyncIterator, function iterate() {
    const iterator = begin.call(stream) as unknown as Iterating
    // Only the first reading is the one that was recorded; what others read is theirs.
    if (!isHeard) {
      isHeard = true
      overlayIterator(iterator, listener)
    }
    return iterator
  })
}

function overlayIterator(iterator: Iterating, listener: StreamListener): void {
  const { next, return: stop, throw: fail } = iterator
  overlay(iterator, 'next', (...args: unknown[]) => told(() => next.apply(iterator, args), listener))
  if (fail)
    overlay(iterator, 'throw', (...args: unknown[]) => told(() => fail.apply(iterator, args), listener))
  if (stop)
    overlay(iterator, 'return', (...args: unknown[]) => {
      listener.stopped()
      return stop.apply(iterator, args)
    })
}

/** Puts a member over one an object has by its class. */
export function overlay(target: object, name: string | symbol, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: false })
}

/** Does one step and tells what came of it. */
function told(step: () => unknown, listener: StreamListener): unknown {
  let result: unknown
  try {
    result = step()
  } catch (error) {
    listener.failed(error)
    throw error
  }
  if (result instanceof Promise) result.then((settled) => tell(settled, listener), listener.failed)
  else tell(result, listener)
  return result
}

function tell(step: unknown, listener: StreamListener): void {
  try {
    const { done, value } = (step ?? {}) as { done?: unknown; value?: unknown }
    if (done === true) listener.ended()
    else listener.chunk(value)
  } catch {
    // A step that cannot be read is its reader's to deal with.
  }
}
