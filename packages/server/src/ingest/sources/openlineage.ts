/** Events of OpenLineage: each data set a completed run wrote is an edge of the lineage, other events are kept as what they report. */
import { isObject, type JsonObject, type JsonValue } from '@deponent/format'
import type { MappedRecord } from '../map-row.ts'
import type { SourceRow } from '../source-row.ts'
import { RowRecord } from './row-record.ts'
import { badRow, eachRow, type Source } from './source.ts'

const NAME = 'openlineage'

export const openlineage: Source = {
  name: NAME,
  title: 'OpenLineage event',
  recognise: ({ schemaURL }) =>
    typeof schemaURL === 'string' && schemaURL.includes('openlineage.io/spec/')
      ? 'schemaURL is of openlineage.io'
      : undefined,
  reader: () => eachRow(recordsOf),
  silent: {},
}

function recordsOf(row: SourceRow): MappedRecord[] {
  const { dataset, eventTime, outputs } = row.values
  if (typeof eventTime !== 'string') throw badRow('the event has no eventTime')
  if (isObject(dataset)) return [registered(row, dataset)]
  const written = Array.isArray(outputs) ? outputs.filter(isObject) : []
  const isCompleted = row.values.eventType === undefined || row.values.eventType === 'COMPLETE'
  return isCompleted && written.length > 0
    ? written.map((output) => transformed(row, output))
    : [reported(row)]
}

/** `runId/eventType/eventTime`, and of what. */
function originOf({ values }: SourceRow, part: string): string {
  const runId = isObject(values.run) ? values.run.runId : ''
  const job = isObject(values.job) ? `${textOf(values.job.namespace)}/${textOf(values.job.name)}` : ''
  return [textOf(runId) || job, textOf(values.eventType), textOf(values.eventTime), part].join('/')
}

/** The facets of the data set are its own; what the event says of the run is left to `metadata`. */
function registered(row: SourceRow, dataset: JsonObject): MappedRecord {
  const record = new RowRecord(row)
  record
    .say('datasetId', nameOf(dataset))
    .say('version', versionOf(dataset))
    .move('name', 'dataset.name')
    .move('at', 'eventTime')
  return record.record('dataset.registered', NAME, originOf(row, nameOf(dataset)))
}

function transformed(row: SourceRow, output: JsonObject): MappedRecord {
  // One event may write several data sets: each record tells of its own.
  const record = new RowRecord({ ...row, values: { ...row.values, outputs: [output] } })
  const { inputs } = row.values
  const read = Array.isArray(inputs) ? inputs.filter(isObject) : []
  const job = record.look('job.name')
  record
    .say('datasetId', nameOf(output))
    .say('version', versionOf(output))
    .say(
      'inputs',
      read.map((input) => withVersion(input)),
    )
    .say('transformation', job === undefined ? undefined : { job, runId: record.look('run.runId') ?? null })
    .move('codeCommit', 'job.facets.sourceCodeLocation.version')
    .move('script', 'job.facets.sourceCodeLocation.url')
    .move('startedAt', 'run.facets.nominalTime.nominalStartTime')
    .say('completedAt', record.look('eventTime'))
    .move('at', 'eventTime')
  return record.record('dataset.transformed', NAME, originOf(row, nameOf(output)))
}

function reported(row: SourceRow): MappedRecord {
  const record = new RowRecord(row)
  const type = record.look('eventType') ?? 'event'
  record
    .say('event', `${NAME}.${textOf(type)}`)
    .move('message', 'run.facets.errorMessage.message')
    .move('at', 'eventTime')
  return record.record('system.log', NAME, originOf(row, ''))
}

function nameOf({ namespace, name }: JsonObject): string {
  if (typeof namespace !== 'string' || typeof name !== 'string')
    throw badRow('a data set has no namespace or no name')
  return `${namespace}/${name}`
}

function withVersion(dataset: JsonObject): JsonValue {
  const version = versionOf(dataset)
  return { datasetId: nameOf(dataset), ...(version !== undefined && { version }) }
}

function versionOf({ facets }: JsonObject): JsonValue | undefined {
  const version = isObject(facets) ? facets.version : undefined
  return isObject(version) ? version.datasetVersion : undefined
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}
