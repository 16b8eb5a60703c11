import { Command, InvalidArgumentError } from 'commander'
import { threadsFor } from '../check/stretch-threads.ts'
import { DISASTER_STEPS, type DisasterReport, hasComeBack, holdDisaster } from '../drill/disaster.ts'
import { realClock } from '../platform/clock.ts'
import { realDisk } from '../platform/disk.ts'
import { realRandom } from '../platform/random.ts'
import { endProgress, print, progress } from '../platform/terminal.ts'
import { threadsAvailable } from '../platform/worker.ts'
import { type DrillNote, noted, noteDrill } from '../recovery/notes.ts'
import { VERSION } from '../version.ts'
import { CommandError, EXIT } from './exit.ts'
import { table } from './table.ts'

const DECISIONS_MIN = 100
const DECISIONS_MAX = 1_000_000

function decisions(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < DECISIONS_MIN || value > DECISIONS_MAX)
    throw new InvalidArgumentError(`Give a number from ${DECISIONS_MIN} to ${DECISIONS_MAX}.`)
  return value
}

function printReport(report: DisasterReport): void {
  const { bytes, entriesBack, entriesBefore, erased, ms, payloadsOpened, readable, refusal, verdict } = report
  print(table(DISASTER_STEPS.map((step) => ({ step, seconds: (ms[step] / 1_000).toFixed(2) }))))
  print(
    `\n${entriesBack} of ${entriesBefore} entries came back, ${payloadsOpened} payloads opened: ${verdict}
${entriesBefore - entriesBack} entries were lost: they came after the last backup
${erased} people erased, one of them after the last backup: of ${readable} anything can be read
beside its signer the directory that came back is refused: ${refusal ?? 'it is not'}
bytes: directory ${bytes.directory}, backup ${bytes.backup}, the second alone ${bytes.secondBackup}, keyring ${bytes.keyring}`,
  )
}

async function refuseUnlessDirectory(path: string): Promise<void> {
  if ((await realDisk.read(`${path}/format.json`)) === undefined)
    throw new CommandError(EXIT.usage, `--note needs a data directory, and ${path} has no format.json`)
}

function drillNoteOf(report: DisasterReport, begunAt: number): DrillNote {
  const { entriesBack, entriesBefore, ms, verdict } = report
  return {
    at: noted.time(begunAt),
    verdict,
    hasPassed: hasComeBack(report),
    entriesBefore,
    entriesBack,
    steps: DISASTER_STEPS.map((step) => ({ step, seconds: noted.seconds(ms[step]) })),
  }
}

export const drillDisaster = new Command('disaster')
  .description(
    'record, back up, destroy the data directory and bring it back, all in a directory for the time being',
  )
  .option('--decisions <n>', 'how many decisions are recorded before the first backup', decisions, 2_000)
  .option(
    '--note <dir>',
    'note in this data directory when it was and what it came to, for its server to show',
  )
  .option('--json', 'answer in JSON')
  .addHelpText('after', '\nExample:\n  deponent drill disaster --decisions 20000 --note ./data')
  .action(async (options: { decisions: number; note?: string; json?: boolean }) => {
    if (options.note !== undefined) await refuseUnlessDirectory(options.note)
    const begunAt = realClock.now()
    const report = await holdDisaster({
      disk: realDisk,
      random: realRandom,
      decisions: options.decisions,
      product: VERSION,
      threads: (entries) => threadsFor(entries, threadsAvailable()),
      onProgress: progress,
    }).finally(endProgress)
    if (options.note !== undefined) await noteDrill(realDisk, options.note, drillNoteOf(report, begunAt))
    if (options.json) print(JSON.stringify(report))
    else printReport(report)
    if (!hasComeBack(report)) process.exitCode = EXIT.negative
  })
