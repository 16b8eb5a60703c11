/** A bill as people read it: what a decision takes, each year, the last month, and what all of that rests on. */
import type { Amounts, Bill, Standing } from '../cost/bill.ts'
import { decimalText, dividedHalfUp, nanosOf, ATTOS_OF_NANO } from '../cost/decimal.ts'
import { type Tier, TIERS } from '../cost/layer.ts'
import { table } from './table.ts'

const UNIT_BYTES = { GB: 10n ** 9n, GiB: 2n ** 30n }
const UNIT_WORDS = { GB: '10^9 bytes', GiB: '2^30 bytes' }
const SIZE_PLACES = 3
const MONEY_PLACES = 2

export function costTable(basis: string, bill: Bill): string {
  const { currency, lastMonth, layers, now, total, years } = bill
  const tiers = TIERS.filter((tier) => years.some(({ bytes }) => bytes[tier] > 0))
  const ends = years.map(({ amounts, bytes, decisions, year }) => ({
    year: String(year),
    decisions: grouped(String(decisions)),
    ...sizes(bill, tiers, bytes),
    ...amountsOf(tiers, amounts),
  }))
  const all = { year: 'all', ...amountsOf(tiers, total) }
  const month = (year: string, { amounts, bytes }: Standing): Record<string, string> => ({
    year,
    ...sizes(bill, tiers, bytes),
    ...amountsOf(tiers, amounts),
  })
  return [
    `${basis}\n\n${table(layers.map(layerRow))}`,
    `${currency}, by ${bill.prices}; ${bill.gigabyte} are ${UNIT_WORDS[bill.gigabyte]}, as they are at the end of a year\n\n${table([month('a month now', now), ...ends, all, month('last month', lastMonth)])}`,
    notes(bill).join('\n'),
  ].join('\n\n')
}

function layerRow({
  bytes,
  bytesPerDecision,
  name,
  stay,
  tier,
}: Bill['layers'][number]): object & Record<string, unknown> {
  return {
    layer: name,
    tier,
    'bytes now': grouped(String(bytes)),
    'bytes a decision': stay === 'fixed' ? '' : grouped(bytesPerDecision ?? 'not known yet'),
    stays: STAYS[stay],
  }
}

const STAYS: Record<Bill['layers'][number]['stay'], string> = {
  always: 'for ever',
  content: 'as long as content is kept',
  hot: 'while records are hot',
  warm: 'while records are warm',
  cold: 'while records are cold',
  fixed: 'as it is',
}

function sizes({ gigabyte }: Bill, tiers: readonly Tier[], bytes: Standing['bytes']): Record<string, string> {
  const sizeOf = (tier: Tier): string => {
    const attos = dividedHalfUp(BigInt(bytes[tier]) * ATTOS_OF_NANO ** 2n, UNIT_BYTES[gigabyte])
    return grouped(decimalText(attos, SIZE_PLACES))
  }
  return Object.fromEntries(tiers.map((tier) => [`${tier} ${gigabyte}`, sizeOf(tier)]))
}

function amountsOf(tiers: readonly Tier[], amounts: Amounts): Record<string, string> {
  const items = [...tiers, 'requests', 'queries', 'reporting', 'total'] as const
  return Object.fromEntries(items.map((item) => [item, money(amounts[item])]))
}

/** From the six digits of a bill to two, rounded half up once more: a cent may be one too many where the rest was just below a half. */
function money(amount: string): string {
  return grouped(decimalText(nanosOf(amount) * ATTOS_OF_NANO, MONEY_PLACES))
}

function grouped(number: string): string {
  return number.replace(/^\d+/, (whole) => whole.replaceAll(/\B(?=(\d{3})+$)/g, ','))
}

function notes({ notMeasured, scenario, steadyFromMonth }: Bill): string[] {
  const { decisionsPerDay, hotDays, keepDays, offsite, warmDays } = scenario
  return [
    `${grouped(String(decisionsPerDay))} decisions a day, alike in size; a year has 365 days, a month is a twelfth of it and pays for what is stored at its end`,
    keepDays === undefined
      ? 'content is never deleted'
      : `content is deleted after ${keepDays} days: from month ${steadyFromMonth} on only what is kept for ever grows`,
    ...(hotDays === undefined ? [] : [`records leave the index after ${hotDays} days`]),
    ...(warmDays === undefined ? [] : [`they go cold after ${warmDays} days`]),
    ...(offsite ? ['ledger and vault once more elsewhere'] : []),
    ...(notMeasured.length === 0
      ? []
      : [`left out, because nothing tells its size yet: ${notMeasured.join(', ')}`]),
    'not in it: machines, network, backups, and people but for the hours of reporting',
  ]
}
