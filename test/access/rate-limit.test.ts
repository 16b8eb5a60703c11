import { describe, expect, test } from 'vitest'
import {
  type ActionClass,
  RateLimit,
  RATES,
  retryAfter,
} from '../../packages/server/src/access/rate-limit.ts'
import { TestClock } from '../../packages/server/src/platform/clock.ts'

/** How many of `requests`, evenly spread over the time, were let through. */
function through(action: ActionClass, perSecond: number, seconds: number): number {
  const clock = new TestClock()
  const limit = new RateLimit(clock)
  let passed = 0
  for (let n = 0; n < perSecond * seconds; n += 1) {
    if (limit.take('key', action) === 0) passed += 1
    clock.advance(1_000 / perSecond)
  }
  return passed
}

describe('requests of one party', () => {
  test('pass at the rates that are promised for a minute', () => {
    expect(through('record', 2_000, 60)).toBe(120_000)
    expect(through('read', 1_000, 60)).toBe(60_000)
    expect(through('sql', 50, 60)).toBe(3_000)
    expect(through('manage', 20, 60)).toBe(1_200)
    expect(through('session', 5, 60)).toBe(300)
  })

  test('that come too often pass at the steady rate once the burst is used up', () => {
    for (const action of Object.keys(RATES) as ActionClass[]) {
      const { perSecond, burst } = RATES[action]
      const passed = through(action, perSecond * 4, 60)
      expect(Math.abs(passed - (burst + perSecond * 60))).toBeLessThanOrEqual(2)
    }
  })

  test('are told when to come again, and then pass', () => {
    const clock = new TestClock()
    const limit = new RateLimit(clock, { sql: { perSecond: 4, burst: 2 } })
    expect([limit.take('a', 'sql'), limit.take('a', 'sql'), limit.take('a', 'sql')]).toEqual([0, 0, 250])
    clock.advance(250)
    expect(limit.take('a', 'sql')).toBe(0)
    expect(limit.take('a', 'sql')).toBe(250)
    expect([retryAfter(250), retryAfter(1_000), retryAfter(1_001)]).toEqual(['1', '1', '2'])
  })

  test('take nothing from other parties and from other classes', () => {
    const limit = new RateLimit(new TestClock(), { session: { perSecond: 1, burst: 1 } })
    expect(limit.take('a', 'session')).toBe(0)
    expect(limit.take('a', 'session')).toBeGreaterThan(0)
    expect(limit.take('b', 'session')).toBe(0)
    expect(limit.take('a', 'read')).toBe(0)
  })
})

describe('with more parties than are remembered', () => {
  test('whoever asked longest ago is forgotten, and strangers push out nobody of another class', () => {
    const limit = new RateLimit(
      new TestClock(),
      { session: { perSecond: 1, burst: 1 }, manage: { perSecond: 1, burst: 1 } },
      100,
    )
    limit.take('admin', 'manage')
    for (let n = 0; n < 1_000; n += 1) limit.take(`stranger ${n}`, 'session')
    expect(limit.sizeOf('session')).toBe(100)
    expect(limit.take('admin', 'manage')).toBeGreaterThan(0)
    expect(limit.take('stranger 999', 'session')).toBeGreaterThan(0)
    expect(limit.take('stranger 0', 'session')).toBe(0)
  })
})
