import { canonicalJson, type JsonReading, type JsonValue } from '@deponent/format'

/**
 * A record read from a file as it is sent: with its kind when it is no decision, and with the list of the numbers that were kept as
 * text, so that the server knows them for numbers. What is no object, or names another kind, is sent as it is and refused there.
 */
export function sentText(kind: string, { value, coerced }: JsonReading): string {
  if (!isObject(value)) return canonicalJson(value)
  const sent = { ...value }
  if (kind !== 'decision') sent.kind ??= kind
  if (coerced.length > 0) sent.coerced ??= coerced
  return canonicalJson(sent)
}

export function isObject(value: JsonValue): value is { [field: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
