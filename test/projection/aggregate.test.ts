import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { QueryError, UNRESTRICTED } from '../../packages/server/src/projection/index.ts'
import { ask, decision, idOf, T0, World } from './world.ts'

const world = new World()
const DAY_MS = 86_400_000

/** Decisions with known confidences, some reviewed, some with outcomes. */
const MADE = Array.from({ length: 240 }, (_, i) => ({
  race: ['Caucasian', 'Other', 'Asian'][i % 3]!,
  high: i % 2 === 0,
  confidence: (i % 11) / 10,
  latencyMs: i * 1.25,
  costUsd: i * 0.000_1,
  outcome: i % 4 === 0 ? undefined : i % 4 === 1 ? 1 : 0,
}))

beforeAll(async () => {
  for (const [i, made] of MADE.entries()) {
    const { race, high, confidence, latencyMs, costUsd } = made
    world.source.add(
      decision(
        {
          timestamp: new Date(T0 + i * (DAY_MS / 4)).toISOString(),
          prediction: high ? 'high' : 'low',
          confidence,
          latencyMs,
          costUsd,
          inputFeatures: { race, n: i % 5 },
          ...(i % 10 === 0 ? { humanReviewed: true, humanOverride: i % 20 === 0 } : {}),
        },
        { system: i % 2 === 0 ? 'even' : 'odd' },
      ),
    )
  }
  for (const [i, { outcome }] of MADE.entries()) {
    if (outcome === undefined) continue
    const target = { index: i, id: idOf(i) }
    const at = (day: number) => new Date(T0 + day * DAY_MS).toISOString()
    // Told out of order: what counts is when it was so, not when it was told.
    world.source.add(
      { kind: 'outcome', record: { outcome, at: at(400) }, target },
      { kind: 'outcome', record: { outcome: 'superseded', at: at(390) }, target },
    )
  }
  await world.start()
  await world.indexed()
})

afterAll(() => world.destroy())

async function refusal(parameters: Record<string, string>): Promise<QueryError> {
  const error: unknown = await world.projection
    .aggregate(ask(parameters), UNRESTRICTED)
    .catch((failure: unknown) => failure)
  if (!(error instanceof QueryError)) throw new Error('expected a QueryError', { cause: error })
  return error
}

describe('aggregates', () => {
  test('count by race, prediction and latest outcome, null where none is known', async () => {
    const { items } = await world.projection.aggregate(
      ask({ metrics: 'count', by: 'feature.race,prediction,outcome' }),
      UNRESTRICTED,
    )
    const expected = new Map<string, number>()
    for (const { race, high, outcome } of MADE) {
      const key = JSON.stringify([race, high ? 'high' : 'low', outcome ?? null])
      expected.set(key, (expected.get(key) ?? 0) + 1)
    }
    const counted = items.map((item) => [
      JSON.stringify([item['feature.race'], item['prediction'], item['outcome']]),
      item['count'],
    ])
    expect(new Map(counted as [string, number][])).toEqual(expected)
    expect(Object.keys(items[0]!)).toEqual(['feature.race', 'prediction', 'outcome', 'count'])
  })

  test('average, add up and find extremes exactly', async () => {
    const metrics =
      'count,avg(confidence),min(confidence),max(confidence),sum(latencyMs),avg(costUsd),sum(costUsd)'
    const { items } = await world.projection.aggregate(ask({ metrics }), UNRESTRICTED)
    const n = MADE.length
    expect(items).toEqual([
      {
        count: n,
        'avg(confidence)': Number(
          (MADE.reduce((sum, { confidence }) => sum + confidence * 10, 0) / 10 / n).toPrecision(15),
        ),
        'min(confidence)': 0,
        'max(confidence)': 1,
        'sum(latencyMs)': (1.25 * n * (n - 1)) / 2,
        'avg(costUsd)': Number(((0.0001 * (n - 1)) / 2).toPrecision(12)),
        'sum(costUsd)': Number(((0.0001 * n * (n - 1)) / 2).toPrecision(12)),
      },
    ])
  })

  test('interpolate percentiles between the nearest values', async () => {
    const { items } = await world.projection.aggregate(
      ask({ metrics: 'p50(latencyMs),p95(latencyMs),p99(latencyMs)' }),
      UNRESTRICTED,
    )
    const at = (share: number) => Number((1.25 * share * (MADE.length - 1)).toPrecision(15))
    expect(items).toEqual([
      { 'p50(latencyMs)': at(0.5), 'p95(latencyMs)': at(0.95), 'p99(latencyMs)': at(0.99) },
    ])
  })

  test('give null where nothing was measured', async () => {
    const metrics = 'count,avg(timeToFirstTokenMs),p50(timeToFirstTokenMs),sum(tokenUsage.input)'
    const { items } = await world.projection.aggregate(ask({ metrics, by: 'modelVersion' }), UNRESTRICTED)
    expect(items).toEqual([
      {
        modelVersion: null,
        count: 240,
        'avg(timeToFirstTokenMs)': null,
        'p50(timeToFirstTokenMs)': null,
        'sum(tokenUsage.input)': null,
      },
    ])
  })

  test('keep numbers numbers and strings strings', async () => {
    const { items } = await world.projection.aggregate(ask({ by: 'feature.n' }), UNRESTRICTED)
    expect(items.map((item) => item['feature.n']).toSorted()).toEqual([0, 1, 2, 3, 4])
  })

  test.each([
    ['month', ['2026-01', '2026-02', '2026-03'], [88, 112, 40]],
    ['system', ['even', 'odd'], [120, 120]],
    ['overridden', [false, true], [228, 12]],
    ['reviewed', [false, true], [216, 24]],
  ])('group by %s', async (by, keys, counts) => {
    const { items } = await world.projection.aggregate(ask({ by }), UNRESTRICTED)
    const found = items.toSorted((a, b) => (String(a[by]) < String(b[by]) ? -1 : 1))
    expect(found.map((item) => [item[by], item['count']])).toEqual(keys.map((key, i) => [key, counts[i]]))
  })

  test('name days and hours in UTC', async () => {
    const days = await world.projection.aggregate(ask({ by: 'day', to: '2026-01-11' }), UNRESTRICTED)
    expect(days.items).toEqual([{ day: '2026-01-10', count: 4 }])
    const hours = await world.projection.aggregate(
      ask({ by: 'hour', to: '2026-01-10T07:00:00Z' }),
      UNRESTRICTED,
    )
    expect(hours.items.map((item) => item['hour']).toSorted()).toEqual(['2026-01-10T00', '2026-01-10T06'])
  })

  test('take the filters of the list', async () => {
    const { items } = await world.projection.aggregate(
      ask({ 'feature.race': 'Asian', prediction: 'high', metrics: 'count' }),
      UNRESTRICTED,
    )
    expect(items).toEqual([{ count: 40 }])
  })

  test('put the largest group first', async () => {
    const { items } = await world.projection.aggregate(ask({ by: 'month' }), UNRESTRICTED)
    expect(items.map((item) => item['month'])).toEqual(['2026-02', '2026-01', '2026-03'])
  })

  test.each([
    ['metrics', 'avg'],
    ['metrics', 'avg(secret)'],
    ['metrics', 'avg(constructor)'],
    ['metrics', 'count,count'],
    ['metrics', 'p50(confidence),,count'],
    ['metrics', 'uniq(d.subject)'],
    ['by', 'subject'],
    ['by', '__proto__'],
    ['by', 'feature.'],
    ['by', 'd.system'],
    ['by', 'a,b,c,d,e,f,g'],
  ])('refuse %s=%s', async (name, value) => {
    expect(await refusal({ [name]: value })).toMatchObject({ code: 'bad_parameter', field: name })
  })

  test('do not depend on where features happen to be kept', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('feature.race', 'feature.n'),
        fc.constantFrom('even', 'odd'),
        async (by, system) => {
          const { items } = await world.projection.aggregate(ask({ by, system }), UNRESTRICTED)
          const field = by === 'feature.race' ? 'race' : 'n'
          const expected = new Map<unknown, number>()
          for (const [i, made] of MADE.entries()) {
            if ((i % 2 === 0) !== (system === 'even')) continue
            const key = field === 'race' ? made.race : i % 5
            expected.set(key, (expected.get(key) ?? 0) + 1)
          }
          expect(new Map(items.map((item) => [item[by], item['count']]))).toEqual(expected)
        },
      ),
      { numRuns: 8 },
    )
  })
})
