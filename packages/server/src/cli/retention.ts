import { Command } from 'commander'
import { realClock } from '../platform/clock.ts'
import { print } from '../platform/terminal.ts'
import { lint } from '../retention/lint.ts'
import { PRESETS } from '../retention/presets.ts'
import { retentionIn } from '../retention/settings.ts'
import { EXIT } from './exit.ts'
import { inputBytes } from './file.ts'
import { plan } from './retention-plan.ts'
import { run, runs, set, show } from './retention-in-force.ts'
import { table } from './table.ts'

interface Told {
  json?: boolean
}

const presets = new Command('presets')
  .description('retention policies under names that people know: how long, from when, and by which rule')
  .option('--json', 'as JSON')
  .action(({ json }: Told) => {
    print(
      json
        ? JSON.stringify(PRESETS)
        : table(
            PRESETS.map(({ id, bound, period, trigger, layer, basis, confidence }) => ({
              preset: id,
              bound,
              period: period ?? 'to be stated',
              from: trigger,
              layer,
              basis,
              confidence,
            })),
          ),
    )
  })

const lintCommand = new Command('lint')
  .description('what is to be known of retention settings before they are in force')
  .argument('<file>', 'JSON as docs/retention.md describes it, - for standard input')
  .option('--json', 'as JSON')
  .addHelpText(
    'after',
    '\nExit code 1 when there is anything to say.\n\nExample:\n  deponent retention lint retention.json',
  )
  .action(async (path: string, { json }: Told) => {
    const found = lint(retentionIn(await inputBytes(path)), realClock.now())
    if (json) print(JSON.stringify(found))
    else
      for (const { code, system, policy, message } of found)
        print(`${code}: ${policy === undefined ? system : `${system}, ${policy}`}: ${message}`)
    if (!json && found.length === 0) print('nothing to say')
    if (found.length > 0) process.exitCode = EXIT.negative
  })

export const retention = new Command('retention')
  .description('how long the content of records is kept')
  .addCommand(presets.exitOverride())
  .addCommand(lintCommand.exitOverride())
  .addCommand(show.exitOverride())
  .addCommand(set.exitOverride())
  .addCommand(plan.exitOverride())
  .addCommand(run.exitOverride())
  .addCommand(runs.exitOverride())
