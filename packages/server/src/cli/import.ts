import { extname } from 'node:path'
import { canonicalJson, type JsonReading } from '@deponent/format'
import { Command } from 'commander'
import { readCsv } from '../ingest/csv.ts'
import { readJsonLines, readJsonRows } from '../ingest/jsonl.ts'
import { type MappedRecord, rowMapper } from '../ingest/map-row.ts'
import { parseMapping } from '../ingest/mapping.ts'
import { realDisk } from '../platform/disk.ts'
import { endProgress, note, print, progress, standardInput } from '../platform/terminal.ts'
import type { Envelope } from '../recording/envelope.ts'
import { connect, type Connection, type ConnectionOptions, jsonOf } from './connection.ts'
import { CommandError, EXIT } from './exit.ts'
import { withConnection } from './options.ts'

const BATCH = 500
const ERRORS_SHOWN = 20

interface ImportOptions extends ConnectionOptions {
  mapping?: string
  format?: string
  dryRun?: boolean
  json?: boolean
}

/** One line of the source: the records it makes, or why it makes none. */
type Line = { line: number; records: MappedRecord[] } | { line: number; code: string; message: string }

interface Totals {
  lines: number
  recorded: number
  duplicates: number
  rejected: number
  errors: { line: number; code: string; path: string; message: string }[]
}

async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  if (path === '-') {
    yield* standardInput()
    return
  }
  const size = await realDisk.size(path)
  if (size === undefined) throw new CommandError(EXIT.usage, `no such file: ${path}`)
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

async function* mappedLines(
  path: string,
  format: 'csv' | 'jsonl',
  mappingPath: string,
): AsyncGenerator<Line> {
  const text = await realDisk.read(mappingPath)
  if (!text) throw new CommandError(EXIT.usage, `no such file: ${mappingPath}`)
  const map = rowMapper(parseMapping(JSON.parse(new TextDecoder().decode(text))))
  const rows = format === 'csv' ? readCsv(chunksOf(path)) : readJsonRows(chunksOf(path))
  for await (const reading of rows) {
    if (reading.row === undefined) {
      yield { line: reading.line, code: reading.error.code, message: reading.error.message }
      continue
    }
    const { line } = reading.row
    const mapped = map(reading.row)
    yield mapped.records
      ? { line, records: mapped.records }
      : { line, code: mapped.error.code, message: mapped.error.message }
  }
}

/** Lines that already are decisions, as the sinks of the SDKs write them. */
async function* plainLines(path: string): AsyncGenerator<Line> {
  for await (const item of readJsonLines(chunksOf(path))) {
    if (item.error) yield { line: item.line, code: item.error.code, message: item.error.message }
    else yield { line: item.line, records: [{ kind: 'decision', reading: item.reading }] }
  }
}

function bodyOf(kind: string, { value }: JsonReading): string {
  const record = value as Record<string, never>
  return canonicalJson(kind === 'decision' ? record : { ...record, kind })
}

/** Sends one batch: decisions first, because the other records are about them. */
async function sendBatch(
  connection: Connection,
  batch: { line: number; record: MappedRecord }[],
  totals: Totals,
): Promise<void> {
  const decisions = batch.filter(({ record }) => record.kind === 'decision')
  const others = batch.filter(({ record }) => record.kind !== 'decision')
  for (const [path, items] of [
    ['/v1/decisions', decisions],
    ['/v1/records', others],
  ] as const) {
    if (items.length === 0) continue
    const body = `[${items.map(({ record }) => bodyOf(record.kind, record.reading)).join(',')}]`
    const answer = await connection.post(path, body)
    const isEnvelope = answer.headers.get('content-type')?.startsWith('application/json') === true
    const envelope = (isEnvelope ? JSON.parse(answer.text) : jsonOf(answer)) as Envelope
    totals.recorded += envelope.recorded
    totals.duplicates += envelope.duplicates
    totals.rejected += envelope.rejected
    for (const { position, code, path: field, message } of envelope.errors) {
      totals.errors.push({ line: items[position]!.line, code, path: field, message })
    }
  }
}

async function importFile(connection: Connection | undefined, lines: AsyncGenerator<Line>): Promise<Totals> {
  const totals: Totals = { lines: 0, recorded: 0, duplicates: 0, rejected: 0, errors: [] }
  let batch: { line: number; record: MappedRecord }[] = []
  const flush = async (): Promise<void> => {
    if (connection) await sendBatch(connection, batch, totals)
    batch = []
    progress(`${totals.lines} lines, ${totals.recorded} recorded`)
  }
  for await (const item of lines) {
    totals.lines += 1
    if ('records' in item) batch.push(...item.records.map((record) => ({ line: item.line, record })))
    else {
      totals.rejected += 1
      totals.errors.push({ line: item.line, code: item.code, path: '', message: item.message })
    }
    if (batch.length >= BATCH) await flush()
  }
  if (batch.length > 0) await flush()
  endProgress()
  return totals
}

export const importCommand = withConnection(new Command('import'))
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
    const lines =
      options.mapping === undefined ? plainLines(file) : mappedLines(file, format, options.mapping)
    const connection = options.dryRun ? undefined : await connect(options)
    try {
      const totals = await importFile(connection, lines)
      for (const { line, code, path, message } of totals.errors.slice(0, ERRORS_SHOWN))
        note(`line ${line}: ${code} ${path} ${message}`)
      if (totals.errors.length > ERRORS_SHOWN) note(`… and ${totals.errors.length - ERRORS_SHOWN} more`)
      const summary = `${totals.lines} lines: ${totals.recorded} recorded, ${totals.duplicates} duplicates, ${totals.rejected} rejected`
      print(options.json ? JSON.stringify(totals) : summary)
      process.exitCode = totals.rejected === 0 ? EXIT.ok : EXIT.negative
    } finally {
      await connection?.close()
    }
  })
