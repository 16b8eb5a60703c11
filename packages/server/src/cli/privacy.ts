import { fromUtf8 } from '@deponent/format'
import { Command } from 'commander'
import { print } from '../platform/terminal.ts'
import { type AskingOptions, speaking } from './asking.ts'
import { jsonOf } from './connection.ts'
import { CommandError, EXIT } from './exit.ts'
import { inputBytes } from './file.ts'
import { withConnection, withLedger } from './options.ts'
import { table } from './table.ts'

/** The settings as the server tells them. */
interface Settings {
  version: number
  mode: string
  capture: string
  includeInputs: boolean
  includeOutputs: boolean
  hashSensitiveData: boolean
  erasure: { twoPersons: boolean }
  systems: Record<string, { mode?: string; fields: Record<string, string> }>
  indexFollows: boolean
}

interface Field {
  pointer: string
  class: string
  why: string
  met: number
  detected: Record<string, number>
}

function textOf({ systems, erasure, ...switches }: Settings): string {
  const general = Object.entries({ ...switches, twoPersons: erasure.twoPersons }).map(([setting, value]) => ({
    setting,
    value: String(value),
  }))
  const declared = Object.entries(systems).flatMap(([system, { mode, fields }]) => [
    ...(mode === undefined ? [] : [{ system, field: 'every other', becomes: mode }]),
    ...Object.entries(fields).map(([field, becomes]) => ({ system, field, becomes })),
  ])
  return [table(general), ...(declared.length > 0 ? [table(declared)] : [])].join('\n\n')
}

const show = withLedger(withConnection(new Command('show')))
  .description('show what is kept of records and what becomes of their fields')
  .option('--system <name>', 'the fields of this AI system: the class of each, and why')
  .addHelpText('after', '\nExample:\n  deponent privacy show --system credit')
  .action(async (options: AskingOptions & { system?: string }) => {
    const { system, json } = options
    const path = system === undefined ? '/v1/privacy' : `/v1/systems/${encodeURIComponent(system)}/fields`
    const answer = jsonOf(await speaking(options, (connection) => connection.get(path)))
    if (json) print(JSON.stringify(answer))
    else if (system === undefined) print(textOf(answer as Settings))
    else {
      const { items } = answer as { items: Field[] }
      const rows = items.map(({ detected, ...field }) => ({
        ...field,
        detected: Object.entries(detected)
          .map(([name, count]) => `${name} ${count}`)
          .join(', '),
      }))
      print(rows.length === 0 ? 'no fields were met yet' : table(rows))
    }
  })

function settingsIn(bytes: Uint8Array): object {
  let value: unknown
  try {
    value = JSON.parse(fromUtf8(bytes))
  } catch {
    throw new CommandError(EXIT.usage, 'the settings are not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new CommandError(EXIT.usage, 'the settings must be a JSON object')
  const { indexFollows: _, ...settings } = value as Record<string, unknown>
  return settings
}

const set = withLedger(withConnection(new Command('set')))
  .description('replace these settings by those of a file, as `deponent privacy show --json` prints them')
  .argument('<file>', 'JSON, - for standard input; its version is the one it was made from')
  .requiredOption('--reason <text>', 'why; it is recorded')
  .addHelpText(
    'after',
    '\nExample:\n  deponent privacy show --json > privacy.json\n  deponent privacy set privacy.json --reason "the zip code is not needed any more"',
  )
  .action(async (path: string, options: AskingOptions & { reason: string }) => {
    const reason = options.reason.trim()
    if (reason === '') throw new CommandError(EXIT.usage, 'say why: --reason TEXT')
    const body = JSON.stringify({ ...settingsIn(await inputBytes(path)), reason })
    const answer = jsonOf(
      await speaking(options, (connection) => connection.send('PUT', '/v1/privacy', body)),
    ) as Settings
    print(options.json ? JSON.stringify(answer) : `version ${answer.version} is in force`)
  })

export const privacy = new Command('privacy')
  .description('what is kept of records, and what becomes of their fields')
  .addCommand(show.exitOverride())
  .addCommand(set.exitOverride())
