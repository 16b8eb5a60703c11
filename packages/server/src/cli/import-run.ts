/** One import: lines become records, records are sent in batches or only judged, and what became of them is counted. */
import { canonicalJson, FormatError, type JsonObject, type JsonValue } from '@deponent/format'
import type { ReadingError } from '../ingest/decode.ts'
import { type Fidelity, FidelityCount } from '../ingest/fidelity.ts'
import { type Given, withGiven } from '../ingest/given.ts'
import { identified } from '../ingest/identity.ts'
import type { MappedRecord } from '../ingest/map-row.ts'
import { TraceFidelity } from '../ingest/langfuse/trace-fidelity.ts'
import { lineOf, type Reading, readerOf } from '../ingest/reading.ts'
import { SourceError } from '../ingest/source-row.ts'
import type { RowReader, SourceLine } from '../ingest/sources/source.ts'
import { endProgress, progress } from '../platform/terminal.ts'
import type { Envelope } from '../recording/envelope.ts'
import { accept } from '../recording/submission.ts'
import { type Connection, jsonOf } from './connection.ts'
import type { ImportFile } from './import-file.ts'
import { sentText } from './sent-record.ts'

const BATCH_RECORDS = 500
/** Characters of records in one request: with one record more it is still well below the largest body. */
const BATCH_CHARS = 4 * 1_048_576
/** Errors that are kept; further ones are only counted. */
const ERRORS_MAX = 10_000

/** Why a line, or a record of it, was not kept. `file` where there are several. */
export type ImportError = { file?: string; line: number } & ReadingError

export interface Totals {
  lines: number
  /** Records and events made of the lines. */
  records: number
  /** Events the server took, of which it tells decisions by itself. */
  events: number
  recorded: number
  duplicates: number
  rejected: number
  errors: ImportError[]
}

/** A record on its way, as text. */
interface Sent {
  readonly file?: string
  readonly line: number
  readonly kind: string
  readonly text: string
  /** Of an event. */
  readonly id?: string
}

/** How a batch of events is answered. */
interface EventsAnswer {
  readonly successes: readonly { id: string }[]
  readonly errors: readonly { id: string; message: string }[]
}

export interface ImportPlan {
  readonly files: AsyncIterable<ImportFile>
  readonly reading: Reading
  readonly given: Given
  /** Whether errors name their file. */
  readonly isOfSeveral: boolean
}

export class ImportRun {
  readonly totals: Totals = {
    lines: 0,
    records: 0,
    events: 0,
    recorded: 0,
    duplicates: 0,
    rejected: 0,
    errors: [],
  }
  readonly #plan: ImportPlan
  /** Undefined for a run that only judges. */
  readonly #connection: Connection | undefined
  readonly #fidelity = new FidelityCount()
  readonly #traces = new TraceFidelity()
  #batch: Sent[] = []
  #events: Sent[] = []
  #chars = 0

  constructor(plan: ImportPlan, connection: Connection | undefined) {
    this.#plan = plan
    this.#connection = connection
  }

  /** How many of the decisions had what an audit asks for; undefined when there were none. */
  get fidelity(): Fidelity | undefined {
    const { reading } = this.#plan
    return this.#fidelity.report(reading.by === 'source' ? reading.source.silent : {})
  }

  async run(): Promise<void> {
    const reader = readerOf(this.#plan.reading)
    let last = '-'
    for await (const file of this.#plan.files) {
      last = file.name
      await this.#readFile(file, reader)
    }
    for (const line of reader.end()) await this.#take(line, last)
    await this.#flush()
    for (const record of this.#traces.decisions()) this.#fidelity.add(record)
    endProgress()
  }

  async #readFile({ name, rows }: ImportFile, reader: RowReader): Promise<void> {
    try {
      for await (const row of rows) {
        this.totals.lines += 1
        await this.#take(lineOf(reader, row), name)
      }
    } catch (error) {
      if (!(error instanceof SourceError)) throw error
      // Nothing after this place can be read; what was read before it is recorded.
      this.#refuse({ ...this.#at(name, error.line), code: error.code, path: '', message: error.message })
    }
  }

  async #take(line: SourceLine, file: string): Promise<void> {
    const at = this.#at(file, line.line)
    if (!('records' in line)) {
      const { code, path, message } = line
      this.#refuse({ ...at, code, path, message })
      return
    }
    for (const made of line.records) {
      this.totals.records += 1
      if (made.event === undefined) this.#judge(made, at, file)
      else this.#judgeEvent(made.event, at)
    }
    const isFull = this.#batch.length + this.#events.length >= BATCH_RECORDS || this.#chars >= BATCH_CHARS
    if (isFull) await this.#flush()
  }

  /** Counts what it says; without a server to ask, judges it as that would, as far as that can be told. */
  #judge(made: MappedRecord, at: { file?: string; line: number }, file: string): void {
    try {
      const record = identified(withGiven(made, this.#plan.given), this.#format, `${file}:${at.line}`)
      const { kind, reading } = record
      const judged = accept({ position: 0, kind, reading })
      if (!('error' in judged) && kind === 'decision') this.#fidelity.add(judged.record)
      if (this.#connection) this.#send({ ...at, kind, text: sentText(kind, reading) })
      else if ('error' in judged) this.#refuse({ ...at, ...withoutPosition(judged.error) })
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      this.#refuse({ ...at, code: error.code, path: error.path, message: error.message })
    }
  }

  /** An event is told by its id in the answer. */
  #judgeEvent(event: JsonObject, at: { file?: string; line: number }): void {
    try {
      const text = canonicalJson(event)
      const error = this.#traces.add(text)
      if (error !== undefined) throw new FormatError('bad_event', error)
      if (!this.#connection) return
      this.#events.push({ ...at, kind: 'event', text, id: typeof event.id === 'string' ? event.id : '' })
      this.#chars += text.length
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      this.#refuse({ ...at, code: error.code, path: error.path, message: error.message })
    }
  }

  get #format(): string {
    const { reading } = this.#plan
    return reading.by === 'source' ? reading.source.name : reading.by
  }

  #at(file: string, line: number): { file?: string; line: number } {
    return { ...(this.#plan.isOfSeveral && { file }), line }
  }

  #send(sent: Sent): void {
    this.#batch.push(sent)
    this.#chars += sent.text.length
  }

  /** Sends what is waiting: decisions first, because the other records are about them. */
  async #flush(): Promise<void> {
    const decisions = this.#batch.filter(({ kind }) => kind === 'decision')
    const others = this.#batch.filter(({ kind }) => kind !== 'decision')
    const events = this.#events
    this.#batch = []
    this.#events = []
    this.#chars = 0
    if (this.#connection) {
      await this.#postEvents(this.#connection, events)
      await this.#post(this.#connection, '/v1/decisions', decisions)
      await this.#post(this.#connection, '/v1/records', others)
    }
    const { lines, recorded, duplicates } = this.totals
    progress(`${lines} lines, ${recorded} recorded, ${duplicates} recorded before`)
  }

  async #post(connection: Connection, path: string, items: readonly Sent[]): Promise<void> {
    if (items.length === 0) return
    const envelope = await recordAll(
      connection,
      path,
      items.map(({ text }) => text),
    )
    this.totals.recorded += envelope.recorded
    this.totals.duplicates += envelope.duplicates
    for (const error of envelope.errors) {
      const { file, line } = items[error.position]!
      this.#refuse({ ...(file !== undefined && { file }), line, ...withoutPosition(error) })
    }
  }

  /** What was recorded of a trace before is not told apart: it is recorded once all the same. */
  async #postEvents(connection: Connection, events: readonly Sent[]): Promise<void> {
    if (events.length === 0) return
    const system = this.#plan.given.get('system')
    const headers: Record<string, string> = typeof system === 'string' ? { 'x-project-name': system } : {}
    const body = `{"batch":[${events.map(({ text }) => text).join(',')}]}`
    const answer = await connection.post('/api/public/ingestion', body, headers)
    const { successes, errors } = jsonOf(answer) as EventsAnswer
    this.totals.events += successes.length
    const byId = new Map(events.map((event) => [event.id, event]))
    for (const { id, message } of errors) {
      const { file, line = 0 } = byId.get(id) ?? {}
      this.#refuse({ ...(file !== undefined && { file }), line, code: 'bad_event', path: '', message })
    }
  }

  #refuse(error: ImportError): void {
    this.totals.rejected += 1
    if (this.totals.errors.length < ERRORS_MAX) this.totals.errors.push(error)
  }
}

function withoutPosition({ code, path, message }: ReadingError): ReadingError {
  return { code, path, message }
}

/** What was answered to records, given as texts, whatever its status; a problem is thrown. */
export async function recordAll(
  connection: Connection,
  path: string,
  records: readonly string[],
): Promise<Envelope> {
  const answer = await connection.post(path, `[${records.join(',')}]`)
  const isEnvelope = answer.headers.get('content-type')?.startsWith('application/json') === true
  return (isEnvelope ? JSON.parse(answer.text) : jsonOf(answer)) as Envelope
}

/** Errors as an import records them: where and why, without what stood there. */
export function errorsJson(errors: readonly ImportError[], most: number): JsonValue {
  return errors.slice(0, most).map((error) => ({ ...error }))
}
