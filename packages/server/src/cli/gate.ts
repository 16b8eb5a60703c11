import { Command } from 'commander'
import type { HttpAnswer } from '../platform/http-client.ts'
import { note, print } from '../platform/terminal.ts'
import { type AskingOptions, speaking } from './asking.ts'
import { jsonOf } from './connection.ts'
import { CommandError, EXIT } from './exit.ts'
import { withConnection, withLedger } from './options.ts'

interface GateOptions extends AskingOptions {
  model: string
  version: string
  environment?: string
}

interface Gate {
  verdict: 'passed' | 'failed' | 'incomplete'
  reasons: { check: string; outcome: 'passed' | 'failed' | 'unknown'; message: string }[]
  isWhole: boolean
}

const EXIT_OF = { passed: EXIT.ok, failed: EXIT.negative, incomplete: EXIT.incomplete } as const
const MARK_OF = { passed: 'ok', failed: 'FAILED', unknown: 'unknown' } as const

export const gate = withLedger(withConnection(new Command('gate')))
  .description(
    'judge whether a version of a model may be deployed: evaluated, approved by another than its builder, its data registered',
  )
  .requiredOption('--model <id>', 'the model')
  .requiredOption('--version <version>', 'its version')
  .option('--environment <name>', 'where it is to go: approvals for other environments do not count')
  .addHelpText(
    'after',
    '\nExample:\n  deponent gate --model credit-risk --version 3.3 --environment production --url "$DEPONENT_URL"',
  )
  .action(async (options: GateOptions) => {
    const answer = gateIn(await speaking(options, (connection) => connection.get(pathOf(options))))
    if (options.json) print(JSON.stringify(answer))
    else {
      print(`${answer.verdict} ${options.model} ${options.version}`)
      for (const { check, message, outcome } of answer.reasons)
        print(`  ${MARK_OF[outcome].padEnd(7)}  ${check}: ${message}`)
    }
    if (!answer.isWhole) note('this key does not see everything; what is missing here may be recorded')
    process.exitCode = EXIT_OF[answer.verdict]
  })

function pathOf({ environment, model, version }: GateOptions): string {
  const query = new URLSearchParams({
    modelVersion: version,
    ...(environment !== undefined && { environment }),
  })
  return `/v1/models/${encodeURIComponent(model)}/gate?${query.toString()}`
}

/** An index that is behind is no verdict. */
function gateIn(answer: HttpAnswer): Gate {
  if (answer.status === 503) {
    const { detail } = JSON.parse(answer.text) as { detail?: string }
    throw new CommandError(EXIT.incomplete, detail ?? 'the server cannot answer this now')
  }
  return jsonOf(answer) as Gate
}
