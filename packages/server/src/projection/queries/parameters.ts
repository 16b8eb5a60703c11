import { isoTime, parseTime } from '@deponent/format'
import { cameType, QueryError } from './error.ts'

/** Parameters of a question, as a query string gives them. */
export type QueryInput = Iterable<readonly [name: string, value: string]>

/** One value per name. @throws QueryError when a name comes twice. */
export function readParameters(input: QueryInput): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>()
  for (const [name, value] of input) {
    if (parameters.has(name)) throw new QueryError('repeated_parameter', name, 'one value', 'several')
    parameters.set(name, value)
  }
  return parameters
}

/** Substitutions of a statement: numbered, so that no name of a caller ever stands in its text. */
export class Substitutions {
  readonly params: Record<string, unknown> = {}
  #count = 0

  /** The placeholder that stands for a value. */
  add(type: string, value: unknown): string {
    const name = `p${this.#count}`
    this.#count += 1
    this.params[name] = value
    return `{${name}:${type}}`
  }
}

type Text = string | undefined

/** @throws QueryError unless the text is a finite number in the range. */
export function readNumber(field: string, text: string, min = -Infinity, max = Infinity): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (Number.isFinite(value) && value >= min && value <= max) return value
  const range = max === Infinity ? (min === -Infinity ? '' : ` from ${min}`) : ` from ${min} to ${max}`
  throw new QueryError('bad_parameter', field, `a number${range}`, cameType(text))
}

/** @throws QueryError unless the text is a whole number in the range. */
export function readInteger(field: string, text: string, min: number, max: number): number {
  const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new QueryError('bad_parameter', field, `a whole number from ${min} to ${max}`, cameType(text))
}

export function readFlag(field: string, text: string): boolean {
  if (text === 'true' || text === '1') return true
  if (text === 'false' || text === '0') return false
  throw new QueryError('bad_parameter', field, 'true or false', cameType(text))
}

/** Unix milliseconds. @throws QueryError unless the text is RFC 3339 or an epoch. */
export function readTime(field: string, text: string): number {
  const time = parseTime(text)
  if (time) return time.ms
  throw new QueryError('bad_parameter', field, `a time such as ${isoTime(0)}`, cameType(text))
}

export function readChoice<T extends string>(
  field: string,
  text: Text,
  choices: readonly T[],
  otherwise: T,
): T {
  if (text === undefined) return otherwise
  const found = choices.find((choice) => choice === text)
  if (found !== undefined) return found
  throw new QueryError('bad_parameter', field, `one of ${choices.join(', ')}`, cameType(text))
}

/** A comma-separated list without repetitions. */
export function readList(field: string, text: Text, max: number): string[] {
  if (text === undefined || text === '') return []
  const items = text.split(',').map((item) => item.trimStart())
  if (items.length > max) throw new QueryError('bad_parameter', field, `at most ${max} items`, 'more')
  if (items.includes('') || new Set(items).size < items.length) {
    throw new QueryError(
      'bad_parameter',
      field,
      'different names separated by commas',
      'an empty or repeated one',
    )
  }
  return items
}
