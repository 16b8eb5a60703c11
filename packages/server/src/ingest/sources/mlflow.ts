/** MLflow: runs, versions of registered models and traces, as its REST API answers them, and the bodies of its webhooks. */
import { isObject, type JsonObject, type JsonValue } from '@deponent/format'
import type { MappedRecord } from '../map-row.ts'
import type { SourceRow } from '../source-row.ts'
import { RowRecord } from './row-record.ts'
import { badRow, eachRow, type Source } from './source.ts'

const NAME = 'mlflow'

type Shape = 'run' | 'version' | 'trace' | 'webhook'
const SHAPES: Readonly<Record<Shape, string>> = {
  run: 'info with a run_id beside data',
  version: 'name, version and run_id of a registered model',
  trace: 'trace_id beside trace_location or state',
  webhook: 'entity, action and data of a webhook',
}
const READERS: Readonly<Record<Shape, (row: SourceRow) => MappedRecord[]>> = {
  run: runRecords,
  version: (row) => [versionRecord(row, '')],
  trace: traceRecords,
  webhook: webhookRecords,
}

export const mlflow: Source = {
  name: NAME,
  title: 'MLflow run, model version, trace or webhook',
  recognise(row) {
    const shape = shapeOf(row)
    return shape && SHAPES[shape]
  },
  reader: () =>
    eachRow((row) => {
      const shape = shapeOf(row.values)
      if (shape === undefined) throw badRow('the row is nothing MLflow answers')
      return READERS[shape](row)
    }),
  silent: {
    affectedUserId: 'not kept',
    confidence: 'not kept',
    lawfulBasis: 'not kept',
    humanReviewerId: 'not kept',
  },
}

function shapeOf(row: JsonObject): Shape | undefined {
  if (isObject(row.info) && 'run_id' in row.info && isObject(row.data)) return 'run'
  if (typeof row.entity === 'string' && typeof row.action === 'string' && isObject(row.data)) return 'webhook'
  if ('trace_id' in row && ('trace_location' in row || 'state' in row)) return 'trace'
  return 'name' in row && 'version' in row && 'run_id' in row ? 'version' : undefined
}

/** A run that ended is a training that completed, or did not; with the data sets it read. */
function runRecords(row: SourceRow): MappedRecord[] {
  const record = new RowRecord(row)
  const id = record.text('info.run_id')
  if (id === undefined) throw badRow('the run has no run_id')
  const tags = pairsIn(record.look('data.tags'))
  const datasets = datasetsIn(record)
  const metrics = listIn(record.use('data.metrics'))
  const isOver = record.look('info.end_time') !== undefined
  record
    .say('modelId', tags['mlflow.runName'] ?? record.text('info.run_name') ?? `run ${id}`)
    .say('modelVersion', id)
    .say('hyperparameters', pairsIn(record.use('data.params')))
    .say('evaluationResults', metrics.map(metricOf))
    .say('codeCommit', tags['mlflow.source.git.commit'])
    .say('script', tags['mlflow.source.name'])
    .say(
      'trainingDataRef',
      datasets.map(({ name, digest }) => ({ datasetId: name!, version: digest! })),
    )
    .say('actor', tags['mlflow.user'] ?? record.text('info.user_id'))
    .move('at', 'info.end_time', 'info.start_time')
  const kind = isOver ? 'model.training_completed' : 'model.training_started'
  const origin = `run ${id} ${record.text('info.status') ?? ''}`
  return [...datasets.map((dataset) => datasetRecord(row, dataset)), record.record(kind, NAME, origin)]
}

function datasetRecord(row: SourceRow, dataset: JsonObject): MappedRecord {
  const record = new RowRecord({ ...row, values: dataset, coerced: [] })
  const { name, digest } = dataset
  record.move('datasetId', 'name').move('version', 'digest').moveJson('origin', 'source')
  return record.record('dataset.registered', NAME, `dataset ${textOf(name)} ${textOf(digest)}`)
}

/** That a version was registered is a change of the registry: it says nothing of whether it is in use. */
function versionRecord(row: SourceRow, action: string): MappedRecord {
  const record = new RowRecord(row)
  const [name, version] = [record.look('name'), record.look('version')]
  record
    .say('object', 'model version')
    .say('objectId', `${textOf(name)}/${textOf(version)}`)
    .say('after', { name: name!, version: version! })
    .say('reason', action === '' ? undefined : action)
    .move('actor', 'user_id')
    .move('at', 'creation_timestamp')
  return record.record(
    'change',
    NAME,
    `version ${textOf(name)} ${textOf(version)} ${textOf(record.look('current_stage'))}`,
  )
}

/** An alias that moves is a promotion, in the words of whoever moved it. */
function webhookRecords(row: SourceRow): MappedRecord[] {
  const record = new RowRecord(row)
  const what = `${record.text('entity')}.${record.text('action')}`
  record
    .say('object', what)
    .say(
      'objectId',
      [record.look('data.name'), record.look('data.version')]
        .map(textOf)
        .filter((part) => part !== '')
        .join('/'),
    )
    .move('after', 'data')
    .move('at', 'timestamp')
  return [
    record.record(
      'change',
      NAME,
      `${what} ${textOf(row.values.timestamp)} ${JSON.stringify(row.values.data)}`,
    ),
  ]
}

/** What was asked and answered is a preview, cut by MLflow, where the trace itself did not come along. */
function traceRecords(row: SourceRow): MappedRecord[] {
  const record = new RowRecord(row)
  const id = record.text('trace_id')
  if (id === undefined) throw badRow('the trace has no trace_id')
  record.use('trace_id')
  const isWhole = record.look('request') !== undefined
  const tags = record.look('tags')
  const told = record.look('trace_metadata')
  const name = isObject(tags) ? tags['mlflow.traceName'] : undefined
  const isFailed = record.look('state') === 'ERROR'
  const metadata = isObject(told) ? told : {}
  const { 'mlflow.trace.user': user, 'mlflow.trace.session': session, 'mlflow.modelId': model } = metadata
  record
    .say('decisionId', `${NAME}-${id}`)
    .say('traceId', id)
    .say('modelId', model ?? name)
    .say('userId', user)
    .say('sessionId', session)
    .say('status', isFailed ? 'error' : undefined)
    .move('timestamp', 'request_time')
    .moveJson('input', 'request', 'request_preview')
    .moveJson('prediction', 'response', 'response_preview')
    .say('latencyMs', millisIn(record.look('execution_duration')))
    .say('tags', isWhole ? undefined : ['preview'])
  const decision = record.record('decision', NAME)
  return [
    decision,
    ...listIn(row.values.assessments).map((assessment) => assessmentRecord(row, id, assessment)),
  ]
}

/** Feedback is a score; what was expected is an outcome. */
function assessmentRecord(row: SourceRow, trace: string, assessment: JsonObject): MappedRecord {
  const record = new RowRecord({ ...row, values: assessment, coerced: [] })
  const origin = `assessment ${record.text('assessment_id') ?? `${trace} ${textOf(assessment.assessment_name)}`}`
  record.say('decisionId', `${NAME}-${trace}`).move('at', 'create_time')
  if (record.look('expectation') !== undefined) {
    record
      .moveJson('outcome', 'expectation.value', 'expectation.serialized_value.value')
      .move('source', 'source.source_id')
    return record.record('outcome', NAME, origin)
  }
  const value = record.use('feedback.value')
  const isPlain = typeof value !== 'object'
  record
    .move('name', 'assessment_name')
    .say(isPlain ? 'value' : 'label', isPlain ? value : JSON.stringify(value))
    .move('comment', 'rationale')
    .move('scorerType', 'source.source_type')
    .move('scorerId', 'source.source_id')
  return record.record('score', NAME, origin)
}

function datasetsIn(record: RowRecord): JsonObject[] {
  const inputs = listIn(record.look('inputs.dataset_inputs'))
  return inputs.flatMap(({ dataset }) =>
    isObject(dataset) && dataset.name && dataset.digest ? [dataset] : [],
  )
}

function metricOf({ key, value }: JsonObject): JsonObject {
  return { metric: key ?? '', ...(value !== undefined && { value }) }
}

/** `[{key, value}]` as an object. */
function pairsIn(value: JsonValue | undefined): JsonObject {
  return Object.fromEntries(listIn(value).map(({ key, value: told }) => [textOf(key), told ?? null]))
}

function listIn(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

/** A duration of protobuf in JSON (`1.5s`), or milliseconds. */
function millisIn(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return value
  const [, seconds] = typeof value === 'string' ? (/^(\d+(?:\.\d+)?)s$/.exec(value) ?? []) : []
  return seconds === undefined ? undefined : Math.round(Number(seconds) * 1_000)
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? `${value}` : ''
}
