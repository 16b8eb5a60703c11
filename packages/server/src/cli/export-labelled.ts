import { Command, Option } from 'commander'
import { MirroredFeatures } from '../labelling/mirrored-features.ts'
import { realDisk } from '../platform/disk.ts'
import { endProgress, note, print, progress } from '../platform/terminal.ts'
import { type AskingOptions, speaking } from './asking.ts'
import { type Connection, jsonOf } from './connection.ts'
import { CommandError, EXIT } from './exit.ts'
import { LabelledFile, type LabelledQuestion, progressPath } from './labelled-file.ts'
import { featuresIn, type LabelledRow } from './labelled-table.ts'
import { withConnection, withLedger } from './options.ts'
import { purposeHeader, recipientHeader } from './purpose.ts'

interface LabelledOptions extends AskingOptions {
  out: string
  purpose?: string
  format: LabelledQuestion['format']
  where: string[]
  compatible: string[]
  recipient?: string
  unstated?: boolean
  unlabelled?: boolean
  protected?: boolean
  sealed?: boolean
  resume?: boolean
}

interface Page {
  items: LabelledRow[]
  next: string | null
  asOf: { size: number }
  leftOut: Record<string, number>
}

/** What to know of all that was written. */
class Summary {
  readonly leftOut: Record<string, number> = {}
  readonly warnings: Record<string, number> = {}
  readonly mirrored = new MirroredFeatures()

  add({ items, leftOut }: Page): void {
    for (const row of items) {
      for (const warning of row.warnings) this.warnings[warning] = (this.warnings[warning] ?? 0) + 1
      if (row.label) this.mirrored.add(featuresIn(row), row.label.value)
    }
    // How many people are restricted is told of all pages alike; the rest is of each page.
    for (const [why, count] of Object.entries(leftOut))
      this.leftOut[why] = why === 'restrictedPeople' ? count : (this.leftOut[why] ?? 0) + count
  }
}

/** The question that the options put. @throws CommandError */
function questionOf(options: LabelledOptions): LabelledQuestion {
  const { compatible, format, purpose, recipient, where } = options
  if (purpose === undefined)
    throw new CommandError(EXIT.usage, 'say what the data is for: --purpose WORDS; it is recorded')
  const query = new URLSearchParams(where.map(filterOf))
  for (const other of compatible) query.append('compatible', other)
  for (const flag of ['unstated', 'unlabelled', 'protected', 'sealed'] as const)
    if (options[flag]) query.set(flag, 'true')
  // Sealed input may be long: what is in memory is one page.
  query.set('limit', options.sealed ? '100' : '1000')
  return {
    path: `/v1/labelled-decisions?${query.toString()}`,
    purpose,
    format,
    ...(recipient !== undefined && { recipient }),
  }
}

function filterOf(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at <= 0) throw new CommandError(EXIT.usage, '--where takes a filter as NAME=VALUE')
  return [text.slice(0, at), text.slice(at + 1)]
}

/** Writes page after page to the end; what is in memory is one page. */
async function written(connection: Connection, file: LabelledFile): Promise<Summary> {
  const summary = new Summary()
  const { path, purpose, recipient } = file.question
  const headers = { ...purposeHeader(purpose), ...recipientHeader(recipient) }
  for (;;) {
    const place = file.cursor === null ? '' : `&cursor=${file.cursor}`
    const page = jsonOf(await connection.get(`${path}${place}`, undefined, headers)) as Page
    await file.add(page.items, page.next)
    summary.add(page)
    progress(`${file.rows} decisions`)
    if (page.next === null) return summary
  }
}

function summaryText(rows: number, out: string, { leftOut, mirrored, warnings }: Summary): string {
  const counts = (of: Record<string, number>): string =>
    Object.entries(of)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')
  const mirrors = mirrored.names()
  return [
    `${rows} decisions: ${out}`,
    ...(Object.keys(leftOut).length > 0 ? [`left out: ${counts(leftOut)}`] : []),
    ...(Object.keys(warnings).length > 0 ? [`warnings: ${counts(warnings)}`] : []),
    ...(mirrors.length > 0 ? [`equal to the label wherever they are: ${mirrors.join(', ')}`] : []),
  ].join('\n')
}

const collected = (value: string, before: string[]): string[] => [...before, value]

export const labelled = withLedger(withConnection(new Command('labelled')))
  .description('write decisions with what became of them and the label that follows, for a stated purpose')
  .requiredOption('--out <file>', 'where to write; it must not exist')
  .option('--purpose <words>', 'what the data is for; each decision is held to it, and it is recorded')
  .addOption(new Option('--format <format>', 'form of the file').choices(['jsonl', 'csv']).default('jsonl'))
  .option('--where <filter>', 'NAME=VALUE, a filter of GET /v1/decisions; may be given again', collected, [])
  .option(
    '--compatible <purpose>',
    'a purpose of records that yours is compatible with, as you answer for; may be given again',
    collected,
    [],
  )
  .option('--recipient <name>', 'to whom outside it goes')
  .option('--unstated', 'also decisions that state no purpose')
  .option('--unlabelled', 'also decisions of which nothing became known')
  .option('--protected', 'with protected attributes, as far as the role sees them')
  .option('--sealed', 'with input, messages and sealed features, as far as the role sees them')
  .option('--resume', 'go on with a file that was left unfinished, with the options it was begun with')
  .addHelpText(
    'after',
    '\nExample:\n  deponent export labelled --out loans.jsonl --purpose "retraining of credit-risk" --compatible "credit scoring" --where modelId=credit-risk',
  )
  .action(async (options: LabelledOptions) => {
    const file = options.resume
      ? await LabelledFile.resume(realDisk, options.out)
      : await LabelledFile.begin(realDisk, options.out, questionOf(options))
    try {
      const summary = await speaking(options, (connection) => written(connection, file))
      endProgress()
      const { leftOut, mirrored, warnings } = summary
      const mirroredFeatures = mirrored.names()
      const answer = { file: options.out, decisions: file.rows, leftOut, warnings, mirroredFeatures }
      print(options.json ? JSON.stringify(answer) : summaryText(file.rows, options.out, summary))
    } catch (error) {
      if (file.cursor !== null) note(`unfinished: --resume goes on where ${progressPath(options.out)} says`)
      throw error
    } finally {
      await file.close()
    }
  })
