import { utf8 } from '@deponent/format'
import { Command, InvalidArgumentError } from 'commander'
import { realDisk } from '../platform/disk.ts'
import { endProgress, note, print, progress } from '../platform/terminal.ts'
import type { Tolerance } from '../reproduction/differences.ts'
import { isReplayable, type ReplayPackage } from '../reproduction/replay-package.ts'
import { type ReplayReport, reportOf, unreplayableOf } from '../reproduction/verdict.ts'
import { speaking, type AskingOptions } from './asking.ts'
import { CommandError, EXIT } from './exit.ts'
import { inputBytes } from './file.ts'
import { seconds, withConnection, withLedger } from './options.ts'
import { packageOf, type Unshown } from './replay-packages.ts'
import { replay, wordsOf } from './replay-program.ts'
import { packageText, reportText } from './replay-text.ts'

interface ReproduceOptions extends AskingOptions {
  ids?: string
  system?: string
  purpose?: string
  out?: string
  run?: string
  timeout: number
  tolerance: number
  relativeTolerance: number
}

const DECISIONS_MAX = 10_000
const READ_TOGETHER = 16

/** A number from 0. */
function distance(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('A tolerance is a number from 0.')
  return value
}

/** The decisions that are meant, each once. CommandError when there is none, or there are too many. */
async function idsOf(given: readonly string[], file: string | undefined): Promise<string[]> {
  const lines = file === undefined ? [] : new TextDecoder().decode(await inputBytes(file)).split('\n')
  const ids = [...new Set([...given, ...lines.map((line) => line.trim()).filter((line) => line !== '')])]
  if (ids.length === 0) throw new CommandError(EXIT.usage, 'say which decisions: ids, or --ids FILE')
  if (ids.length > DECISIONS_MAX)
    throw new CommandError(EXIT.usage, `at most ${DECISIONS_MAX} decisions at once`)
  return ids
}

interface Gathered {
  readonly packages: readonly ReplayPackage[]
  readonly unshown: readonly Unshown[]
}

function gather(ids: readonly string[], options: ReproduceOptions): Promise<Gathered> {
  return speaking(options, async (connection) => {
    const read: (ReplayPackage | Unshown)[] = []
    for (let at = 0; at < ids.length; at += READ_TOGETHER) {
      read.push(
        ...(await Promise.all(
          ids.slice(at, at + READ_TOGETHER).map((id) => packageOf(connection, id, options)),
        )),
      )
      progress(`read ${read.length} of ${ids.length}`)
    }
    endProgress()
    return { packages: read.filter((one) => 'format' in one), unshown: read.filter((one) => 'code' in one) }
  })
}

function linesOf(packages: readonly ReplayPackage[]): string[] {
  return packages.map((one) => JSON.stringify(one))
}

function showPackages(packages: readonly ReplayPackage[], { json, out }: ReproduceOptions): void {
  if (json && out === undefined) for (const line of linesOf(packages)) print(line)
  else if (json) print(JSON.stringify({ packages: packages.length, out }))
  else for (const one of packages) print(packageText(one))
}

async function compared(
  { packages, unshown }: Gathered,
  command: string,
  { timeout, tolerance: absolute, relativeTolerance: relative }: ReproduceOptions,
): Promise<ReplayReport> {
  const tolerance: Tolerance = { absolute, relative }
  const replayed = await replay(command, packages.filter(isReplayable), timeout * 1_000)
  const unreplayable = packages.filter((one) => !isReplayable(one)).map(unreplayableOf)
  const refused = unshown.map(({ id, code }) => ({ id, detail: code }))
  return reportOf(replayed, [...unreplayable, ...refused], tolerance)
}

const EXIT_OF = { reproduced: EXIT.ok, diverged: EXIT.negative, not_comparable: EXIT.incomplete } as const

export const reproduce = withLedger(withConnection(new Command('reproduce')))
  .description(
    'what a replay of decisions needs, and, with --run, whether a program gives the recorded output again',
  )
  .argument('[id...]', 'decisions, by entry id or by the id their sender gave them')
  .option('--ids <file>', 'more of them, one a line; - for standard input')
  .option('--system <name>', 'the system they belong to, where several used one id')
  .option('--purpose <words>', 'why sealed fields are read; it is recorded')
  .option('--out <file>', 'write the packages there, one JSON object a line')
  .option(
    '--run <command>',
    'the program to replay them with: words with spaces between, or a JSON list of words',
  )
  .option('--timeout <seconds>', 'how long the program may write nothing, 1 to 600', seconds, 60)
  .option('--tolerance <number>', 'numbers may lie so far apart', distance, 0)
  .option('--relative-tolerance <part>', 'or so far, as a part of the larger', distance, 0)
  .addHelpText(
    'after',
    '\nExample:\n  deponent reproduce loan-1 --purpose "audit 7" --run "python3 score.py --weights model-4.2.1.json" --tolerance 1e-6',
  )
  .action(async (given: string[], options: ReproduceOptions) => {
    const { json, out, run } = options
    // Before anything is read, so that nothing is on record for a mistyped command.
    if (run !== undefined) wordsOf(run)
    const gathered = await gather(await idsOf(given, options.ids), options)
    const { packages, unshown } = gathered
    if (out !== undefined)
      await realDisk.write(
        out,
        utf8(
          linesOf(packages)
            .map((line) => `${line}\n`)
            .join(''),
        ),
      )
    for (const { id, code, detail } of unshown) note(`${id}: ${code}: ${detail}`)
    if (run === undefined) {
      showPackages(packages, options)
      process.exitCode = unshown.length === 0 && packages.every(isReplayable) ? EXIT.ok : EXIT.incomplete
      return
    }
    const report = await compared(gathered, run, options)
    print(json ? JSON.stringify(report) : reportText(report))
    process.exitCode = EXIT_OF[report.verdict]
  })
