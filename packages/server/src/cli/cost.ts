import { Command, InvalidArgumentError } from 'commander'
import { billOf } from '../cost/bill.ts'
import { type Scenario, ScenarioError } from '../cost/growth.ts'
import type { Layer } from '../cost/layer.ts'
import { EXAMPLE_PRICES } from '../cost/prices.ts'
import { realDisk } from '../platform/disk.ts'
import { print } from '../platform/terminal.ts'
import { layersOf, sizesOf } from '../sizes/directory-sizes.ts'
import { costTable } from './cost-table.ts'
import { connect, jsonOf, mustBeDirectory } from './connection.ts'
import { CommandError, EXIT } from './exit.ts'
import { ledgerName } from './options.ts'
import { pricesIn } from './prices.ts'

interface CostOptions {
  bytes?: number
  decisionsPerDay: number
  years: number
  keepDays?: number
  hotDays?: number
  warmDays?: number
  offsite?: boolean
  prices?: string
  ledger?: string
  key?: string
  json?: boolean
}

/** What is reckoned with, and where it comes from in words. */
interface Basis {
  readonly what: string
  readonly layers: readonly Layer[]
  readonly entries: number
  readonly decisions: number
  /** What the server does where nobody says otherwise. */
  readonly ages?: Pick<Scenario, 'hotDays' | 'warmDays'>
  readonly isCopied?: boolean
}

function between(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`It is a number from ${least} to ${most}.`)
    return value
  }
}

const days = between(1, 36_500)

export const cost = new Command('cost')
  .description(
    'what storing, asking and reporting costs in the coming years, from measured sizes and given prices',
  )
  .argument('[target]', 'a data directory, or the address of a server')
  .option('--bytes <number>', 'bytes a decision takes, instead of a target', between(1, 1e9))
  .option('--decisions-per-day <number>', 'decisions a day', between(1, 1e12), 1_000_000)
  .option('--years <number>', 'for how many years', between(1, 100), 7)
  .option('--keep-days <days>', 'age at which content is deleted (default: never)', days)
  .option(
    '--hot-days <days>',
    'age at which records leave the index for the warm tier (default: never)',
    days,
  )
  .option('--warm-days <days>', 'age at which they go from warm to cold (default: never)', days)
  .option('--offsite', 'ledger and vault are copied elsewhere too')
  .option(
    '--prices <file>',
    'JSON as docs/cost.md describes it, - for standard input (default: those of an example)',
  )
  .option('--ledger <name>', 'one ledger of the directory (default: all), or of the server', ledgerName)
  .option('--key <key>', 'key to ask a server with (or DEPONENT_KEY)')
  .option('--json', 'answer in JSON')
  .addHelpText(
    'after',
    '\nExample:\n  deponent cost ./data --decisions-per-day 200000 --prices prices.json\n  deponent cost --bytes 1000 --decisions-per-day 1000000 --years 7',
  )
  .action(async (target: string | undefined, options: CostOptions) => {
    const prices = options.prices === undefined ? EXAMPLE_PRICES : await pricesIn(options.prices)
    const basis = await basisOf(target, options)
    const { decisionsPerDay, hotDays, keepDays, offsite, warmDays, years } = options
    const { ages, decisions, entries, isCopied = false } = basis
    const isAged = hotDays !== undefined || warmDays !== undefined
    const scenario = {
      decisionsPerDay,
      years,
      keepDays,
      ...(isAged ? { hotDays, warmDays } : ages),
      offsite: offsite ?? isCopied,
      entries,
      decisions,
    }
    const bill = billFor(basis, scenario, prices)
    print(options.json ? JSON.stringify({ basis: basis.what, ...bill }) : costTable(basis.what, bill))
  })

function billFor(
  { layers }: Basis,
  scenario: Scenario,
  prices: typeof EXAMPLE_PRICES,
): ReturnType<typeof billOf> {
  try {
    return billOf(layers, scenario, prices)
  } catch (error) {
    if (error instanceof ScenarioError) throw new CommandError(EXIT.usage, error.message)
    throw error
  }
}

function basisOf(target: string | undefined, options: CostOptions): Promise<Basis> | Basis {
  const { bytes } = options
  if ((target === undefined) === (bytes === undefined))
    throw new CommandError(EXIT.usage, 'name a data directory or a server, or give --bytes instead')
  if (target === undefined) return stated(bytes ?? 0)
  return /^https?:\/\//.test(target) ? ofServer(target, options) : ofDirectory(target, options.ledger)
}

function stated(bytes: number): Basis {
  const layer: Layer = { name: 'stated', tier: 'hot', stay: 'content', bytes, entries: 1 }
  return { what: `${bytes} bytes a decision, as stated`, layers: [layer], entries: 1, decisions: 1 }
}

/** From the files alone. They do not tell decisions from what was recorded about them. */
async function ofDirectory(data: string, ledger: string | undefined): Promise<Basis> {
  await mustBeDirectory(data, ledger)
  const sizes = await sizesOf(realDisk, data)
  const counted = [...sizes.ledgers].filter(([name]) => ledger === undefined || name === ledger)
  const total = counted.reduce((sum, [, { entries }]) => sum + entries, 0)
  return {
    what: `${total} entries of ${data}, each taken for a decision`,
    layers: layersOf(sizes, ledger),
    entries: 1,
    decisions: 1,
  }
}

interface Stored {
  entries: number
  decisions: number | null
  layers: Layer[]
  hotDays: number | null
  warmDays: number | null
  offsite: boolean
}

async function ofServer(url: string, { key, ledger }: CostOptions): Promise<Basis> {
  const connection = await connect({
    data: '',
    url,
    ...(key !== undefined && { key }),
    ...(ledger !== undefined && { ledger }),
  })
  const { decisions, entries, layers, ...server } = jsonOf(
    await connection.get('/v1/storage?days=1'),
  ) as Stored
  const known = decisions !== null && decisions > 0
  return {
    what: known
      ? `${decisions} decisions of ${url}, with what belongs to them ${entries} entries`
      : `${entries} entries of ${url}, each taken for a decision`,
    layers,
    entries: known ? entries : 1,
    decisions: known ? decisions : 1,
    ages: { hotDays: server.hotDays ?? undefined, warmDays: server.warmDays ?? undefined },
    isCopied: server.offsite,
  }
}
