import { Command, InvalidArgumentError } from 'commander'
import { drill as hold, type DrillReport, type Row } from '../drill/drill.ts'
import { DrillRefused } from '../drill/ground.ts'
import { cellsOf } from '../drill/cells.ts'
import { realDisk } from '../platform/disk.ts'
import { realRandom } from '../platform/random.ts'
import { endProgress, note, print, progress } from '../platform/terminal.ts'
import { drillDisaster } from './drill-disaster.ts'
import { CommandError, EXIT } from './exit.ts'
import { table } from './table.ts'

interface DrillCommandOptions {
  data?: string
  ledger: string
  records: number
  only?: string[]
  json?: boolean
}

const RECORDS_MIN = 300
const RECORDS_MAX = 100_000

function records(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < RECORDS_MIN || value > RECORDS_MAX)
    throw new InvalidArgumentError(`Give a number from ${RECORDS_MIN} to ${RECORDS_MAX}.`)
  return value
}

const LEGEND = `✓ shown to be changed   ? not believed, and not shown to be wrong   i said, and still valid   – not detected
Every column but the first has the ledger's keys pinned too.`

function printReport({ entries, rows }: DrillReport): void {
  print(table(rows.map(cellsOf)))
  print(`\n${LEGEND}`)
  const news = rows.filter(({ asDocumented }) => !asDocumented)
  for (const { attack } of news) print(`not as documented: ${attack}`)
  const tried = rows.filter(({ outcomes }) => outcomes).length
  print(`${tried} attacks on copies of a ledger of ${entries} entries, ${news.length} not as documented`)
}

function exitCodeOf(rows: readonly Row[]): number {
  if (rows.some(({ asDocumented }) => !asDocumented)) return EXIT.negative
  return rows.some(({ skipped }) => skipped !== undefined) ? EXIT.incomplete : EXIT.ok
}

async function run(options: DrillCommandOptions): Promise<DrillReport> {
  try {
    return await hold({
      disk: realDisk,
      random: realRandom,
      ledger: options.ledger,
      records: options.records,
      ...(options.data !== undefined && { source: options.data }),
      ...(options.only && { only: options.only }),
      onProgress: (done, total) => progress(`${done} of ${total} attacks`),
    })
  } catch (error) {
    if (!(error instanceof DrillRefused)) throw error
    for (const { severity, code, message } of error.findings) note(`${severity} ${code}: ${message}`)
    throw new CommandError(error.findings.length > 0 ? EXIT.negative : EXIT.usage, error.message)
  } finally {
    endProgress()
  }
}

export const drill = new Command('drill')
  .description('attack copies of a ledger and show which knowledge from outside finds what')
  .option('--data <dir>', 'data directory to copy; without it a small ledger is made for the purpose')
  .option('--ledger <name>', 'which ledger of the directory', 'default')
  .option('--records <n>', 'decisions in the ledger that is made', records, 400)
  .option('--only <attack...>', 'these attacks only')
  // What stands behind the name of a command beneath this one is for that.
  .enablePositionalOptions()
  .option('--json', 'answer in JSON')
  .addHelpText('after', '\nExample:\n  deponent drill --data ./data')
  .action(async (options: DrillCommandOptions) => {
    const report = await run(options)
    if (options.json) print(JSON.stringify(report))
    else printReport(report)
    process.exitCode = exitCodeOf(report.rows)
  })
  .addCommand(drillDisaster)
