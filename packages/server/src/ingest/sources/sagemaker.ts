/** Data Capture of SageMaker endpoints: a line for each call, with what went in and what came out as it was sent. */
import type { JsonValue } from '@deponent/format'
import type { MappedRecord } from '../map-row.ts'
import type { SourceRow } from '../source-row.ts'
import { inputField, instancesOf, predictionsOf, rowsOf } from './batches.ts'
import { parsed, RowRecord } from './row-record.ts'
import { badRow, eachRow, type Source } from './source.ts'

const NAME = 'sagemaker'
const INPUT = 'captureData.endpointInput.data'
const OUTPUT = 'captureData.endpointOutput.data'

export const sagemaker: Source = {
  name: NAME,
  title: 'SageMaker Data Capture',
  recognise: (row) =>
    'captureData' in row && 'eventMetadata' in row ? 'captureData beside eventMetadata' : undefined,
  reader: () => eachRow(recordsOf),
  silent: {
    modelId: 'the endpoint is in the path of the file only: --set modelId=ENDPOINT',
    modelVersion: 'the variant is in the path of the file only: --set modelVersion=VARIANT',
    latencyMs: 'not captured',
    explanation: 'not captured',
    affectedUserId: 'not captured, unless it is a feature',
    lawfulBasis: 'not captured',
    humanReviewerId: 'not captured',
  },
}

function recordsOf(row: SourceRow): MappedRecord[] {
  const whole = new RowRecord(row)
  const id = whole.text('eventMetadata.eventId')
  if (id === undefined) throw badRow('eventMetadata has no eventId')
  const [input, output] = [bodyOf(whole, 'endpointInput'), bodyOf(whole, 'endpointOutput')]
  const rows = input?.isTable ? input.rows : rowsOf(input?.value)
  const predictions = output?.isTable ? output.rows : predictionsOf(output?.value)
  const instances = instancesOf(rows, predictions) ?? [{ input: input?.value, output: output?.value }]
  return instances.map((instance) => {
    const place = 'place' in instance && instance.place !== undefined ? `-${instance.place}` : ''
    const record = new RowRecord(row)
    record.say('decisionId', `${NAME}-${id}${place}`)
    record.use('eventMetadata.eventId')
    record.move('timestamp', 'eventMetadata.inferenceTime').move('requestId', 'eventMetadata.inferenceId')
    if (instance.input !== undefined) {
      record.use(INPUT)
      record.say(inputField(instance.input), instance.input)
    }
    if (instance.output !== undefined) {
      record.use(OUTPUT)
      record.say('prediction', single(instance.output))
    }
    return record.record('decision', NAME)
  })
}

/** A row of one cell is that cell. */
function single(output: JsonValue): JsonValue {
  return Array.isArray(output) && output.length === 1 ? output[0]! : output
}

interface Body {
  readonly value: JsonValue
  readonly isTable: boolean
  readonly rows: JsonValue[]
}

function bodyOf(record: RowRecord, side: string): Body | undefined {
  const sent = record.text(`captureData.${side}.data`)
  if (sent === undefined) return undefined
  const encoding = record.text(`captureData.${side}.encoding`)
  const type = record.text(`captureData.${side}.observedContentType`) ?? ''
  const text = encoding === 'BASE64' ? Buffer.from(sent, 'base64').toString() : sent
  if (encoding === 'BASE64' && !/json|csv|text/.test(type)) return { value: sent, isTable: false, rows: [] }
  if (encoding === 'CSV' || type.startsWith('text/csv')) {
    const rows = text
      .split(/\r?\n/)
      .filter((line) => line.trim() !== '')
      .map(cellsOf)
    return { value: rows.length === 1 ? rows[0]! : rows, isTable: true, rows }
  }
  return { value: parsed({ value: text, coerced: [] }).value, isTable: false, rows: [] }
}

/** Cells without quotes, as models take them: numbers where they are written as such. */
function cellsOf(line: string): JsonValue[] {
  return line.split(',').map((cell) => numberIn(cell.trim()))
}

function numberIn(cell: string): JsonValue {
  const value = Number(cell)
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(cell) && Number.isFinite(value) ? value : cell
}
