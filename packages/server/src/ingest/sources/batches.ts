/** Calls that bring several rows to a model at once: each row and what was answered to it is a decision of its own. */
import { isObject, type JsonObject, type JsonValue } from '@deponent/format'

/** One row of a call. `place` counts from 0; undefined where the call brought one. */
export interface Instance {
  readonly place?: number
  readonly input: JsonValue | undefined
  readonly output: JsonValue
}

/** Pairs inputs with outputs where there are as many of both; undefined where that cannot be told. */
export function instancesOf(
  inputs: readonly JsonValue[] | undefined,
  outputs: readonly JsonValue[] | undefined,
): Instance[] | undefined {
  if (outputs === undefined || outputs.length === 0) return undefined
  if (outputs.length === 1 && inputs?.length === 1) return [{ input: inputs[0], output: outputs[0]! }]
  if (inputs?.length !== outputs.length) return undefined
  return outputs.map((output, place) => ({ place, input: inputs[place], output }))
}

/** The rows of what is sent to a model server: records, a split table, instances or a list. */
export function rowsOf(body: JsonValue | undefined): JsonValue[] | undefined {
  if (Array.isArray(body)) return body
  if (!isObject(body)) return undefined
  const { dataframe_records: records, dataframe_split: split, instances, inputs } = body
  for (const rows of [records, instances, inputs]) if (Array.isArray(rows)) return rows
  return isObject(split) ? splitRows(split) : undefined
}

function splitRows({ columns, data }: JsonObject): JsonValue[] | undefined {
  if (!Array.isArray(data) || !data.every(Array.isArray)) return undefined
  if (!Array.isArray(columns) || !columns.every(isText)) return data
  const names: readonly string[] = columns
  return data.map((cells) => Object.fromEntries(names.map((name, i) => [name, cells[i] ?? null])))
}

/** What a model server answers to rows: predictions, or a list. */
export function predictionsOf(body: JsonValue | undefined): JsonValue[] | undefined {
  if (Array.isArray(body)) return body
  const predictions = isObject(body) ? (body.predictions ?? body.outputs) : undefined
  return Array.isArray(predictions) ? predictions : undefined
}

/** In which field an input stands: features by name or place, or anything else. */
export function inputField(input: JsonValue): 'inputFeatures' | 'input' {
  return typeof input === 'object' && input !== null ? 'inputFeatures' : 'input'
}

function isText(value: JsonValue): value is string {
  return typeof value === 'string'
}
