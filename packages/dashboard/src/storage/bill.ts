/** What storing, asking and reporting costs, as the server computes it from measured sizes and the prices it was given. */
import type { StorageTier, StoredLayer } from './stored.ts'

/** `GET /v1/storage/cost`. Amounts are decimals as text. */
export interface Bill {
  /** What the prices are called. */
  readonly prices: string
  readonly currency: string
  readonly layers: readonly { readonly name: string; readonly tier: StorageTier }[]
  /** Layers that grow and are left out, because nothing tells by how much. */
  readonly notMeasured: readonly string[]
  readonly years: readonly (Standing & { readonly year: number; readonly decisions: number })[]
  readonly total: Amounts
  readonly lastMonth: Standing
}

export interface Standing {
  readonly bytes: Readonly<Record<StorageTier, number>>
  readonly amounts: Amounts
}

export type Amounts = Readonly<Record<string, string>>

const TIERS = ['hot', 'warm', 'cold', 'offsite'] as const
/** What a month costs however much is stored. */
const STANDING = ['requests', 'queries', 'reporting'] as const

/** What is paid for, in the order it is told. */
export const ITEMS: readonly (readonly [item: string, words: string])[] = [
  ['hot', 'this server’s disk'],
  ['warm', 'warm'],
  ['cold', 'cold'],
  ['offsite', 'the copy'],
  ['requests', 'requests'],
  ['queries', 'questions'],
  ['reporting', 'reporting'],
]

/**
 * What a month with what is stored now costs, by item. A price of storage is read off the last month of the bill; undefined where a
 * tier holds something now and nothing then, so that its price is not to be read off.
 */
export function monthNow(
  { lastMonth }: Bill,
  layers: readonly StoredLayer[],
): Record<string, number> | undefined {
  const amounts: Record<string, number> = {}
  for (const tier of TIERS) {
    const now = layers.filter((layer) => layer.tier === tier).reduce((sum, { bytes }) => sum + bytes, 0)
    const then = lastMonth.bytes[tier]
    if (now > 0 && then === 0) return undefined
    amounts[tier] = now === 0 ? 0 : (Number(lastMonth.amounts[tier] ?? 0) / then) * now
  }
  for (const item of STANDING) amounts[item] = Number(lastMonth.amounts[item] ?? 0)
  return amounts
}

export function totalOf(amounts: Readonly<Record<string, number>>): number {
  return Object.values(amounts).reduce((sum, amount) => sum + amount, 0)
}

/** 1234.5 → €1,234.50; what is less than a cent says so. */
export function moneyText(amount: number, currency: string): string {
  const money = new Intl.NumberFormat('en-GB', { style: 'currency', currency })
  return amount > 0 && amount < 0.01 ? `< ${money.format(0.01)}` : money.format(amount)
}

/** What the page takes from its address; undefined when it is no such number. */
export function wholeNumber(text: string | undefined, most: number): number | undefined {
  const number = Number(text)
  return text !== undefined && Number.isInteger(number) && number >= 1 && number <= most ? number : undefined
}
