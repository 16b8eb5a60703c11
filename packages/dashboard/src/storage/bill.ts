/** What storing, asking and reporting costs, as the server computes it from measured sizes and the prices it was given. */
import type { StorageTier } from './stored.ts'

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
  /** What is stored now, in all layers, and what a month with it costs. */
  readonly now: Standing
  readonly lastMonth: Standing
}

export interface Standing {
  readonly bytes: Readonly<Record<StorageTier, number>>
  readonly amounts: Amounts
}

export type Amounts = Readonly<Record<string, string>>

/** What is paid for, in the order it is told. */
const ITEMS: readonly (readonly [item: string, words: string])[] = [
  ['hot', 'this server’s disk'],
  ['warm', 'warm'],
  ['cold', 'cold'],
  ['offsite', 'the copy'],
  ['requests', 'requests'],
  ['queries', 'questions'],
  ['reporting', 'reporting'],
]

/** The parts of an amount that cost anything. */
export function itemsOf(amounts: Amounts): readonly { readonly words: string; readonly amount: number }[] {
  return ITEMS.map(([item, words]) => ({ words, amount: Number(amounts[item] ?? 0) })).filter(
    ({ amount }) => amount > 0,
  )
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
