import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { costTable } from '../../packages/server/src/cli/cost-table.ts'
import { billOf, bytesPerDecision, ITEMS, monthOf } from '../../packages/server/src/cost/bill.ts'
import { bytesAt, ScenarioError, type Scenario, tiersAt } from '../../packages/server/src/cost/growth.ts'
import type { Layer, Stay } from '../../packages/server/src/cost/layer.ts'
import { EXAMPLE_PRICES, pricesSchema } from '../../packages/server/src/cost/prices.ts'

const scenario = (more: Partial<Scenario> = {}): Scenario => ({
  decisionsPerDay: 1_000_000,
  years: 7,
  offsite: false,
  entries: 1,
  decisions: 1,
  ...more,
})
const layer = (stay: Stay, bytes: number, entries = 1, more: Partial<Layer> = {}): Layer => ({
  name: stay,
  tier: stay === 'warm' || stay === 'cold' ? stay : 'hot',
  stay,
  bytes,
  entries,
  ...more,
})
const KILOBYTE = layer('content', 1_000)

describe('the example', () => {
  const bill = billOf([KILOBYTE], scenario(), EXAMPLE_PRICES)

  test('1 million decisions of 1 KB a day are 2.555 TB after seven years', () => {
    expect(bill.years.at(-1)).toMatchObject({ decisions: 2_555_000_000, bytes: { hot: 2_555_000_000_000 } })
  })

  test('a month of them costs 58.765 to store, 10 to query, 600 to report: 668.765', () => {
    expect(bill.lastMonth.amounts).toMatchObject({
      hot: '58.765000',
      queries: '10.000000',
      reporting: '600.000000',
      total: '668.765000',
    })
  })

  test('is derived in docs/cost.md in the same figures, and printed by the command in them', () => {
    const page = readFileSync(new URL('../../docs/cost.md', import.meta.url), 'utf8')
    const table = costTable('1000 bytes a decision, as stated', bill)
    for (const figure of ['2,555,000,000', '58.77', '668.77', '2,497.51', '600.00', '10.00']) {
      expect(page).toContain(figure)
      expect(table).toContain(figure)
    }
    expect(table).toMatch(/^last month +2,555\.000 +58\.77 +0\.00 +10\.00 +600\.00 +668\.77$/m)
    expect(table).toContain(EXAMPLE_PRICES.name)
  })

  test('is 31.67 a month to store with the 539 bytes that such a decision was measured to take', () => {
    const measured = billOf([layer('content', 539)], scenario(), EXAMPLE_PRICES).lastMonth
    expect(measured).toMatchObject({ bytes: { hot: 1_377_145_000_000 }, amounts: { hot: '31.674335' } })
  })

  test('seven years from nothing cost 2,497.51 to store, half a month more than half of a full store', () => {
    // 58.765 a month × 84 months × (84 + 1) / (2 × 84)
    expect(bill.total.hot).toBe('2497.512500')
    expect(bill.total.total).toBe('53737.512500')
  })

  test('with gibibytes the month is 54.73, with 1,024 bytes to the kilobyte 60.18', () => {
    const gibibytes = billOf([KILOBYTE], scenario(), { ...EXAMPLE_PRICES, gigabyte: 'GiB' })
    expect(gibibytes.lastMonth.amounts.hot).toBe('54.729171')
    const kibibytes = billOf([layer('content', 1_024)], scenario(), EXAMPLE_PRICES)
    expect(kibibytes.lastMonth.amounts.hot).toBe('60.175360')
  })
})

const anyStay = fc.constantFrom<Stay>('always', 'content', 'hot', 'warm', 'cold')
const anyLayer = fc
  .record({ stay: anyStay, bytes: fc.nat(1e12), entries: fc.integer({ min: 1, max: 1e9 }) })
  .map(({ stay, bytes, entries }) => layer(stay, bytes, entries))
const anyScenario = fc
  .record({
    decisionsPerDay: fc.integer({ min: 1, max: 1e9 }),
    hot: fc.integer({ min: 1, max: 400 }),
    warm: fc.integer({ min: 1, max: 400 }),
    cold: fc.integer({ min: 1, max: 3_000 }),
    tiers: fc.constantFrom(0, 1, 2),
  })
  .map(({ cold, decisionsPerDay, hot, tiers, warm }) =>
    scenario({
      decisionsPerDay,
      years: 20,
      keepDays: hot + warm + cold,
      ...(tiers > 0 && { hotDays: hot }),
      ...(tiers > 1 && { warmDays: hot + warm }),
    }),
  )

describe('what is stored', () => {
  test('grows with decisions in proportion, to the byte that is rounded', () => {
    fc.assert(
      fc.property(anyLayer, anyScenario, fc.integer({ min: 1, max: 240 }), (one, asked, month) => {
        const single = bytesAt(month, one, asked)
        const double = bytesAt(month, one, { ...asked, decisionsPerDay: 2 * asked.decisionsPerDay })
        expect([2n * single - 1n, 2n * single, 2n * single + 1n]).toContain(double)
      }),
    )
  })

  test('stands still once content has had its time, but for what is kept for ever', () => {
    fc.assert(
      fc.property(anyLayer, anyScenario, fc.integer({ min: 0, max: 60 }), (one, asked, later) => {
        const { steadyFromMonth } = billOf([one], asked, EXAMPLE_PRICES)
        const at = (month: number): bigint => bytesAt(month, one, asked)
        const from = steadyFromMonth!
        if (one.stay !== 'always') expect(at(from + later)).toBe(at(from))
        else expect(at(from + later + 12)).toBeGreaterThanOrEqual(at(from + later))
      }),
    )
  })

  test('is in exactly one of hot, warm and cold until it goes', () => {
    fc.assert(
      fc.property(anyScenario, fc.integer({ min: 1, max: 240 }), (asked, month) => {
        const bytes = 12 // one byte for each twelfth of a day, so that nothing is rounded
        const tiers = (['hot', 'warm', 'cold'] as const).map((stay) =>
          bytesAt(month, layer(stay, bytes), asked),
        )
        const all = bytesAt(month, layer('content', bytes), asked)
        expect(tiers.reduce((sum, one) => sum + one, 0n)).toBe(all)
      }),
    )
  })

  test('does not grow where records add nothing, and is not made up where nothing is known', () => {
    const log = layer('fixed', 33_554_432, 0)
    expect(bytesAt(84, log, scenario())).toBe(33_554_432n)
    const unknown = layer('content', 5, 0, { name: 'vault' })
    const bill = billOf([log, unknown], scenario({ hotDays: 30, warmDays: 365 }), EXAMPLE_PRICES)
    expect(bill.notMeasured).toEqual(['vault', 'warm', 'cold'])
    expect(bill.lastMonth.bytes.hot).toBe(33_554_432)
  })

  test('counts with a decision what was recorded about it', () => {
    const measured = layer('always', 1_000, 10)
    const asked = scenario({ entries: 30, decisions: 10 })
    expect(bytesPerDecision([measured], asked)).toBe('300.00')
    expect(bytesAt(12, measured, asked)).toBe(365_000_000n * 300n)
  })

  test('lies elsewhere once more as far as it is copied', () => {
    const layers = ['entryTiles', 'hashTiles', 'vault', 'keys', 'index'].map((name) =>
      layer('always', 100, 1, { name }),
    )
    const { bytes } = billOf(layers, scenario({ offsite: true }), EXAMPLE_PRICES).lastMonth
    expect(bytes.offsite * 5).toBe(bytes.hot * 3)
  })

  test('may be gone before it would have left a tier', () => {
    const asked = scenario({ hotDays: 30, warmDays: 365, keepDays: 20 })
    expect(bytesAt(84, layer('hot', 1), asked)).toBe(20_000_000n)
    for (const stay of ['warm', 'cold'] as const) expect(bytesAt(84, layer(stay, 1), asked)).toBe(0n)
    expect(billOf([], asked, EXAMPLE_PRICES).notMeasured).toEqual([])
    expect(billOf([], { ...asked, keepDays: 365 }, EXAMPLE_PRICES).notMeasured).toEqual(['warm'])
  })

  test('cannot leave a tier before it came to it', () => {
    for (const ages of [{ warmDays: 30 }, { hotDays: 30, warmDays: 30 }])
      expect(() => billOf([], scenario(ages), EXAMPLE_PRICES)).toThrow(ScenarioError)
  })
})

describe('what is paid', () => {
  const decimal = fc.integer({ min: 0, max: 1e9 }).map((n) => (n / 1e6).toFixed(6))

  test('is in proportion to each price', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 15n), decimal, (stored, price) => {
        const bytes = { hot: stored, warm: 0n, cold: 0n, offsite: 0n }
        const at = (of: string): bigint =>
          monthOf(bytes, pricesSchema.parse({ name: 'p', currency: 'EUR', storage: { hot: of } })).hot
        expect(at((2 * Number(price)).toFixed(6))).toBe(2n * at(price))
      }),
    )
  })

  test('adds up exactly: years to the total, items to each total', () => {
    fc.assert(
      fc.property(fc.array(anyLayer, { maxLength: 6 }), anyScenario, (layers, asked) => {
        const bill = billOf(layers, asked, EXAMPLE_PRICES)
        const months = Array.from({ length: asked.years * 12 }, (_, i) =>
          monthOf(tiersAt(i + 1, layers, asked), EXAMPLE_PRICES),
        )
        const exact = months.reduce(
          (sum, month) => sum + ITEMS.reduce((inMonth, item) => inMonth + month[item], 0n),
          0n,
        )
        const printed = BigInt(bill.total.total.replace('.', '')) * 10n ** 12n
        expect(2n * (printed - exact)).toBeLessThanOrEqual(10n ** 12n)
        expect(2n * (printed - exact)).toBeGreaterThan(-(10n ** 12n))
      }),
      { numRuns: 30 },
    )
  })

  test('counts requests by the thousand, queries flat and by what they scan, and hours', () => {
    const prices = pricesSchema.parse({
      name: 'made up',
      currency: 'EUR',
      requests: {
        putsPerMonth: 2_000_000,
        perThousandPuts: 0.005,
        getsPerMonth: 500,
        perThousandGets: '0.0004',
      },
      queries: { perMonth: 3, terabytesScannedPerMonth: '1.5', perTerabyteScanned: 5 },
      reporting: { hoursPerMonth: 0.5, perHour: 90 },
    })
    expect(billOf([], scenario({ years: 1 }), prices).lastMonth.amounts).toMatchObject({
      requests: '10.000200',
      queries: '10.500000',
      reporting: '45.000000',
      total: '65.500200',
    })
  })

  test('is told for what is stored now too, whatever it is of', () => {
    const log = layer('fixed', 10 ** 9, 0)
    const { now } = billOf([KILOBYTE, log, layer('warm', 5 * 10 ** 8)], scenario(), EXAMPLE_PRICES)
    expect(now.bytes).toEqual({ hot: 10 ** 9 + 1_000, warm: 5 * 10 ** 8, cold: 0, offsite: 0 })
    expect(now.amounts).toMatchObject({ hot: '0.023000', warm: '0.011500', total: '610.034500' })
  })

  test('is not reckoned with prices nobody can read one way', () => {
    const storage = (hot: unknown) => ({ name: 'p', currency: 'EUR', storage: { hot } })
    for (const wrong of [-1, 1e-7, '1,5', '1e3', '', 'NaN', 0.0123456789, '1234567890123'])
      expect(pricesSchema.safeParse(storage(wrong)).success).toBe(false)
    for (const right of [0, 23, 0.023, '0.000000001', '999999999999.999999999'])
      expect(pricesSchema.safeParse(storage(right)).success).toBe(true)
    expect(pricesSchema.safeParse({ ...storage(1), per: 'month' }).success).toBe(false)
  })
})
