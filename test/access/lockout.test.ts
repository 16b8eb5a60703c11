import { describe, expect, test } from 'vitest'
import { Lockout } from '../../packages/server/src/access/lockout.ts'
import { TestClock } from '../../packages/server/src/platform/clock.ts'

const ADDRESS = '192.0.2.1'
const MINUTE = 60_000

function fail(lockout: Lockout, address: string, times: number): void {
  for (let n = 0; n < times; n += 1) lockout.failed(address)
}

function locked(): { clock: TestClock; lockout: Lockout } {
  const clock = new TestClock()
  const lockout = new Lockout(clock, { failures: 10 })
  fail(lockout, ADDRESS, 10)
  return { clock, lockout }
}

describe('an address from which wrong keys come', () => {
  test('is locked for half a minute by the tenth within a minute, and nobody else is', () => {
    const clock = new TestClock()
    const lockout = new Lockout(clock, { failures: 10 })
    fail(lockout, ADDRESS, 9)
    expect(lockout.waitMs(ADDRESS)).toBe(0)
    lockout.failed(ADDRESS)
    expect(lockout.waitMs(ADDRESS)).toBe(30_000)
    expect(lockout.waitMs('192.0.2.2')).toBe(0)
    clock.advance(30_000)
    expect(lockout.waitMs(ADDRESS)).toBe(0)
  })

  test('is not locked by as many over a longer time', () => {
    const clock = new TestClock()
    const lockout = new Lockout(clock, { failures: 10 })
    for (let n = 0; n < 100; n += 1) {
      lockout.failed(ADDRESS)
      clock.advance(7_000)
    }
    expect(lockout.waitMs(ADDRESS)).toBe(0)
  })

  test('is locked twice as long each time, up to a quarter of an hour', () => {
    const { clock, lockout } = locked()
    const waits = [lockout.waitMs(ADDRESS)]
    for (let n = 0; n < 6; n += 1) {
      clock.advance(lockout.waitMs(ADDRESS))
      fail(lockout, ADDRESS, 10)
      waits.push(lockout.waitMs(ADDRESS))
    }
    expect(waits.map((wait) => wait / 1_000)).toEqual([30, 60, 120, 240, 480, 900, 900])
  })

  test('starts anew after an hour without one', () => {
    const { clock, lockout } = locked()
    clock.advance(30_000 + 60 * MINUTE)
    fail(lockout, ADDRESS, 10)
    expect(lockout.waitMs(ADDRESS)).toBe(30_000)
  })

  test('is the same in every address of a /64, and in every spelling', () => {
    const clock = new TestClock()
    const lockout = new Lockout(clock, { failures: 10 })
    for (let n = 0; n < 10; n += 1) lockout.failed(`2001:db8:0:1::${n}`)
    expect(lockout.waitMs('2001:0db8:0000:0001:ffff:ffff:ffff:ffff')).toBe(30_000)
    expect(lockout.waitMs('2001:DB8:0:1:1:2:3:4')).toBe(30_000)
    expect(lockout.waitMs('2001:db8:0:2::1')).toBe(0)
    expect(lockout.waitMs('2001:db8::1')).toBe(0)
    fail(lockout, '::ffff:192.0.2.9', 10)
    expect(lockout.waitMs('192.0.2.9')).toBe(30_000)
    expect(lockout.waitMs('192.0.2.8')).toBe(0)
  })
})

describe('with more addresses than are remembered', () => {
  test('those not locked are forgotten before one that is', () => {
    const clock = new TestClock()
    const lockout = new Lockout(clock, { failures: 10, addresses: 100 })
    fail(lockout, ADDRESS, 10)
    for (let n = 0; n < 5_000; n += 1) lockout.failed(`10.0.${n >> 8}.${n & 255}`)
    expect(lockout.size).toBe(100)
    expect(lockout.waitMs(ADDRESS)).toBe(30_000)
  })

  test('where all are locked, the lock that ends first is given up', () => {
    const clock = new TestClock()
    const lockout = new Lockout(clock, { failures: 10, addresses: 3 })
    for (const address of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) {
      fail(lockout, address, 10)
      clock.advance(1_000)
    }
    const strict = new Lockout(clock, { addresses: 2, failures: 1 })
    for (const address of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) {
      strict.failed(address)
      clock.advance(1_000)
    }
    expect(['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((address) => strict.waitMs(address))).toEqual([
      0, 28_000, 29_000,
    ])
    for (let n = 0; n < 100; n += 1) lockout.failed(`10.1.0.${n}`)
    expect(lockout.size).toBe(3)
    expect(lockout.waitMs('10.0.0.1')).toBeGreaterThan(0)
  })
})
