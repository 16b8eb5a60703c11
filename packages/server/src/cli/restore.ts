import { Command } from 'commander'
import { realClock } from '../platform/clock.ts'
import { endProgress, print, progress } from '../platform/terminal.ts'
import { type AskingOptions, speaking } from './asking.ts'
import { type Connection, jsonOf } from './connection.ts'
import { CommandError, EXIT } from './exit.ts'
import { manyDays, type Months, months, withConnection, withLedger } from './options.ts'

const LOOK_MS = 500
const DAYS_DEFAULT = 30

interface Restoration extends Months {
  state: 'running' | 'done' | 'failed'
  bytes: number
  done: number
}

export const restore = withLedger(withConnection(new Command('restore')))
  .description('bring archived months of the index back, so that questions find them')
  .argument('<months>', '2023-01..2023-06, or one month', months)
  .option('--for <days>', 'days for which they stay', manyDays, DAYS_DEFAULT)
  .addHelpText(
    'after',
    '\nExit code 1 when they could not be brought back.\n\nExample:\n  deponent restore 2023-01..2023-06 --for 14',
  )
  .action(async (range: Months, options: AskingOptions & { for: number }) => {
    const body = JSON.stringify({ ...range, days: options.for })
    const ended = await speaking(options, async (connection) => {
      jsonOf(await connection.post('/v1/tiers/restorations', body))
      return endOf(connection)
    })
    print(options.json ? JSON.stringify(ended) : told(ended))
    if (ended.state === 'failed') process.exitCode = EXIT.negative
  })

async function endOf(connection: Connection): Promise<Restoration> {
  for (;;) {
    const { restoration } = jsonOf(await connection.get('/v1/tiers')) as { restoration: Restoration | null }
    if (!restoration)
      throw new CommandError(EXIT.internal, 'the server has forgotten what it was to bring back')
    if (restoration.state !== 'running') {
      endProgress()
      return restoration
    }
    progress(`${restoration.done} of ${restoration.bytes} bytes are back`)
    await realClock.sleep(LOOK_MS)
  }
}

function told({ bytes, from, state, to }: Restoration): string {
  if (state === 'failed') return `months from ${from} to ${to} could not all be brought back; ask again`
  return bytes === 0
    ? `no month from ${from} to ${to} was archived`
    : `months from ${from} to ${to} are back: ${bytes} bytes of Parquet`
}
