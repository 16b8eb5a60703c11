/** Any JSON value. Objects are plain; `__proto__` and `constructor` may be own members of them. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject
export type JsonObject = { [name: string]: JsonValue }

/** Whether a JSON value is an object (neither null nor an array). */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Sets an own member, also one named `__proto__`, which assignment would take for the prototype. */
export function setMember(object: JsonObject, name: string, value: JsonValue): void {
  if (name !== '__proto__') {
    object[name] = value
    return
  }
  Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true })
}

/** An own member, or undefined; never something inherited. */
export function memberOf(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

/** What a value is, in words fit for an error message: never the value itself. */
export function typeName(value: JsonValue | undefined): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return 'an object'
  return `a ${typeof value}`
}
