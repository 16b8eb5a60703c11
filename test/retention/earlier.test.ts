import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dueOf } from '../../packages/server/src/retention/due.ts'
import { goingEarlier } from '../../packages/server/src/retention/earlier.ts'
import type { RetentionSettings } from '../../packages/server/src/retention/settings.ts'

const NOW = Date.UTC(2026, 10, 29)

function settings(systems: Record<string, string[]>, triggers = {}): RetentionSettings {
  return {
    version: 2,
    schedule: 'daily',
    policies: Object.fromEntries(
      Object.values(systems)
        .flat()
        .map((period) => [
          period.toLowerCase(),
          { bound: 'period', period, basis: 'ours', trigger: 'event' },
        ]),
    ),
    systems: Object.fromEntries(
      Object.entries(systems).map(([name, periods]) => [
        name,
        { policies: periods.map((period) => period.toLowerCase()), triggers, isHighRisk: false },
      ]),
    ),
  }
}

describe('content goes earlier', () => {
  test('when a period is shorter, also by a day that only some months have', () => {
    expect(goingEarlier(settings({ a: ['P2Y'] }), settings({ a: ['P1Y'] }), NOW)).toEqual(['a'])
    expect(goingEarlier(settings({ a: ['P1M'] }), settings({ a: ['P30D'] }), NOW)).toEqual(['a'])
    expect(goingEarlier(settings({ a: ['P30D'] }), settings({ a: ['P1M'] }), NOW)).toEqual(['a'])
    expect(goingEarlier(settings({ a: ['P12M'] }), settings({ a: ['P365D'] }), NOW)).toEqual(['a'])
  })

  test('when a policy goes that lasted longest, or a system that was kept for ever gets one', () => {
    expect(goingEarlier(settings({ a: ['P2Y', 'P3Y'] }), settings({ a: ['P2Y'] }), NOW)).toEqual(['a'])
    expect(goingEarlier(settings({}), settings({ '*': ['P9Y'] }), NOW)).toEqual(['*'])
    expect(goingEarlier(settings({ '*': ['P9Y'] }), settings({ '*': ['P9Y'], b: ['P8Y'] }), NOW)).toEqual([
      'b',
    ])
  })

  test('not when periods are longer, or nothing is in force any more', () => {
    expect(goingEarlier(settings({ a: ['P1Y'] }), settings({ a: ['P1Y', 'P2Y'] }), NOW)).toEqual([])
    expect(goingEarlier(settings({ a: ['P1Y'] }), settings({}), NOW)).toEqual([])
  })

  test('is said of a system whenever chance finds a record of it that would', () => {
    const period = fc.oneof(
      fc.integer({ min: 1, max: 40 }).map((n) => `P${n}M`),
      fc.integer({ min: 1, max: 1_200 }).map((n) => `P${n}D`),
    )
    const periods = fc.uniqueArray(period, { minLength: 1, maxLength: 3 })
    const times = fc.array(
      fc.integer({ min: Date.UTC(2024, 0, 1), max: NOW }).map((at) => at - (at % 86_400_000)),
      { maxLength: 60 },
    )
    fc.assert(
      fc.property(periods, periods, times, (one, other, at) => {
        const [before, after] = [settings({ a: one }), settings({ a: other })]
        const isEarlier = goingEarlier(before, after, NOW).includes('a')
        const found = at.some((time) => {
          const [was, is] = [dueOf(before, 'a', time), dueOf(after, 'a', time)]
          return was.state === 'until' && is.state === 'until' && is.at < was.at
        })
        // A day that is found by chance is never missed.
        if (found) expect(isEarlier).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})
