/**
 * How a replayed program is spoken to (docs/reproduce.md): it is given one request a line, and gives one answer a line, in any order.
 */
import {
  canonicalJson,
  FormatError,
  isObject,
  type JsonObject,
  readJson,
  type JsonValue,
} from '@deponent/format'

/** `id` says nothing about the decision, nor whether this is one. */
export interface ReplayRequest {
  readonly id: string
  readonly model: JsonObject
  readonly parameters: JsonObject
  readonly inputs: JsonObject
}

export type ReplayAnswer =
  | { readonly id: string; readonly output: JsonObject }
  /** The program's own words on why it gives none. */
  | { readonly id: string; readonly error: string }

const ERROR_CHARACTERS_MAX = 200

export function requestLine({ id, model, parameters, inputs }: ReplayRequest): string {
  return canonicalJson({ id, model, parameters, inputs })
}

/** What a line of a program says; undefined when it is no answer. */
export function answerIn(line: string): ReplayAnswer | undefined {
  const value = jsonOf(line)
  if (!isObject(value)) return undefined
  const { id, output, error } = value
  if (typeof id !== 'string') return undefined
  if (isObject(output)) return { id, output }
  if (typeof error === 'string') return { id, error: error.slice(0, ERROR_CHARACTERS_MAX) }
  // A request that comes back as it was.
  return isObject(value['inputs']) ? { id, output: value['inputs'] } : undefined
}

function jsonOf(line: string): JsonValue | undefined {
  try {
    return readJson(line).value
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
