import { isoTime } from '@deponent/format'
import { Command } from 'commander'
import { addMonths } from '../calendar/months.ts'
import { whyKept } from '../expiry/plan.ts'
import { realClock } from '../platform/clock.ts'
import { print } from '../platform/terminal.ts'
import { cutoffOf } from '../retention/cutoff.ts'
import { dueOf } from '../retention/due.ts'
import { retentionIn, type RetentionSettings } from '../retention/settings.ts'
import { asked, type AskingOptions, speaking } from './asking.ts'
import { type Connection, jsonOf } from './connection.ts'
import { inputBytes } from './file.ts'
import { withConnection, withLedger } from './options.ts'
import { table } from './table.ts'

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

export const plan = withLedger(withConnection(new Command('plan')))
  .description(
    'what would be deleted of each system, and why, by the settings in force or by others; nothing is',
  )
  .argument('[file]', 'other settings: JSON as docs/retention.md describes it, - for standard input')
  .addHelpText(
    'after',
    '\nExample:\n  deponent retention plan --data ./data\n  deponent retention plan retention.json --data ./data',
  )
  .action(async (path: string | undefined, options: AskingOptions) => {
    if (path === undefined) {
      await asked<PlanInForce>(options, (connection) => connection.get('/v1/retention/plan'), inForce)
      return
    }
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

/** The plan by the settings in force, as the server makes it. */
interface PlanInForce {
  digest: string
  systems: {
    system: string
    entries: number
    due: number
    withinAYear: number
    policy: string | null
    before: string | null
    why: string | null
  }[]
}

function inForce({ digest, systems }: PlanInForce): string {
  const rows = systems.map(({ entries, ...row }) => ({ ...row, decisions: entries }))
  return `${tableOf(rows, 'records')}\n\nto agree to it: deponent retention run --plan ${digest} --reason TEXT`
}

function tableOf(rows: readonly Planned[], counted = 'decisions'): string {
  if (rows.length === 0) return 'nothing is recorded yet'
  return table(
    rows.map(({ system, decisions, due, withinAYear, policy, before, why }) => ({
      system,
      [counted]: decisions,
      due,
      'within a year': withinAYear,
      'recorded before': before?.slice(0, 'YYYY-MM-DD'.length) ?? '',
      why: policy ?? why ?? '',
    })),
  )
}
