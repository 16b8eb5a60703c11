import { Command } from 'commander'
import { asked, type AskingOptions } from './asking.ts'
import { type Months, months, withConnection, withLedger } from './options.ts'
import { table } from './table.ts'

interface Tiers {
  hot: { rows: number; bytes: number } | null
  hotDays: number | null
  warmDays: number | null
  months: {
    month: string
    tier: string
    decisions: number
    rows: number
    bytes: number
    restoredUntil: string | null
  }[]
  trouble: string
}

const release = withLedger(withConnection(new Command('release')))
  .description('let months that were brought back be archived again')
  .argument('<months>', '2023-01..2023-06, or one month', months)
  .addHelpText('after', '\nExample:\n  deponent tiers release 2023-01..2023-06')
  .action(async (range: Months, options: AskingOptions) => {
    await asked<Months>(
      options,
      (connection) => connection.post('/v1/tiers/releases', JSON.stringify(range)),
      ({ from, to }) => `${from} to ${to}: archived again as soon as their time is over`,
    )
  })

export const tiers = withLedger(withConnection(new Command('tiers')))
  .description('where the rows of the index lie: in the index, in Parquet files, in archives')
  .addHelpText('after', '\nExample:\n  deponent tiers --data ./data')
  .action(async (options: AskingOptions) => {
    await asked<Tiers>(options, (connection) => connection.get('/v1/tiers'), shown)
  })
  .addCommand(release)

function shown({ hot, hotDays, months: listed, trouble, warmDays }: Tiers): string {
  const rows = [
    ...(hot ? [{ month: 'later', tier: 'hot', rows: hot.rows, bytes: hot.bytes }] : []),
    ...listed.map(({ restoredUntil, ...month }) => ({ ...month, 'brought back until': restoredUntil ?? '' })),
  ]
  const ages = [
    hotDays === null ? 'no month moves to files' : `months move to files after ${hotDays} days`,
    ...(warmDays === null ? [] : [`and to archives after ${warmDays}`]),
  ]
  return [table(rows), ages.join(' '), ...(trouble === '' ? [] : [trouble])].join('\n\n')
}
