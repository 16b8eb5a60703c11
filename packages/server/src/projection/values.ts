// How values of records become values of columns, and back. Integers stand for fractions wherever a sum is asked, because
// a sum of doubles depends on the order of its terms and the same index built twice must give the same answers.

import { canonicalJson, type JsonValue, numericValue } from '@deponent/format'

/** Longer string values of features are sealed only. */
export const FEATURE_BYTES_MAX = 64
/** Longer predictions and outcomes (text of a language model, large structures) are sealed only. */
export const RESULT_BYTES_MAX = 256

/** One microsecond in milliseconds, one nano-dollar in dollars, one unit of confidence and completeness. */
export const MICROS_PER_MS = 1_000
export const NANOS_PER_USD = 1_000_000_000
export const UNITS_PER_ONE = 10_000

/** Text of a field; '' when it is missing or no text. */
export function textOf(value: JsonValue | undefined): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

/** A number times `scale` as an integer; null when it is missing or does not fit. */
export function scaledOf(value: JsonValue | undefined, scale: number): number | null {
  const scaled = Math.round((numericValue(value) ?? Number.NaN) * scale)
  return Number.isSafeInteger(scaled) ? scaled : null
}

/** RFC 8785 text of a prediction or outcome, or undefined when it is too long for the index. */
export function resultText(value: JsonValue): string | undefined {
  const text = canonicalJson(value)
  return Buffer.byteLength(text) <= RESULT_BYTES_MAX ? text : undefined
}

/** RFC 8785 text of a feature's value, or undefined when values like it are never indexed. */
export function featureText(value: JsonValue): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return canonicalJson(value)
  if (typeof value !== 'string') return undefined
  const short = value.length * 3 <= FEATURE_BYTES_MAX || Buffer.byteLength(value) <= FEATURE_BYTES_MAX
  return short ? canonicalJson(value) : undefined
}

/**
 * Texts a filter value may be stored as: a stored string is compared with the string itself, any other value with its
 * RFC 8785 text. Stored strings keep their quotes, so the two never meet.
 */
export function textsMeaning(filter: string): string[] {
  const asString = canonicalJson(filter)
  return filter.startsWith('"') || filter === '' ? [asString] : [asString, filter]
}

/** The value behind stored text; null for none. */
export function valueOfText(text: string): JsonValue {
  return text === '' ? null : (JSON.parse(text) as JsonValue)
}
