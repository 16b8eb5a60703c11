import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addMonths } from '../../packages/server/src/calendar/months.ts'

const DAY = 86_400_000
const at = (text: string): number => Date.parse(text)
const moment = fc.integer({ min: Date.UTC(1975, 0), max: Date.UTC(2400, 0) })
const parts = (ms: number): [number, number] => {
  const date = new Date(ms)
  return [date.getUTCFullYear() * 12 + date.getUTCMonth(), date.getUTCDate()]
}

describe('a period in months', () => {
  test.each([
    ['2026-03-05T10:00:00Z', 1, '2026-04-05T10:00:00Z'],
    ['2026-01-31T09:30:00Z', 1, '2026-02-28T09:30:00Z'],
    ['2028-01-31T09:30:00Z', 1, '2028-02-29T09:30:00Z'],
    ['2026-01-29T00:00:00Z', 1, '2026-02-28T00:00:00Z'],
    ['2026-08-31T23:59:59.999Z', 1, '2026-09-30T23:59:59.999Z'],
    ['2026-08-31T12:00:00Z', 3, '2026-11-30T12:00:00Z'],
    ['2026-11-30T12:00:00Z', 3, '2027-02-28T12:00:00Z'],
    ['2026-12-31T12:00:00Z', 1, '2027-01-31T12:00:00Z'],
    ['2100-01-30T12:00:00Z', 1, '2100-02-28T12:00:00Z'],
    ['2026-02-28T12:00:00Z', 1, '2026-03-28T12:00:00Z'],
    ['0001-01-31T12:00:00Z', 1, '0001-02-28T12:00:00Z'],
    ['0096-01-31T12:00:00Z', 1, '0096-02-29T12:00:00Z'],
    ['0099-12-31T12:00:00Z', 1, '0100-01-31T12:00:00Z'],
  ])('from %s, %i months, ends on %s', (from, months, end) => {
    expect(new Date(addMonths(at(from), months)).toISOString()).toBe(new Date(end).toISOString())
  })

  test('ends in the month so many later, on the same day or on the last of a shorter month, at the same time of day', () => {
    fc.assert(
      fc.property(moment, fc.integer({ min: 0, max: 48 }), (ms, months) => {
        const end = addMonths(ms, months)
        const [[month, day], [endMonth, endDay]] = [parts(ms), parts(end)]
        expect(endMonth).toBe(month + months)
        expect(end % DAY).toBe(ms % DAY)
        if (endDay !== day) {
          expect(endDay).toBeLessThan(day)
          expect(parts(end + DAY)).toEqual([endMonth + 1, 1])
        }
      }),
    )
  })

  test('that begins later never ends sooner', () => {
    fc.assert(
      fc.property(
        moment,
        fc.integer({ min: 0, max: 90 * DAY }),
        fc.integer({ min: 0, max: 12 }),
        (ms, later, months) => {
          expect(addMonths(ms + (later - (later % DAY)), months)).toBeGreaterThanOrEqual(
            addMonths(ms, months),
          )
        },
      ),
    )
  })

  test('extended is counted from its beginning: one and two months apart may end elsewhere', () => {
    const begun = at('2026-12-31T12:00:00Z')
    expect(addMonths(begun, 3)).toBe(at('2027-03-31T12:00:00Z'))
    expect(addMonths(addMonths(at('2026-01-31T12:00:00Z'), 1), 2)).toBe(at('2026-04-28T12:00:00Z'))
    expect(addMonths(at('2026-01-31T12:00:00Z'), 3)).toBe(at('2026-04-30T12:00:00Z'))
  })
})
