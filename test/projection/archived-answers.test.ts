import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fullCoverage } from '../../packages/server/src/api/coverage.ts'
import { SqliteStateStore } from '../../packages/server/src/platform/state-store.ts'
import { UNRESTRICTED } from '../../packages/server/src/projection/index.ts'
import { Counters } from '../../packages/server/src/recording/counters.ts'
import { Emitters } from '../../packages/server/src/recording/emitters.ts'
import { personOf, story, TierWorld } from './tier-world.ts'
import { ask, idOf } from './world.ts'

/** Its decisions of early 2024 are archived. */
const world = new TierWorld()

beforeAll(async () => {
  await world.start({ tiers: world.settings({ warmDays: 60 }) })
  world.source.add(...story(0, 30), {
    kind: 'access',
    record: { at: new Date().toISOString(), action: 'read', result: 'read', objects: [idOf(1)], count: 1 },
  })
  await world.indexed()
  await world.projection.moveMonths()
  expect(world.states.all().map(({ state }) => state)).toEqual(['archived', 'archived'])
})
afterAll(() => world.destroy())

const DAY_MS = 86_400_000
const JANUARY = { from: Date.UTC(2024, 0, 10), to: Date.UTC(2024, 0, 11) }
const JUNE = { from: Date.UTC(2024, 5, 10), to: Date.UTC(2024, 5, 11) }
/** Ends on no whole hour. */
const ODD = { from: Date.UTC(2024, 0, 31) + 1, to: Date.UTC(2024, 2, 31) }

describe('of months that are archived', () => {
  test('no count of a span is told that would leave decisions out', async () => {
    expect(await world.projection.countSpans({}, [JANUARY, JUNE, ODD], UNRESTRICTED)).toEqual([
      undefined,
      { calls: 0, tokens: 0 },
      undefined,
    ])
  })

  test('readings of a counter are indeterminate, with what brings the months back', async () => {
    const store = new SqliteStateStore(':memory:')
    const counters = new Counters(store, 'default')
    const counter = 'gateway'
    counters.apply({ name: counter, declared: { source: counter, unit: 'calls', filter: {}, tolerance: 0 } })
    for (const span of [JANUARY, JUNE, ODD]) counters.apply({ name: counter, reading: { ...span, value: 0 } })
    counters.store()
    const reach = { restriction: UNRESTRICTED, reaches: () => true, isWhole: true }
    const known = { emitters: new Emitters(store, 'default'), counters }
    const coverage = await fullCoverage(world.projection, known, Date.now() - DAY_MS, reach)
    expect(coverage.counters[0]!.verdicts).toMatchObject({ indeterminate: 2, matched: 1 })
    expect(coverage.findings).toEqual([
      {
        severity: 'info',
        code: 'not_checked',
        message:
          'counter gateway: months from 2024-01 to 2024-02 are archived and not compared; deponent restore 2024-01..2024-02 brings back what is needed',
      },
    ])
    await store.close()
  })

  test('looks are found by the person whose decisions they were at', async () => {
    const { items } = await world.projection.accesses(ask({ subject: personOf(1) }))
    expect(items.map(({ index }) => index)).toEqual([30])
    const others = await world.projection.accesses(ask({ subject: personOf(2) }))
    expect(others.items).toEqual([])
  })
})
