import { isoTime } from '@deponent/format'
import { Command } from 'commander'
import { addMonths } from '../calendar/months.ts'
import { realClock } from '../platform/clock.ts'
import { print } from '../platform/terminal.ts'
import { cutoffOf } from '../retention/cutoff.ts'
import { type Due, dueOf } from '../retention/due.ts'
import { lint } from '../retention/lint.ts'
import { PRESETS } from '../retention/presets.ts'
import { retentionIn, type RetentionSettings } from '../retention/settings.ts'
import { type AskingOptions, speaking } from './asking.ts'
import { type Connection, jsonOf } from './connection.ts'
import { EXIT } from './exit.ts'
import { inputBytes } from './file.ts'
import { withConnection, withLedger } from './options.ts'
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

interface SystemItem {
  name: string
  decisions: number
}

interface Planned {
  system: string
  due: number
  withinAYear: number
  decisions: number
  policy: string | null
  before: string | null
  why: string | null
}

const plan = withLedger(withConnection(new Command('plan')))
  .description('what settings would have deleted of each system, and why; nothing is deleted')
  .argument('<file>', 'JSON as docs/retention.md describes it, - for standard input')
  .addHelpText('after', '\nExample:\n  deponent retention plan retention.json --data ./data')
  .action(async (path: string, options: AskingOptions) => {
    const settings = retentionIn(await inputBytes(path))
    const now = realClock.now()
    const rows = await speaking(options, async (connection) => {
      const { items } = jsonOf(await connection.get('/v1/systems')) as { items: SystemItem[] }
      const planned: Planned[] = []
      for (const item of items) planned.push(await plannedOf(connection, settings, item, now))
      return planned
    })
    print(options.json ? JSON.stringify({ at: isoTime(now), systems: rows }) : tableOf(rows))
  })

async function plannedOf(
  connection: Connection,
  settings: RetentionSettings,
  { decisions, name: system }: SystemItem,
  now: number,
): Promise<Planned> {
  const before = cutoffOf(settings, system, now)
  const inAYear = cutoffOf(settings, system, addMonths(now, 12))
  const due = before === undefined ? 0 : await countOf(connection, system, before)
  const untilThen = inAYear === undefined ? 0 : await countOf(connection, system, inAYear)
  const found = dueOf(settings, system, now)
  return {
    system,
    due,
    withinAYear: untilThen - due,
    decisions,
    policy: found.state === 'until' ? found.policy : null,
    before: before === undefined ? null : isoTime(before),
    why: found.state === 'until' ? null : whyKept(found),
  }
}

async function countOf(connection: Connection, system: string, before: number): Promise<number> {
  const query = new URLSearchParams({ metrics: 'count', system, to: isoTime(before) })
  const { items } = jsonOf(await connection.get(`/v1/aggregate?${query.toString()}`)) as {
    items: { count: number }[]
  }
  return items[0]?.count ?? 0
}

function whyKept(due: Exclude<Due, { state: 'until' }>): string {
  if (due.state === 'conflict') return `${due.ceiling} comes before ${due.floor}: people must resolve it`
  if (due.state === 'unknown') return `${due.policy}: its ${due.why} is not stated`
  return {
    no_policy: 'no policy',
    floors_only: 'floors only: nothing says when it goes',
    permanent: 'permanent',
  }[due.why]
}

function tableOf(rows: readonly Planned[]): string {
  if (rows.length === 0) return 'nothing is recorded yet'
  return table(
    rows.map(({ system, decisions, due, withinAYear, policy, before, why }) => ({
      system,
      decisions,
      due,
      'within a year': withinAYear,
      'recorded before': before?.slice(0, 'YYYY-MM-DD'.length) ?? '',
      why: policy ?? why ?? '',
    })),
  )
}

export const retention = new Command('retention')
  .description('how long the content of records is kept')
  .addCommand(presets.exitOverride())
  .addCommand(lintCommand.exitOverride())
  .addCommand(plan.exitOverride())
