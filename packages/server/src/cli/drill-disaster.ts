import { Command, InvalidArgumentError } from 'commander'
import { threadsFor } from '../check/stretch-threads.ts'
import { DISASTER_STEPS, type DisasterReport, hasComeBack, holdDisaster } from '../drill/disaster.ts'
import { realDisk } from '../platform/disk.ts'
import { realRandom } from '../platform/random.ts'
import { endProgress, print, progress } from '../platform/terminal.ts'
import { threadsAvailable } from '../platform/worker.ts'
import { VERSION } from '../version.ts'
import { EXIT } from './exit.ts'
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

export const drillDisaster = new Command('disaster')
  .description(
    'record, back up, destroy the data directory and bring it back, all in a directory for the time being',
  )
  .option('--decisions <n>', 'how many decisions are recorded before the first backup', decisions, 2_000)
  .option('--json', 'answer in JSON')
  .addHelpText('after', '\nExample:\n  deponent drill disaster --decisions 20000')
  .action(async (options: { decisions: number; json?: boolean }) => {
    const report = await holdDisaster({
      disk: realDisk,
      random: realRandom,
      decisions: options.decisions,
      product: VERSION,
      threads: (entries) => threadsFor(entries, threadsAvailable()),
      onProgress: progress,
    }).finally(endProgress)
    if (options.json) print(JSON.stringify(report))
    else printReport(report)
    if (!hasComeBack(report)) process.exitCode = EXIT.negative
  })
