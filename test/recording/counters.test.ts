import { describe, expect, test } from 'vitest'
import { type CounterFact, Counters } from '../../packages/server/src/recording/counters.ts'
import { SqliteStateStore, type StateStore } from '../../packages/server/src/platform/state-store.ts'

const HOUR = 3_600_000
const declared = (tolerance: number): CounterFact => ({
  name: 'gateway',
  declared: { source: 'gateway', unit: 'calls', filter: {}, tolerance },
})
const reading = (hour: number, value: number, name = 'gateway'): CounterFact => ({
  name,
  reading: { from: hour * HOUR, to: (hour + 1) * HOUR, value },
})

/** A store on a disk that filled up after it was opened. */
function fullAfterOpening(): { store: StateStore; fill(): void } {
  const inner = new SqliteStateStore(':memory:')
  let isFull = false
  const store: StateStore = {
    run: (sql, ...values) => {
      if (isFull) throw new Error('database or disk is full')
      inner.run(sql, ...values)
    },
    get: (sql, ...values) => inner.get(sql, ...values),
    all: (sql, ...values) => inner.all(sql, ...values),
    transaction: (work) => inner.transaction(work),
    flush: () => inner.flush(),
    scrub: () => inner.scrub(),
    close: () => inner.close(),
  }
  return {
    store,
    fill: () => {
      isFull = true
    },
  }
}

describe('counters of others', () => {
  test('what is in the ledger already is taken although the store cannot be written', () => {
    const { store, fill } = fullAfterOpening()
    const counters = new Counters(store, 'test')
    fill()
    for (const fact of [declared(0.1), reading(1, 5)]) counters.apply(fact)
    expect(counters.all()).toEqual([
      { name: 'gateway', declared: expect.objectContaining({ tolerance: 0.1 }) },
    ])
    expect(counters.readings('gateway')).toEqual([{ from: HOUR, to: 2 * HOUR, value: 5 }])
    expect(() => counters.store()).toThrow('full')
  })

  test('what is not stored yet stands in front of what is, by the same rules', () => {
    const store = new SqliteStateStore(':memory:')
    const counters = new Counters(store, 'test')
    const early = [declared(0), reading(1, 5), reading(3, 7), reading(2, 1, 'bill')]
    const late = [reading(3, 8), reading(2, 6), declared(0.2)]
    for (const fact of early) counters.apply(fact)
    store.transaction(() => counters.store())
    counters.stored()
    for (const fact of late) counters.apply(fact)
    const told = [counters.all(), counters.readings('gateway')]
    store.transaction(() => counters.store())
    counters.stored()
    expect([counters.all(), counters.readings('gateway')]).toEqual(told)
    const again = new Counters(store, 'test')
    expect([again.all(), again.readings('gateway')]).toEqual(told)
    expect(told).toMatchObject([
      [{ name: 'bill' }, { name: 'gateway', declared: { tolerance: 0.2 } }],
      [{ value: 5 }, { value: 6 }, { value: 8 }],
    ])
  })
})
