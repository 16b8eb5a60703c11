/**
 * How much is stored after so many months. A month is a twelfth of 365 days, so a year has 365 and leap days are left out. Records of
 * all ages are alike, and everything that has had its time is gone at once.
 */
import { dividedHalfUp } from './decimal.ts'
import { type Layer, type Stay, type Tier, TIERS } from './layer.ts'

const YEAR_DAYS = 365n
const YEAR_MONTHS = 12n

/** What is asked of the model. Days are ages of a record, counted from when it was recorded. */
export interface Scenario {
  /** 1 to 10¹². */
  readonly decisionsPerDay: number
  /** 1 to 100. */
  readonly years: number
  /** When content is deleted; never when absent. */
  readonly keepDays?: number | undefined
  /** When a record leaves the index for the warm tier; it stays in the index when absent. */
  readonly hotDays?: number | undefined
  /** When it goes from warm to cold; never when absent. */
  readonly warmDays?: number | undefined
  /** Whether ledger and vault are copied elsewhere too. */
  readonly offsite: boolean
  /** Of what was measured: so many entries were so many decisions and what belongs to them. */
  readonly entries: number
  readonly decisions: number
}

/** Ages that contradict each other. */
export class ScenarioError extends Error {
  /** The member of the scenario. */
  readonly field: string

  constructor(field: string, message: string) {
    super(message)
    this.field = field
  }
}

/** @throws ScenarioError when its ages are not in order. Content may be deleted before it would leave a tier. */
export function checkScenario({ hotDays, warmDays }: Scenario): void {
  if (warmDays !== undefined && (hotDays === undefined || warmDays <= hotDays))
    throw new ScenarioError('warmDays', 'warmDays is more than hotDays, and needs it')
}

/** Ages in days, from one until before the other; no end when `to` is undefined. */
interface Ages {
  readonly from: number
  readonly to: number | undefined
}

const NEVER = Infinity

/** What ages of records a layer holds; undefined when it holds none, or does not grow. */
export function agesOf(stay: Stay, { hotDays, keepDays, warmDays }: Scenario): Ages | undefined {
  const between = (from = NEVER, to = NEVER): Ages | undefined => {
    const end = stay === 'always' ? to : Math.min(to, keepDays ?? NEVER)
    return from < end ? { from, to: end === NEVER ? undefined : end } : undefined
  }
  switch (stay) {
    case 'always':
    case 'content':
      return between(0)
    case 'hot':
      return between(0, hotDays)
    case 'warm':
      return between(hotDays, warmDays)
    case 'cold':
      return between(warmDays)
    case 'fixed':
      return undefined
  }
}

/** Decisions made by the end of a month, the first of which is 1. */
export function decisionsBy(month: number, { decisionsPerDay }: Scenario): bigint {
  return (BigInt(decisionsPerDay) * YEAR_DAYS * BigInt(month)) / YEAR_MONTHS
}

/** Bytes of a layer at the end of a month, rounded half up to a whole byte. */
export function bytesAt(month: number, layer: Layer, scenario: Scenario): bigint {
  if (layer.stay === 'fixed') return BigInt(layer.bytes)
  const ages = agesOf(layer.stay, scenario)
  if (!ages || layer.entries === 0) return 0n
  // In twelfths of a day, which are whole.
  const age = YEAR_DAYS * BigInt(month)
  const upTo = (days: number | undefined): bigint =>
    days === undefined || YEAR_MONTHS * BigInt(days) > age ? age : YEAR_MONTHS * BigInt(days)
  const held = upTo(ages.to) - upTo(ages.from)
  return dividedHalfUp(
    BigInt(scenario.decisionsPerDay) * held * BigInt(layer.bytes) * BigInt(scenario.entries),
    YEAR_MONTHS * BigInt(layer.entries) * BigInt(scenario.decisions),
  )
}

export type ByTier<T> = Record<Tier, T>

/** Bytes of each tier at the end of a month. */
export function tiersAt(month: number, layers: readonly Layer[], scenario: Scenario): ByTier<bigint> {
  return bytesByTier(layers, (layer) => bytesAt(month, layer, scenario))
}

export function bytesByTier(layers: readonly Layer[], bytesOf: (layer: Layer) => bigint): ByTier<bigint> {
  const sums = Object.fromEntries(TIERS.map((tier) => [tier, 0n])) as ByTier<bigint>
  for (const layer of layers) sums[layer.tier] += bytesOf(layer)
  return sums
}

/** The first month from whose end on only what is kept for ever grows; undefined when content is never deleted. */
export function steadyFrom({ keepDays }: Scenario): number | undefined {
  if (keepDays === undefined) return undefined
  return Number((BigInt(keepDays) * YEAR_MONTHS + YEAR_DAYS - 1n) / YEAR_DAYS)
}
