import { extname } from 'node:path'
import { Command } from 'commander'
import { isRecordKind, type JsonReading, type RecordKind } from '@deponent/format'
import { readCsv } from '../ingest/csv.ts'
import type { ReadingError } from '../ingest/decode.ts'
import { readJsonLines, readJsonRows } from '../ingest/jsonl.ts'
import { type MappedRecord, rowMapper } from '../ingest/map-row.ts'
import { type Mapping, parseMapping } from '../ingest/mapping.ts'
import { SourceError } from '../ingest/source-row.ts'
import { realDisk } from '../platform/disk.ts'
import { endProgress, note, print, progress, standardInput } from '../platform/terminal.ts'
import type { Envelope } from '../recording/envelope.ts'
import { accept } from '../recording/submission.ts'
import { connect, type Connection, type ConnectionOptions, jsonOf } from './connection.ts'
import { CommandError, EXIT } from './exit.ts'
import { fileBytes } from './file.ts'
import { withConnection, withLedger } from './options.ts'
import { isObject, sentText } from './sent-record.ts'

const BATCH_RECORDS = 500
/** Characters of records in one request: with one record more it is still well below the largest body. */
const BATCH_CHARS = 4 * 1_048_576
const ERRORS_SHOWN = 20

interface ImportOptions extends ConnectionOptions {
  mapping?: string
  format?: string
  dryRun?: boolean
  json?: boolean
}

/** One line of the source: the records it makes, or why it makes none. */
type Line = { line: number; records: MappedRecord[] } | ({ line: number } & ReadingError)

/** A record on its way, as text. */
interface Sent {
  line: number
  kind: string
  text: string
}

interface Totals {
  lines: number
  /** Records made of the lines. */
  records: number
  recorded: number
  duplicates: number
  rejected: number
  errors: ({ line: number } & ReadingError)[]
}

/** Says so before anything is started when the file is not there. */
async function checkSource(path: string): Promise<void> {
  if (path !== '-' && (await realDisk.size(path)) === undefined)
    throw new CommandError(EXIT.usage, `no such file: ${path}`)
}

async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  if (path === '-') {
    yield* standardInput()
    return
  }
  const size = (await realDisk.size(path)) ?? 0
  const file = await realDisk.open(path, 'read')
  try {
    for (let at = 0; at < size; at += 1_048_576) yield await file.read(at, 1_048_576)
  } finally {
    await file.close()
  }
}

function formatOf(path: string, given: string | undefined): 'csv' | 'jsonl' {
  const name = given ?? { '.csv': 'csv', '.jsonl': 'jsonl', '.ndjson': 'jsonl' }[extname(path).toLowerCase()]
  if (name === 'csv' || name === 'jsonl') return name
  throw new CommandError(EXIT.usage, 'say --format csv or --format jsonl: the file name does not tell')
}

async function mappingOf(path: string): Promise<Mapping> {
  const text = new TextDecoder().decode(await fileBytes(path))
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new CommandError(EXIT.usage, `${path} is not JSON`)
  }
  return parseMapping(json)
}

async function* mappedLines(path: string, format: 'csv' | 'jsonl', mapping: Mapping): AsyncGenerator<Line> {
  const map = rowMapper(mapping)
  const rows = format === 'csv' ? readCsv(chunksOf(path)) : readJsonRows(chunksOf(path))
  for await (const reading of rows) {
    if (reading.row === undefined) {
      yield { line: reading.line, ...reading.error }
      continue
    }
    const { line } = reading.row
    const mapped = map(reading.row)
    yield mapped.records ? { line, records: mapped.records } : { line, ...mapped.error }
  }
}

/** Lines that already are records, as the sinks of the SDKs write them: decisions, but for those that say another kind. */
async function* plainLines(path: string): AsyncGenerator<Line> {
  for await (const { line, reading, error } of readJsonLines(chunksOf(path))) {
    const fault = error ?? reading.faults[0]
    yield fault ? { line, ...fault } : { line, records: [{ kind: kindOf(reading!), reading: reading! }] }
  }
}

function kindOf({ value }: JsonReading): RecordKind {
  const kind = isObject(value) ? value.kind : undefined
  return typeof kind === 'string' && isRecordKind(kind) ? kind : 'decision'
}

/** Sends one batch: decisions first, because the other records are about them. */
async function sendBatch(connection: Connection, batch: readonly Sent[], totals: Totals): Promise<void> {
  const decisions = batch.filter(({ kind }) => kind === 'decision')
  const others = batch.filter(({ kind }) => kind !== 'decision')
  for (const [path, items] of [
    ['/v1/decisions', decisions],
    ['/v1/records', others],
  ] as const) {
    if (items.length === 0) continue
    const answer = await connection.post(path, `[${items.map(({ text }) => text).join(',')}]`)
    const isEnvelope = answer.headers.get('content-type')?.startsWith('application/json') === true
    const envelope = (isEnvelope ? JSON.parse(answer.text) : jsonOf(answer)) as Envelope
    totals.recorded += envelope.recorded
    totals.duplicates += envelope.duplicates
    for (const { position, code, path: field, message } of envelope.errors) {
      refuse(totals, { line: items[position]!.line, code, path: field, message })
    }
  }
}

/** Judges a batch as the server would, as far as that can be told without it. */
function judgeBatch(batch: readonly (MappedRecord & { line: number })[], totals: Totals): void {
  for (const { line, kind, reading } of batch) {
    const result = accept({ position: 0, kind, reading })
    if ('error' in result) {
      const { code, path, message } = result.error
      refuse(totals, { line, code, path, message })
    }
  }
}

function refuse(totals: Totals, error: Totals['errors'][number]): void {
  totals.rejected += 1
  totals.errors.push(error)
}

async function importFile(connection: Connection | undefined, lines: AsyncGenerator<Line>): Promise<Totals> {
  const totals: Totals = { lines: 0, records: 0, recorded: 0, duplicates: 0, rejected: 0, errors: [] }
  let batch: Sent[] = []
  let chars = 0
  const flush = async (): Promise<void> => {
    if (connection) await sendBatch(connection, batch, totals)
    batch = []
    chars = 0
    progress(`${totals.lines} lines, ${totals.recorded} recorded`)
  }
  try {
    for await (const item of lines) {
      totals.lines += 1
      if (!('records' in item)) {
        refuse(totals, item)
        continue
      }
      totals.records += item.records.length
      if (!connection) {
        judgeBatch(
          item.records.map((record) => ({ ...record, line: item.line })),
          totals,
        )
        continue
      }
      for (const { kind, reading } of item.records) {
        const text = sentText(kind, reading)
        batch.push({ line: item.line, kind, text })
        chars += text.length
      }
      if (batch.length >= BATCH_RECORDS || chars >= BATCH_CHARS) await flush()
    }
  } catch (error) {
    if (!(error instanceof SourceError)) throw error
    // Nothing after this place can be read; what was read before it is recorded.
    refuse(totals, { line: error.line, code: error.code, path: '', message: error.message })
  }
  if (batch.length > 0) await flush()
  endProgress()
  return totals
}

export const importCommand = withLedger(withConnection(new Command('import')))
  .description('record decisions from a CSV or JSON Lines file')
  .argument('<file>', 'file to read, or - for standard input')
  .option('--mapping <file>', 'how the columns become records (docs/cli.md)')
  .option('--format <format>', 'csv or jsonl, when the file name does not tell')
  .option('--dry-run', 'read and map, record nothing')
  .addHelpText('after', '\nExample:\n  deponent import scores.csv --mapping mapping.json')
  .action(async (file: string, options: ImportOptions) => {
    const format = formatOf(file, options.format)
    if (format === 'csv' && options.mapping === undefined)
      throw new CommandError(EXIT.usage, 'a CSV file needs --mapping')
    const mapping = options.mapping === undefined ? undefined : await mappingOf(options.mapping)
    await checkSource(file)
    const lines = mapping === undefined ? plainLines(file) : mappedLines(file, format, mapping)
    const connection = options.dryRun ? undefined : await connect(options)
    try {
      const totals = await importFile(connection, lines)
      report(totals, options)
      process.exitCode = totals.rejected === 0 ? EXIT.ok : EXIT.negative
    } finally {
      await connection?.close()
    }
  })

function report(totals: Totals, { json, dryRun }: ImportOptions): void {
  for (const { line, code, path, message } of totals.errors.slice(0, ERRORS_SHOWN))
    note(`line ${line}: ${[code, path, message].filter((part) => part !== '').join(' ')}`)
  if (totals.errors.length > ERRORS_SHOWN) note(`… and ${totals.errors.length - ERRORS_SHOWN} more`)
  const { lines, records, recorded, duplicates, rejected } = totals
  const summary = dryRun
    ? `${lines} lines: ${records} records, ${rejected} rejected; nothing was recorded`
    : `${lines} lines: ${recorded} recorded, ${duplicates} duplicates, ${rejected} rejected`
  print(json ? JSON.stringify(totals) : summary)
}
