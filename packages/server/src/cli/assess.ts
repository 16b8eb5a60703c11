import { Command } from 'commander'
import { note, print } from '../platform/terminal.ts'
import { type AskingOptions, speaking } from './asking.ts'
import { jsonOf } from './connection.ts'
import { EXIT } from './exit.ts'
import { withConnection, withLedger } from './options.ts'

interface Assessed {
  verdict: 'in_order' | 'gaps' | 'incomplete'
  findings: { severity: 'gap' | 'info'; code: string; message: string; next: string }[]
  checked: { systems: number; models: number; versions: number; decisions: number }
  archived?: { from: string; to: string }[]
  isWhole: boolean
}

const EXIT_OF = { in_order: EXIT.ok, gaps: EXIT.negative, incomplete: EXIT.incomplete } as const

export const assess = withLedger(withConnection(new Command('assess')))
  .description('hold what decisions show against what is declared of systems, models and versions')
  .addHelpText('after', '\nExample:\n  deponent assess --data ./data')
  .action(async (options: AskingOptions) => {
    const answer = jsonOf(await speaking(options, (connection) => connection.get('/v1/assess'))) as Assessed
    if (options.json) print(JSON.stringify(answer))
    else for (const line of linesOf(answer)) print(line)
    if (!answer.isWhole) note('this key does not see everything')
    if (answer.archived) note('months that are archived were not looked at')
    process.exitCode = EXIT_OF[answer.verdict]
  })

function linesOf({ checked, findings, verdict }: Assessed): string[] {
  const { decisions, models, systems, versions } = checked
  return [
    `${verdict.replace('_', ' ')}: ${decisions} decisions, ${systems} systems, ${models} models, ${versions} versions`,
    ...findings.flatMap(({ code, message, next, severity }) => [
      `${severity} ${code}: ${message}`,
      `  next: ${next}`,
    ]),
  ]
}
