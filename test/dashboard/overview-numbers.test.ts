import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { modelsOf, volumeOf } from '../../packages/dashboard/src/overview/usage.ts'

const TODAY = '2026-11-21'
const group = (day: string, system: string, count: number) => ({ day, system, modelId: 'm', count })

describe('the volume chart', () => {
  test('shows every day of the period, also those without a decision', () => {
    const { days, series, outside } = volumeOf([group('2026-11-20', 's', 3)], '2026-11-18', TODAY)
    expect(days).toEqual(['2026-11-18', '2026-11-19', '2026-11-20', '2026-11-21'])
    expect(series).toEqual([{ name: 's', counts: [0, 0, 3, 0] }])
    expect(outside).toBe(0)
  })

  test('says how many decisions are dated outside instead of stretching over centuries', () => {
    const { days, outside } = volumeOf(
      [group('1650-01-01', 's', 2), group('2999-01-01', 's', 5)],
      undefined,
      TODAY,
    )
    expect(days.length).toBeLessThan(4_000)
    expect(days.at(-1)).toBe(TODAY)
    expect(outside).toBe(7)
  })

  test('loses no decision when the smallest systems are summed up', () => {
    const groups = fc.array(
      fc.record({ system: fc.integer({ min: 0, max: 20 }).map(String), count: fc.nat(1_000) }),
      { maxLength: 60 },
    )
    fc.assert(
      fc.property(groups, (groups) => {
        const items = groups.map(({ system, count }) => group('2026-11-20', system, count))
        const { series } = volumeOf(items, '2026-11-18', TODAY)
        const drawn = series.flatMap(({ counts }) => counts).reduce((sum, value) => sum + value, 0)
        expect(drawn).toBe(items.reduce((sum, { count }) => sum + count, 0))
        expect(series.length).toBeLessThanOrEqual(6)
      }),
    )
  })
})

describe('the table of models', () => {
  test('counts every status but ok as not ok', () => {
    const model = { system: 's', modelId: 'm' }
    const [usage] = modelsOf(
      {
        models: [{ ...model, count: 10, 'avg(confidence)': null, 'p95(latencyMs)': 30 }],
        statuses: [
          { ...model, status: 'ok', count: 6 },
          { ...model, status: 'error', count: 3 },
          { ...model, status: 'refused', count: 1 },
        ],
        daily: [group('2026-11-21', 's', 10)],
      },
      ['2026-11-20', '2026-11-21'],
    )
    expect(usage).toEqual({
      ...model,
      count: 10,
      notOk: 4,
      averageConfidence: undefined,
      p95LatencyMs: 30,
      trend: [0, 10],
    })
  })
})
