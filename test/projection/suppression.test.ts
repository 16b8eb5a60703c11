import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type QueryError,
  type Restriction,
  UNRESTRICTED,
} from '../../packages/server/src/projection/index.ts'
import { ask, decision, idOf, T0, World } from './world.ts'

const DAY = 86_400_000
const world = new World()
const GROUPS: Restriction = { ...UNRESTRICTED, smallCells: 10 }
const aggregate = (parameters: Record<string, string>, restriction = GROUPS) =>
  world.projection.aggregate(ask(parameters), restriction)

/** Decisions of a model of a system on a day, with what else is told of them. */
function decisions(count: number, system: string, modelId: string, day: number, record: object = {}) {
  return Array.from({ length: count }, (_, i) =>
    decision(
      {
        decisionId: `${system}-${modelId}-${day}-${i}`,
        modelId,
        timestamp: new Date(T0 + day * DAY + i).toISOString(),
        riskTier: 'low',
        ...record,
      },
      { system },
    ),
  )
}

beforeAll(async () => {
  world.source.add(
    ...decisions(30, 'credit', 'm1', 0, { confidence: 0.25, inputFeatures: { zone: 'north' } }),
    ...decisions(20, 'credit', 'm2', 0, { confidence: 0.75, humanReviewed: true }),
    // Three people, one of them with a value nobody else has.
    ...decisions(3, 'credit', 'm3', 1, { confidence: 0.95, inputFeatures: { zone: 'lighthouse' } }),
    ...decisions(40, 'hiring', 'm4', 1, { latencyMs: 5 }),
    ...decisions(2, 'pilot', 'm5', 2),
    // One of the forty was overridden.
    {
      kind: 'review',
      system: 'hiring',
      record: { verdict: 'override' },
      target: { index: 60, id: idOf(60) },
    },
  )
  await world.start()
  await world.indexed()
})

afterAll(() => world.destroy())

describe('small groups', () => {
  test('are left out together with those that would give them away, and only their number is told', async () => {
    expect(await aggregate({ by: 'system' })).toEqual({
      items: [{ system: 'credit', count: 53 }],
      suppressed: { groups: 2, below: 10 },
      asOf: { size: 96 },
    })
    const { items, suppressed } = await aggregate({ by: 'modelId' })
    expect(items).toEqual([
      { modelId: 'm4', count: 40 },
      { modelId: 'm1', count: 30 },
    ])
    expect(suppressed).toEqual({ groups: 3, below: 10 })
  })

  test('leave no trace of a value only they have', async () => {
    const answer = await aggregate({ by: 'feature.zone' })
    expect(JSON.stringify(answer)).not.toContain('lighthouse')
    const { items } = await world.projection.systems(GROUPS)
    expect(items).toMatchObject([{ name: 'credit', decisions: 53 }])
    expect(items[0]).not.toHaveProperty('firstAt')
    expect(JSON.stringify(await aggregate({ 'feature.zone': 'lighthouse' }))).toBe(
      JSON.stringify(await aggregate({ 'feature.zone': 'nowhere' })),
    )
  })

  test('make one answer of a question about few decisions or none', async () => {
    const few = { items: [], suppressed: { groups: 1, below: 10 }, asOf: { size: 96 } }
    expect(await aggregate({ system: 'pilot' })).toEqual(few)
    expect(await aggregate({ system: 'pilot', by: 'modelId,day' })).toEqual(few)
    expect(await aggregate({ system: 'nobody' })).toEqual(few)
    expect(await aggregate({})).toMatchObject({ items: [{ count: 95 }] })
    expect(await aggregate({ system: 'hiring' })).toMatchObject({ items: [{ count: 40 }] })
  })

  test('are not found by asking with fewer dimensions', async () => {
    for (const by of ['system,modelId', 'modelId,day', 'system,modelId,day']) {
      const { items } = await aggregate({ by })
      for (const { count } of items) expect(count).toBeGreaterThanOrEqual(10)
      expect(JSON.stringify(items)).not.toMatch(/m3|m5|pilot/)
    }
    await expect(aggregate({ by: 'system,modelId,day,status' })).rejects.toMatchObject({ field: 'by' })
  })

  test('show values of groups, and never one person’s', async () => {
    const metrics =
      'avg(confidence),sum(confidence),p50(confidence),p95(confidence),avg(latencyMs),p50(latencyMs)'
    const { items } = await aggregate({ metrics, by: 'modelId' })
    expect(items).toEqual([
      {
        modelId: 'm1',
        'avg(confidence)': 0.25,
        'sum(confidence)': 7.5,
        'p50(confidence)': 0.25,
        // A twentieth of thirty people is fewer than ten.
        'p95(confidence)': null,
        'avg(latencyMs)': null,
        'p50(latencyMs)': null,
      },
      {
        modelId: 'm4',
        'avg(confidence)': null,
        'sum(confidence)': null,
        'p50(confidence)': null,
        'p95(confidence)': null,
        'avg(latencyMs)': 5,
        'p50(latencyMs)': 5,
      },
    ])
    for (const metric of ['min(confidence)', 'max(latencyMs)'])
      await expect(aggregate({ metrics: metric })).rejects.toMatchObject({
        code: 'individual_value',
        field: metric,
      } satisfies Partial<QueryError>)
  })

  test('are suppressed in every statistic', async () => {
    const { projection } = world
    const usage = await projection.statsUsage([], GROUPS)
    // Day 2 has two decisions, and day 1 is the next smallest.
    expect(usage.items.map(({ day, count }) => [day, count])).toEqual([['2026-01-10', 50]])
    expect(usage.suppressed).toEqual({ groups: 2, below: 10 })

    const confidence = await projection.statsConfidence([], GROUPS)
    expect(confidence.bins).toEqual([
      { from: 0.2, to: 0.3, decisions: 30, mean: 0.25, reviewed: 0, overridden: 0 },
    ])
    expect(confidence).toMatchObject({ without: 42, scores: null, suppressed: { groups: 2, below: 10 } })

    const overrides = await projection.statsOverrides([], GROUPS)
    expect(overrides.items.map(({ modelId }) => modelId)).not.toContain('m3')
    // One override among forty: neither it nor its complement is counted.
    for (const { modelId, overridden } of overrides.items) if (modelId === 'm4') expect(overridden).toBeNull()
    expect(overrides).toMatchObject({ decisions: 95, overridden: null, rate: null })

    const coverage = await projection.statsCoverage(GROUPS)
    expect(coverage.systems.map(({ system }) => system)).toEqual(['credit'])
    expect(coverage).toMatchObject({ decisions: 53, emitters: [], suppressed: { groups: 2, below: 10 } })

    const completeness = await projection.statsCompleteness([], GROUPS)
    expect(completeness.profiles).toMatchObject([{ decisions: 95 }])
    expect(await projection.statsCompleteness(ask({ system: 'pilot' }), GROUPS)).toMatchObject({
      decisions: 0,
      profiles: [],
      suppressed: { groups: 1, below: 10 },
    })
  })

  test('hide a span with few decisions', async () => {
    const days = [0, 2].map((day) => ({ from: T0 + day * DAY, to: T0 + (day + 1) * DAY }))
    expect(await world.projection.countSpans({}, days, GROUPS)).toEqual([{ calls: 50, tokens: 0 }, undefined])
  })

  test('are all there is for who sees groups: no list, no SQL', async () => {
    await expect(world.projection.list([], GROUPS)).rejects.toMatchObject({ code: 'individual_value' })
    await expect(world.projection.sql('SELECT 1', GROUPS)).rejects.toMatchObject({ code: 'sql_not_allowed' })
  })

  test('are shown to everybody else as they are', async () => {
    const answer = await aggregate({ by: 'system' }, UNRESTRICTED)
    expect(answer.items).toHaveLength(3)
    expect(answer).not.toHaveProperty('suppressed')
  })
})
