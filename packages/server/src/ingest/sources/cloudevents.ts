/** CloudEvents 1.0 around events of any other source, or around records; what has no reader of its own is kept as what it reports. */
import { isObject, type JsonObject, type JsonValue, setMember } from '@deponent/format'
import { isRecord } from '../guess.ts'
import type { MappedRecord } from '../map-row.ts'
import type { SourceRow } from '../source-row.ts'
import { recordIn } from '../record-row.ts'
import { parsed, RowRecord } from './row-record.ts'
import { badRow, type Made, type RowReader, type Source, type SourceLine } from './source.ts'

const NAME = 'cloudevents'

/** `inner`: the sources whose events may stand in one. */
export function cloudEvents(inner: readonly Source[]): Source {
  return {
    name: NAME,
    title: 'CloudEvents',
    recognise: (row) =>
      'specversion' in row && 'id' in row && 'type' in row && 'source' in row
        ? 'specversion, id, source and type'
        : undefined,
    reader: () => new Unwrapping(inner),
    silent: {},
  }
}

class Unwrapping implements RowReader {
  readonly #inner: readonly Source[]
  readonly #readers = new Map<Source, RowReader>()

  constructor(inner: readonly Source[]) {
    this.#inner = inner
  }

  take(row: SourceRow): Made[] {
    const { id, source } = row.values
    if (typeof id !== 'string' || typeof source !== 'string') throw badRow('the event has no id or no source')
    const { data, coerced } = dataOf(row)
    const origin = `${source} ${id}`
    if (!isObject(data)) return [reported(row, origin)]
    const found = this.#inner.find((candidate) => candidate.recognise(data) !== undefined)
    const inside = { line: row.line, values: data, coerced }
    if (found)
      return this.#readerOf(found)
        .take(inside)
        .map((made) => (made.event === undefined ? wrapped(made, row, origin) : made))
    if (!isRecord(data)) return [reported(row, origin)]
    return [wrapped(assertedRecord(inside), row, origin)]
  }

  end(): SourceLine[] {
    return [...this.#readers.values()].flatMap((reader) => reader.end())
  }

  #readerOf(source: Source): RowReader {
    const reader = this.#readers.get(source) ?? source.reader()
    this.#readers.set(source, reader)
    return reader
  }
}

function assertedRecord(row: SourceRow): MappedRecord {
  return recordIn({ ...row, values: { basis: 'asserted', ...row.values } })
}

/** The data as JSON: as it stands, as text, or in base64. */
function dataOf({ values, coerced }: SourceRow): { data: JsonValue | undefined; coerced: string[] } {
  const { data, data_base64: encoded } = values
  if (isObject(data)) {
    const inside = coerced.filter((pointer) => pointer.startsWith('/data/'))
    return { data, coerced: inside.map((pointer) => pointer.slice('/data'.length)) }
  }
  const text = typeof encoded === 'string' ? Buffer.from(encoded, 'base64').toString() : data
  if (text === undefined) return { data: undefined, coerced: [] }
  const read = parsed({ value: text, coerced: [] })
  return { data: read.value, coerced: read.coerced }
}

/** What was made of the data, with the envelope beside what the data left, and known by the envelope where it has no name of its own. */
function wrapped(record: MappedRecord, row: SourceRow, origin: string): MappedRecord {
  const { data: _, data_base64: __, ...envelope } = row.values
  const value = { ...(record.reading.value as JsonObject) }
  const metadata: JsonObject = isObject(value.metadata) ? { ...value.metadata } : {}
  setMember(metadata, NAME, envelope)
  value.metadata = metadata
  if (record.kind === 'decision') value.decisionId ??= origin
  if (value.at === undefined && value.timestamp === undefined && envelope.time !== undefined)
    value[record.kind === 'decision' ? 'timestamp' : 'at'] = envelope.time
  return { ...record, reading: { ...record.reading, value }, origin: record.origin ?? origin }
}

function reported(row: SourceRow, origin: string): MappedRecord {
  const record = new RowRecord(row)
  record.move('event', 'type').move('at', 'time').moveJson('details', 'data')
  return record.record('system.log', NAME, origin)
}
