/*
 * What an application's own functions give back may be a promise that nobody awaits.
 */

/** Only real promises: calling `then` of anything else may start work that nobody asked for. */
export function isPromise<T>(value: T): value is T & Promise<Awaited<T>> {
  return value instanceof Promise || Object.prototype.toString.call(value) === '[object Promise]'
}

/** Hears a rejection of `value`, which would otherwise end the process as one that nobody handles. */
export function hearRejection(value: unknown, told: (error: unknown) => void): void {
  if (isPromise(value)) void value.then(undefined, told)
}
