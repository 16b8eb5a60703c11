import { fromUtf8 } from '@deponent/format'
import { Command } from 'commander'
import { realClock } from '../platform/clock.ts'
import { endProgress, print, progress } from '../platform/terminal.ts'
import { retentionIn } from '../retention/settings.ts'
import { asked, type AskingOptions, speaking } from './asking.ts'
import { type Connection, jsonOf } from './connection.ts'
import { CommandError, EXIT } from './exit.ts'
import { inputBytes } from './file.ts'
import { withConnection, withLedger } from './options.ts'
import { table } from './table.ts'

const LOOK_MS = 500

interface InForce {
  version: number
  schedule: string
  systems: Record<string, { policies: string[] }>
  policies: Record<string, { reviewEvery?: string }>
  statedAt: string | null
  isConfirmed: boolean
  waitsForSecondPerson: boolean
  findings: { code: string; system: string; message: string }[]
}

interface Run {
  runId: string
  startedAt: string
  endedAt: string | null
  by: string
  expired: number
  held: number
  restricted: number
  unfinished: number
  failure: string | null
}

export const show = withLedger(withConnection(new Command('show')))
  .description('the retention in force, and what there is to say of it')
  .addHelpText('after', '\nExample:\n  deponent retention show --data ./data')
  .action(async (options: AskingOptions) => {
    await asked<InForce>(options, (connection) => connection.get('/v1/retention'), shown)
  })

function shown(inForce: InForce): string {
  const {
    findings,
    isConfirmed,
    policies: stated,
    schedule,
    systems,
    version,
    waitsForSecondPerson,
  } = inForce
  const general = table([
    { setting: 'version', value: String(version) },
    { setting: 'stated last', value: inForce.statedAt ?? 'not known' },
    { setting: 'schedule', value: schedule },
    { setting: 'a plan was agreed to', value: isConfirmed ? 'yes' : 'no: nothing is deleted' },
    { setting: 'waits for a second person', value: waitsForSecondPerson ? 'yes' : 'no' },
  ])
  const policies = Object.entries(systems).map(([system, one]) => ({
    system,
    policies: one.policies.map((id) => withReview(id, stated[id]?.reviewEvery)).join(', '),
  }))
  const said = findings.map(({ code, system, message }) => `${code}: ${system}: ${message}`)
  return [general, ...(policies.length > 0 ? [table(policies)] : []), ...said].join('\n\n')
}

function withReview(id: string, reviewEvery: string | undefined): string {
  return reviewEvery === undefined ? id : `${id} (reviewed every ${reviewEvery})`
}

/** What only the server says of settings, so that what `show --json` prints can be sent again. */
const TOLD = ['statedAt', 'isConfirmed', 'waitsForSecondPerson', 'findings']

export const set = withLedger(withConnection(new Command('set')))
  .description('replace the retention in force; content goes earlier only when two identities send the same')
  .argument('<file>', 'JSON, - for standard input; its version is the one it was made from')
  .requiredOption('--reason <text>', 'why; it is recorded')
  .addHelpText(
    'after',
    '\nExample:\n  deponent retention set retention.json --reason "limitation of claims is three years"',
  )
  .action(async (path: string, options: AskingOptions & { reason: string }) => {
    const settings = retentionIn(withoutTold(await inputBytes(path)))
    const body = JSON.stringify({ ...settings, reason: reasonIn(options) })
    const answer = jsonOf(
      await speaking(options, (connection) => connection.send('PUT', '/v1/retention', body)),
    ) as InForce
    print(options.json ? JSON.stringify(answer) : `version ${answer.version} is in force\n\n${shown(answer)}`)
  })

function withoutTold(bytes: Uint8Array): Uint8Array {
  try {
    const value = JSON.parse(fromUtf8(bytes)) as Record<string, unknown>
    if (!TOLD.some((member) => member in value)) return bytes
    const kept = Object.entries(value).filter(([member]) => !TOLD.includes(member))
    return Buffer.from(JSON.stringify(Object.fromEntries(kept)))
  } catch {
    // Whoever reads it next says what is wrong with it.
    return bytes
  }
}

export const run = withLedger(withConnection(new Command('run')))
  .description('delete what is due by the retention in force; the first time, agree to a plan')
  .option('--plan <digest>', 'the plan that was seen, as `deponent retention plan` prints it')
  .requiredOption('--reason <text>', 'why; it is recorded with the plan that is agreed to')
  .addHelpText(
    'after',
    '\nExit code 1 when something that is due could not be deleted.\n\nExample:\n  deponent retention run --plan DIGEST --reason "agreed with the data protection officer"',
  )
  .action(async (options: AskingOptions & { plan?: string; reason: string }) => {
    const { json, plan: planDigest } = options
    const body = JSON.stringify({
      reason: reasonIn(options),
      ...(planDigest !== undefined && { planDigest }),
    })
    const ended = await speaking(options, async (connection) => {
      const { runId } = jsonOf(await connection.post('/v1/retention/runs', body)) as Run
      return endOf(connection, runId)
    })
    print(json ? JSON.stringify(ended) : told(ended))
    if (ended.failure !== null || ended.unfinished > 0) process.exitCode = EXIT.negative
  })

async function endOf(connection: Connection, runId: string): Promise<Run> {
  for (;;) {
    const found = (await runsOf(connection)).find((one) => one.runId === runId)
    if (!found) throw new CommandError(EXIT.internal, 'the server has forgotten the run')
    if (found.endedAt !== null) {
      endProgress()
      return found
    }
    progress(`${found.expired} deleted`)
    await realClock.sleep(LOOK_MS)
  }
}

async function runsOf(connection: Connection): Promise<Run[]> {
  return (jsonOf(await connection.get('/v1/retention/runs')) as { items: Run[] }).items
}

function told({ expired, failure, held, restricted, unfinished }: Run): string {
  const kept = [
    ...(held > 0 ? [`${held} kept by a hold`] : []),
    ...(restricted > 0 ? [`${restricted} kept because processing of them is restricted`] : []),
    ...(unfinished > 0 ? [`${unfinished} not deleted yet; that is tried again`] : []),
    ...(failure === null ? [] : [`it ended early: ${failure}`]),
  ]
  return [`the content of ${expired} records was deleted`, ...kept].join('\n')
}

export const runs = withLedger(withConnection(new Command('runs')))
  .description('the last runs of the retention: when, by whom, and what came of them')
  .addHelpText('after', '\nExample:\n  deponent retention runs --data ./data')
  .action(async (options: AskingOptions) => {
    await asked<{ items: Run[] }>(
      options,
      (connection) => connection.get('/v1/retention/runs'),
      ({ items }) => (items.length === 0 ? 'there was no run yet' : table(items.map(rowOf))),
    )
  })

function rowOf({
  by,
  endedAt,
  expired,
  failure,
  held,
  restricted,
  startedAt,
  unfinished,
}: Run): Record<string, unknown> {
  return {
    started: startedAt,
    ended: endedAt ?? 'under way',
    by,
    deleted: expired,
    held,
    restricted,
    open: unfinished,
    failure: failure ?? '',
  }
}

function reasonIn({ reason }: { reason: string }): string {
  const said = reason.trim()
  if (said === '') throw new CommandError(EXIT.usage, 'say why: --reason TEXT')
  return said
}
