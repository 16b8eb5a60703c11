/** What is paid: storage, requests, queries and hours of reporting, month by month, from measured sizes and given prices. */
import { ATTOS_OF_NANO, decimalText, dividedHalfUp, nanosOf } from './decimal.ts'
import {
  agesOf,
  bytesByTier,
  type ByTier,
  checkScenario,
  decisionsBy,
  type Scenario,
  steadyFrom,
  tiersAt,
} from './growth.ts'
import { type Layer, type Stay, type Tier, TIERS } from './layer.ts'
import type { Prices } from './prices.ts'

const GIGABYTE = { GB: 10n ** 9n, GiB: 2n ** 30n }
const YEAR_MONTHS = 12
/** Digits behind the point of an amount in a bill; tables show two. */
const AMOUNT_PLACES = 6

export const ITEMS = [...TIERS, 'requests', 'queries', 'reporting'] as const

export type Item = (typeof ITEMS)[number]

/** Amounts in units of 10⁻¹⁸ of the currency. */
export type Attos = Record<Item, bigint>

/** Amounts as decimals with six digits behind the point, each rounded half up by itself, and of the exact sum the total. */
export type Amounts = Record<Item | 'total', string>

/** What is stored at a time, and what is paid for a year or a month that ends then. */
export interface Standing {
  readonly bytes: ByTier<number>
  readonly amounts: Amounts
}

export interface Bill {
  /** What the prices are called. */
  readonly prices: string
  readonly currency: string
  readonly gigabyte: 'GB' | 'GiB'
  readonly scenario: Omit<Scenario, 'entries' | 'decisions'>
  /** Bytes of each layer for one decision and what belongs to it, two digits behind the point; null for layers that do not grow. */
  readonly layers: readonly {
    name: string
    tier: Tier
    stay: Stay
    bytesPerDecision: string | null
    bytes: number
  }[]
  /** Layers that grow and are left out, because nothing tells by how much. */
  readonly notMeasured: readonly string[]
  /** Bytes at the end of each year, and what was paid in it. */
  readonly years: readonly ({ readonly year: number; readonly decisions: number } & Standing)[]
  readonly total: Amounts
  /** What is stored now, in all layers, and what a month with it costs. */
  readonly now: Standing
  readonly lastMonth: Standing
  /** From the end of this month on only what is kept for ever grows; null when content is never deleted. */
  readonly steadyFromMonth: number | null
}

/** What a month costs: what is stored at its end is charged for all of it. */
export function monthOf(bytes: ByTier<bigint>, prices: Prices): Attos {
  const { requests, queries, reporting, storage, gigabyte } = prices
  const storing = TIERS.map((tier): [Tier, bigint] => [
    tier,
    dividedHalfUp(bytes[tier] * nanosOf(storage[tier]) * ATTOS_OF_NANO, GIGABYTE[gigabyte]),
  ])
  const product = (a: string, b: string): bigint => nanosOf(a) * nanosOf(b)
  return {
    ...(Object.fromEntries(storing) as ByTier<bigint>),
    requests: dividedHalfUp(
      product(requests.putsPerMonth, requests.perThousandPuts) +
        product(requests.getsPerMonth, requests.perThousandGets),
      1_000n,
    ),
    queries:
      nanosOf(queries.perMonth) * ATTOS_OF_NANO +
      product(queries.terabytesScannedPerMonth, queries.perTerabyteScanned),
    reporting: product(reporting.hoursPerMonth, reporting.perHour),
  }
}

/** The bill of a scenario. @throws ScenarioError */
export function billOf(measured: readonly Layer[], scenario: Scenario, prices: Prices): Bill {
  checkScenario(scenario)
  const layers = [...measured, ...(scenario.offsite ? copiesOf(measured) : [])]
  const standings = Array.from({ length: scenario.years * YEAR_MONTHS }, (_, i) => {
    const bytes = tiersAt(i + 1, layers, scenario)
    return { bytes, attos: monthOf(bytes, prices) }
  })
  const { entries, decisions, ...asked } = scenario
  const years = Array.from({ length: scenario.years }, (_, i) => {
    const months = standings.slice(i * YEAR_MONTHS, (i + 1) * YEAR_MONTHS)
    return {
      year: i + 1,
      decisions: Number(decisionsBy((i + 1) * YEAR_MONTHS, scenario)),
      bytes: numbersOf(months.at(-1)!.bytes),
      amounts: amountsOf(sumOf(months.map(({ attos }) => attos))),
    }
  })
  const last = standings.at(-1)!
  const now = bytesByTier(layers, ({ bytes }) => BigInt(bytes))
  return {
    prices: prices.name,
    currency: prices.currency,
    gigabyte: prices.gigabyte,
    scenario: asked,
    layers: layers.map((layer) => ({
      name: layer.name,
      tier: layer.tier,
      stay: layer.stay,
      bytesPerDecision: perDecision(layer, entries, decisions),
      bytes: layer.bytes,
    })),
    notMeasured: notMeasured(layers, scenario),
    years,
    total: amountsOf(sumOf(standings.map(({ attos }) => attos))),
    now: standingOf(now, prices),
    lastMonth: standingOf(last.bytes, prices),
    steadyFromMonth: steadyFrom(scenario) ?? null,
  }
}

/** Names of the layers that are copied: what a ledger comes back from. Keys are kept apart, the index is made again. */
const COPIED = new Set(['entryTiles', 'hashTiles', 'vault'])

function copiesOf(layers: readonly Layer[]): Layer[] {
  return layers
    .filter(({ name }) => COPIED.has(name))
    .map((layer) => ({ ...layer, name: `copy of ${layer.name}`, tier: 'offsite' }))
}

/** Bytes of everything that grows for one decision and what belongs to it, two digits behind the point; null while nothing tells. */
export function bytesPerDecision(
  layers: readonly Layer[],
  { decisions, entries }: Pick<Scenario, 'decisions' | 'entries'>,
): string | null {
  const known = layers.filter((layer) => layer.stay !== 'fixed' && layer.entries > 0)
  if (known.length === 0) return null
  const hundredths = known.reduce((sum, layer) => sum + hundredthsOf(layer, entries, decisions), 0n)
  return decimalText(hundredths * ATTOS_OF_HUNDREDTH, 2)
}

function perDecision(layer: Layer, entries: number, decisions: number): string | null {
  if (layer.stay === 'fixed' || layer.entries === 0) return null
  return decimalText(hundredthsOf(layer, entries, decisions) * ATTOS_OF_HUNDREDTH, 2)
}

const ATTOS_OF_HUNDREDTH = 10n ** 16n

/** Bytes for one decision in hundredths, rounded half up. */
function hundredthsOf(layer: Layer, entries: number, decisions: number): bigint {
  return dividedHalfUp(
    100n * BigInt(layer.bytes) * BigInt(entries),
    BigInt(layer.entries) * BigInt(decisions),
  )
}

/** Layers that hold records of some age and have nothing to tell by how much those make them grow. */
function notMeasured(layers: readonly Layer[], scenario: Scenario): string[] {
  const grows = (stay: Stay): boolean => agesOf(stay, scenario) !== undefined
  const unknown = layers.filter(({ entries, stay }) => entries === 0 && grows(stay))
  const absent = (['warm', 'cold'] as const).filter(
    (tier) => grows(tier) && !layers.some(({ stay }) => stay === tier),
  )
  return [...unknown.map(({ name }) => name), ...absent]
}

function standingOf(bytes: ByTier<bigint>, prices: Prices): Standing {
  return { bytes: numbersOf(bytes), amounts: amountsOf(monthOf(bytes, prices)) }
}

function sumOf(months: readonly Attos[]): Attos {
  return Object.fromEntries(
    ITEMS.map((item) => [item, months.reduce((sum, attos) => sum + attos[item], 0n)]),
  ) as Attos
}

function amountsOf(attos: Attos): Amounts {
  const total = ITEMS.reduce((sum, item) => sum + attos[item], 0n)
  const amounts = ITEMS.map((item) => [item, decimalText(attos[item], AMOUNT_PLACES)])
  return {
    ...(Object.fromEntries(amounts) as Record<Item, string>),
    total: decimalText(total, AMOUNT_PLACES),
  }
}

function numbersOf(bytes: ByTier<bigint>): ByTier<number> {
  return Object.fromEntries(TIERS.map((tier) => [tier, Number(bytes[tier])])) as ByTier<number>
}
