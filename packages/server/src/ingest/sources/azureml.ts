/**
 * The data collector of Azure Machine Learning endpoints: CloudEvents, inputs and outputs in files of their own that are joined by
 * `correlationid`. Both have to be in the same import.
 */
import { isObject, type JsonObject, type JsonValue } from '@deponent/format'
import type { MappedRecord } from '../map-row.ts'
import type { SourceRow } from '../source-row.ts'
import { inputField, type Instance, instancesOf, rowsOf } from './batches.ts'
import { RowRecord } from './row-record.ts'
import { badRow, type RowReader, type Source, type SourceLine } from './source.ts'

const NAME = 'azureml'
/** Inputs that wait for their outputs, or the other way round. */
const WAITING_MAX = 200_000
const INPUTS = new Set([
  'azureml.inference.request',
  'azureml.inference.model_inputs',
  'azureml.inference.inputs',
])
const OUTPUTS = new Set([
  'azureml.inference.response',
  'azureml.inference.model_outputs',
  'azureml.inference.outputs',
])
const SOURCE = /\/onlineEndpoints\/([^/]+)\/deployments\/([^/]+)/i

export const azureml: Source = {
  name: NAME,
  title: 'Azure ML data collector',
  recognise: ({ type }) =>
    typeof type === 'string' && type.startsWith('azureml.inference.')
      ? 'type is azureml.inference.…'
      : undefined,
  reader: () => new Joining(),
  silent: {
    latencyMs: 'not collected',
    explanation: 'not collected',
    affectedUserId: 'not collected, unless it is a feature',
    lawfulBasis: 'not collected',
    humanReviewerId: 'not collected',
  },
}

class Joining implements RowReader {
  readonly #inputs = new Map<string, SourceRow>()
  readonly #outputs = new Map<string, SourceRow>()

  take(row: SourceRow): MappedRecord[] {
    const { correlationid: correlation, type } = row.values
    const isInput = typeof type === 'string' && INPUTS.has(type)
    if (!isInput && !(typeof type === 'string' && OUTPUTS.has(type)))
      throw badRow('its type is neither of inputs nor of outputs')
    if (typeof correlation !== 'string') throw badRow('the line has no correlationid')
    const [own, others] = isInput ? [this.#inputs, this.#outputs] : [this.#outputs, this.#inputs]
    const other = others.get(correlation)
    if (other === undefined) {
      if (this.#inputs.size + this.#outputs.size >= WAITING_MAX)
        throw badRow('too many inputs and outputs wait for one another: import them hour by hour')
      own.set(correlation, row)
      return []
    }
    others.delete(correlation)
    return isInput ? decisionsOf(row, other) : decisionsOf(other, row)
  }

  end(): SourceLine[] {
    const alone = [...this.#outputs.values()].map((row) => ({
      line: row.line,
      records: decisionsOf(undefined, row),
    }))
    const unanswered = [...this.#inputs.values()].map(({ line }) => ({
      line,
      code: 'no_output',
      path: '',
      message: 'no output with this correlationid came with it: import inputs and outputs together',
    }))
    return [...alone, ...unanswered]
  }
}

function decisionsOf(input: SourceRow | undefined, output: SourceRow): MappedRecord[] {
  const [asked, answered] = [input, output].map((row) => row?.values.data)
  if (answered === undefined) throw badRow('the output has no data')
  const rows = instancesOf(rowsOf(asked), Array.isArray(answered) ? answered : undefined)
  const instances: Instance[] = rows ?? [{ input: asked, output: answered }]
  return instances.map((instance) => decisionOf(input, output, instance))
}

/** What the events of both sides say besides their data, each under its name. */
function decisionOf(input: SourceRow | undefined, output: SourceRow, instance: Instance): MappedRecord {
  const values: JsonObject = { ...(input && { input: envelope(input) }), output: envelope(output) }
  const record = new RowRecord({ line: output.line, values, coerced: [] })
  const source = record.text('output.source') ?? ''
  const [, endpoint, deployment] = SOURCE.exec(source) ?? []
  const place = instance.place === undefined ? '' : `-${instance.place}`
  record
    .say('decisionId', `${NAME}-${record.text('output.correlationid')}${place}`)
    .say('provider', 'azureml')
    .say('modelId', endpoint)
    .move('requestId', 'output.xrequestid')
    .move('modelVersion', 'output.modelversion')
    .move('timestamp', 'output.time')
  if (!record.has('modelVersion')) record.say('modelVersion', deployment)
  if (instance.input !== undefined) record.say(inputField(instance.input), instance.input)
  return record.say('prediction', plain(instance.output)).record('decision', NAME)
}

function envelope({ values }: SourceRow): JsonObject {
  const { data: _, ...rest } = values
  return rest
}

/** A table of one column is that column. */
function plain(output: JsonValue): JsonValue {
  if (Array.isArray(output) && output.length === 1) return plain(output[0]!)
  if (!isObject(output)) return output
  const cells = Object.values(output)
  return cells.length === 1 ? cells[0]! : output
}
