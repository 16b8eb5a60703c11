import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addPeriod, daysOf, parsePeriod } from '../../packages/server/src/calendar/period.ts'

const DAY = 86_400_000
const at = (text: string): number => Date.parse(text)

describe('a period', () => {
  test.each([
    ['P7Y', 84, 0],
    ['P25M', 25, 0],
    ['P1Y6M', 18, 0],
    ['P2W', 0, 14],
    ['P3650D', 0, 3_650],
    ['P1Y2M3W4D', 14, 25],
    ['P1000Y', 12_000, 0],
  ])('%s is %i months and %i days', (text, months, days) => {
    expect(parsePeriod(text)).toEqual({ months, days })
  })

  test.each([
    '',
    'P',
    'P0D',
    'P0Y0M',
    '7Y',
    'p7y',
    'P7',
    'P-1Y',
    'P1.5Y',
    'PT1H',
    'P1M1Y',
    'P1001Y',
    'P366001D',
    ' P1Y',
    'P1Y\n',
  ])('%j is none', (text) => {
    expect(parsePeriod(text)).toBeUndefined()
  })

  test.each([
    ['2026-08-31T12:00:00Z', 'P6M', '2027-02-28T12:00:00Z'],
    ['2028-02-29T00:00:00Z', 'P1Y', '2029-02-28T00:00:00Z'],
    ['2026-01-01T00:00:00Z', 'P3650D', '2035-12-30T00:00:00Z'],
    ['2026-01-01T00:00:00Z', 'P10Y', '2036-01-01T00:00:00Z'],
    ['2026-01-31T00:00:00Z', 'P1M1D', '2026-03-01T00:00:00Z'],
  ])('from %s, %s, ends on %s', (from, period, end) => {
    expect(new Date(addPeriod(at(from), parsePeriod(period)!)).toISOString()).toBe(
      new Date(end).toISOString(),
    )
  })

  test('comes to between the fewest and the most of its days, whenever it begins, and to both at some time', () => {
    for (const [text, fewest, most] of [
      ['P1M', 28, 31],
      ['P6M', 181, 184],
      ['P1Y', 365, 366],
      ['P7Y', 2_555, 2_557],
      ['P10Y', 3_651, 3_653],
      ['P90D', 90, 90],
    ] as const)
      expect([text, daysOf(parsePeriod(text)!)]).toEqual([text, { fewest, most }])
    const start = fc.integer({ min: 0, max: 146_097 }).map((day) => Date.UTC(2000, 0) + day * DAY)
    fc.assert(
      fc.property(start, fc.integer({ min: 1, max: 130 }), fc.nat(400), (from, months, days) => {
        const { fewest, most } = daysOf({ months, days })
        const took = (addPeriod(from, { months, days }) - from) / DAY
        expect(took).toBeGreaterThanOrEqual(fewest)
        expect(took).toBeLessThanOrEqual(most)
      }),
      { numRuns: 40 },
    )
  })
})
