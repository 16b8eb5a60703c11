import { Command, InvalidArgumentError } from 'commander'
import { isObject, type JsonObject, type JsonValue } from '@deponent/format'
import { readGiven } from '../ingest/given.ts'
import { parseMapping } from '../ingest/mapping.ts'
import { type Container, CONTAINERS } from '../ingest/opened.ts'
import { firstRows, judgeRows, type Reading } from '../ingest/reading.ts'
import { sourceNamed, SOURCES } from '../ingest/sources/sources.ts'
import { realClock } from '../platform/clock.ts'
import { note, print } from '../platform/terminal.ts'
import { connect, type ConnectionOptions } from './connection.ts'
import { CommandError, EXIT } from './exit.ts'
import { fileBytes } from './file.ts'
import type { ImportFile } from './import-file.ts'
import { checkFiles, isContainer, openImport } from './import-files.ts'
import { type ImportedFile, importRecord, recordImport } from './import-record.ts'
import { isService, openService } from './import-service.ts'
import { noteErrors, printFidelity, printTotals } from './import-report.ts'
import { ImportRun } from './import-run.ts'
import { withConnection, withLedger } from './options.ts'

type GivenFields = Map<string, JsonValue>

interface ImportOptions extends ConnectionOptions {
  mapping?: string
  format?: string
  set?: GivenFields
  from?: string
  to?: string
  dryRun?: boolean
  json?: boolean
}

/** How the rows are read, and what a person should be told of that. */
interface Chosen {
  readonly reading: Reading
  /** As a file holds it. */
  readonly mapping?: JsonObject
  readonly format: string
}

/** What somebody said with `--format`: what the file is, or of which source its rows are. */
function statedBy({ format = 'auto' }: ImportOptions): { container?: Container; reading?: Reading } {
  if (format === 'auto') return {}
  if (isContainer(format)) return { container: format }
  const source = sourceNamed(format)
  if (source) return { reading: { by: 'source', source } }
  const known = ['auto', ...CONTAINERS, ...SOURCES.map(({ name }) => name)]
  throw new CommandError(EXIT.usage, `--format is one of ${known.join(', ')}`)
}

async function mappingOf(path: string): Promise<JsonObject> {
  const text = new TextDecoder().decode(await fileBytes(path))
  let json: JsonValue
  try {
    json = JSON.parse(text) as JsonValue
  } catch {
    throw new CommandError(EXIT.usage, `${path} is not JSON`)
  }
  return isObject(json) ? json : {}
}

/** How the rows of the first file are to be read: as somebody said, by the mapping, or by what they look like. */
async function choose(
  file: ImportFile,
  options: ImportOptions,
): Promise<{ chosen: Chosen; file: ImportFile }> {
  const stated = statedBy(options)
  const mapping = options.mapping === undefined ? undefined : await mappingOf(options.mapping)
  if (mapping) {
    const reading: Reading = { by: 'mapping', mapping: parseMapping(mapping) }
    return { chosen: { reading, mapping, format: file.container }, file }
  }
  if (stated.reading) return { chosen: named(stated.reading, file.container), file }
  const { first, rows } = await firstRows(file.rows)
  const { reading, reason } = judgeRows(first, file.container)
  const looked = { ...file, rows }
  if (reading.by !== 'nothing') {
    if (reading.by === 'source')
      note(`${file.name}: ${reading.source.title} (${reading.source.name}): ${reason}`)
    return { chosen: named(reading, file.container), file: looked }
  }
  if (stated.container?.startsWith('json'))
    return { chosen: named({ by: 'records' }, file.container), file: looked }
  if (!options.dryRun)
    throw new CommandError(
      EXIT.usage,
      `${file.name}: ${reason}: say how its columns become fields with --mapping, or of which source it is with --format; --dry-run guesses a mapping`,
    )
  note(
    `${file.name}: ${reason}; this mapping is guessed by their names: look at it, save it, and give it with --mapping`,
  )
  const guess = structuredClone(reading.guess) as unknown as JsonObject
  if (!options.json) print(JSON.stringify(guess, undefined, 2))
  return {
    chosen: {
      reading: { by: 'mapping', mapping: parseMapping(guess) },
      mapping: guess,
      format: file.container,
    },
    file: looked,
  }
}

function named(reading: Reading, container: Container): Chosen {
  return { reading, format: reading.by === 'source' ? reading.source.name : container }
}

async function openOne(path: string, options: ImportOptions): Promise<ImportFile> {
  if (!isService(path)) return openImport(path, statedBy(options).container)
  const { format, from, to } = options
  return openService(path, format, { ...(from !== undefined && { from }), ...(to !== undefined && { to }) })
}

/** The first file, opened already, and those after it, each when its turn comes; with the digests of those that were read. */
async function* filesOf(
  first: ImportFile,
  paths: readonly string[],
  options: ImportOptions,
  read: ImportedFile[],
): AsyncGenerator<ImportFile> {
  yield first
  read.push({ name: first.name, digest: first.digest() })
  for (const path of paths.slice(1)) {
    const file = await openOne(path, options)
    yield file
    read.push({ name: file.name, digest: file.digest() })
  }
}

async function importFiles(paths: readonly string[], options: ImportOptions): Promise<void> {
  // What was mistyped is said before any file is looked for.
  statedBy(options)
  await checkFiles(paths)
  const opened = await openOne(paths[0]!, options)
  const { chosen, file } = await choose(opened, options)
  const connection = options.dryRun ? undefined : await connect(options)
  try {
    const read: ImportedFile[] = []
    const given = options.set ?? new Map<string, JsonValue>()
    const files = filesOf(file, paths, options, read)
    const startedAt = now()
    const run = new ImportRun(
      { files, reading: chosen.reading, given, isOfSeveral: paths.length > 1 },
      connection,
    )
    await run.run()
    const { format, mapping } = chosen
    const times = { startedAt, completedAt: now() }
    const facts = {
      files: read,
      format,
      ...(mapping && { mapping }),
      given: Object.fromEntries(given),
      ...times,
    }
    // An import that brought nothing new is none: a second run of the same leaves the ledger as it was.
    const isKept = connection !== undefined && run.totals.recorded + run.totals.events > 0
    const id = isKept ? await recordImport(connection, importRecord(run, facts)) : undefined
    report(run, { ...chosen, id }, options)
    process.exitCode = run.totals.rejected > 0 || (isKept && id === undefined) ? EXIT.negative : EXIT.ok
  } finally {
    await connection?.close()
  }
}

function now(): string {
  return new Date(realClock.now()).toISOString()
}

/** `id`: of the record of the import, where there is one. */
function report(
  { fidelity, totals }: ImportRun,
  { format, id, mapping }: Chosen & { id: string | undefined },
  { json, dryRun = false }: ImportOptions,
): void {
  noteErrors(totals.errors, totals.rejected)
  if (json) {
    const about = { format, ...(dryRun && mapping && { mapping }), ...(fidelity && { fidelity }) }
    print(JSON.stringify({ ...totals, ...about, ...(id !== undefined && { importId: id }) }))
    return
  }
  if (dryRun && fidelity) printFidelity(fidelity)
  printTotals(totals, dryRun)
  if (id !== undefined) print(`what was not told is recorded with the import: ${id}`)
}

function setField(text: string, before: GivenFields = new Map()): GivenFields {
  const given = readGiven(text)
  if (given === undefined) throw new InvalidArgumentError('A field is set as FIELD=VALUE.')
  return new Map([...before, given])
}

export const importCommand = withLedger(withConnection(new Command('import')))
  .description('record decisions, and what is known of them, from files of other systems')
  .argument('<files...>', 'files to read, - for standard input, or the address of a service')
  .option('--mapping <file>', 'how the columns become records (docs/cli.md)')
  .option('--format <format>', 'what the files are, or of which source (docs/import.md)', 'auto')
  .option('--set <field=value>', 'a field of all decisions that do not say it; may be given again', setField)
  .option('--from <time>', 'of a service: from this time on')
  .option('--to <time>', 'of a service: before this time')
  .option('--dry-run', 'read, map and judge, record nothing, and say what the source does not tell')
  .addHelpText(
    'after',
    '\nExample:\n  deponent import scores.csv --dry-run\n  deponent import scores.csv --mapping mapping.json --set system=credit',
  )
  .action(importFiles)
