/** The program of `--run`, and a run of it. */
import { converse, type ProgramEnd } from '../platform/line-program.ts'
import { realRandom } from '../platform/random.ts'
import { note } from '../platform/terminal.ts'
import type { ReplayPackage } from '../reproduction/replay-package.ts'
import { type Replayed, Run } from '../reproduction/run.ts'
import { CommandError, EXIT } from './exit.ts'

const LINE_BYTES_MAX = 4 * 1_048_576
/** What only a shell would understand. */
const SHELL_CHARACTERS = /["'`$\\|&;<>()*?~{}]/

/**
 * The words of a command: a JSON list of them, or a text with spaces between. No shell reads it, so what only a shell would understand is
 * refused instead of handed on as it stands. CommandError when there is no program.
 */
export function wordsOf(command: string): [file: string, ...args: string[]] {
  const [file, ...args] = command.trimStart().startsWith('[') ? listed(command) : spaced(command)
  if (file === undefined || file === '') throw new CommandError(EXIT.usage, '--run needs a program')
  return [file, ...args]
}

function spaced(command: string): string[] {
  if (SHELL_CHARACTERS.test(command))
    throw new CommandError(
      EXIT.usage,
      '--run is read by no shell: give words with quotes and the like as a JSON list, such as ["node","score it.mjs"]',
    )
  return command.split(/\s+/).filter((word) => word !== '')
}

function listed(command: string): string[] {
  const words = jsonOrUndefined(command)
  if (!Array.isArray(words) || !words.every((word) => typeof word === 'string'))
    throw new CommandError(EXIT.usage, '--run is no JSON list of texts')
  return words
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Asks the program about all of the decisions, in one process. CommandError when it cannot be started. */
export async function replay(
  command: string,
  packages: readonly ReplayPackage[],
  silenceMs: number,
): Promise<Replayed[]> {
  const [file, ...args] = wordsOf(command)
  const run = new Run(packages, (length) => realRandom.bytes(length))
  if (packages.length === 0) return []
  const program = { file, args, hiddenPrefix: 'DEPONENT_', silenceMs, lineBytesMax: LINE_BYTES_MAX }
  const end = await converse(program, run.lines(), (line) => run.hear(line))
  if ('failure' in end && end.failure === 'not_started')
    throw new CommandError(EXIT.usage, `${file} cannot be started`)
  if (run.unanswered > 0) note(`${run.unanswered} questions have no answer: ${wordsOn(end, silenceMs)}`)
  if (run.stray > 0) note(`${run.stray} lines answer nothing that was asked`)
  return run.replayed()
}

function wordsOn(end: ProgramEnd, silenceMs: number): string {
  if ('failure' in end) {
    if (end.failure === 'silent') return `the program wrote nothing for ${silenceMs / 1_000} s and was ended`
    return end.failure === 'line_too_long'
      ? `the program wrote a line of more than ${LINE_BYTES_MAX} bytes and was ended`
      : 'stopped'
  }
  return `the program ended with ${end.signal ?? `code ${end.code}`}`
}
