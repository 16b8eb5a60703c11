import { UNRESTRICTED } from '../../packages/server/src/projection/index.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, decision, idOf, T0, World } from './world.ts'

const world = new World()
const at = (day: number) => new Date(T0 + day * 86_400_000).toISOString()
const emitter = (seq: number) => ({ id: 'e1', epoch: 1, seq })

const WHOLE_LOW = {
  decisionId: 'd',
  system: 's',
  environment: 'production',
  modelVersion: '1',
  input: 'x',
  riskTier: 'low',
}

beforeAll(async () => {
  world.source.add(
    decision({
      ...WHOLE_LOW,
      timestamp: at(0),
      confidence: 0.05,
      latencyMs: 10,
      costUsd: 0.5,
      tokenUsage: { input: 5, output: 1 },
    }),
    decision({ timestamp: at(0), confidence: 0.3, latencyMs: 30, riskTier: 'low' }),
    decision({ timestamp: at(2), confidence: 1, humanReviewed: true }),
    decision({
      timestamp: at(2),
      confidence: 0.95,
      humanReviewed: true,
      humanOverride: true,
      humanReviewRequired: true,
    }),
    decision({ timestamp: at(2), confidence: 12, confidenceKind: 'score' }),
    decision({ timestamp: at(2), modelId: 'n' }),
    { kind: 'review', record: { verdict: 'override' }, target: { index: 5, id: idOf(5) } },
    decision({ timestamp: at(3) }, { system: 'numbered', emitter: emitter(1) }),
    decision({ timestamp: at(3) }, { system: 'numbered', emitter: emitter(2) }),
    decision({ timestamp: at(3) }, { system: 'numbered', emitter: emitter(5) }),
    decision({ timestamp: at(3) }, { system: 'unbroken', emitter: { id: 'e2', epoch: 1, seq: 9 } }),
  )
  await world.start()
  await world.indexed()
})

afterAll(() => world.destroy())

describe('coverage', () => {
  test('is undeclared where nobody numbers records, and names the gaps where somebody does', async () => {
    expect(await world.projection.statsCoverage(UNRESTRICTED)).toEqual({
      status: 'gaps',
      entries: 11,
      decisions: 10,
      systems: [
        {
          system: 'default',
          status: 'undeclared',
          entries: 7,
          decisions: 6,
          unnumbered: 7,
          unnumberedDecisions: 6,
        },
        {
          system: 'numbered',
          status: 'gaps',
          entries: 3,
          decisions: 3,
          unnumbered: 0,
          unnumberedDecisions: 0,
        },
        {
          system: 'unbroken',
          status: 'complete',
          entries: 1,
          decisions: 1,
          unnumbered: 0,
          unnumberedDecisions: 0,
        },
      ],
      emitters: [
        { emitter: 'e1', epoch: 1, firstSeq: 1, lastSeq: 5, recorded: 3, missing: 2 },
        { emitter: 'e2', epoch: 1, firstSeq: 9, lastSeq: 9, recorded: 1, missing: 0 },
      ],
      asOf: { size: 11 },
    })
  })

  test('of an empty ledger is undeclared', async () => {
    const empty = await new World().start()
    expect(await empty.projection.statsCoverage(UNRESTRICTED)).toMatchObject({
      status: 'undeclared',
      entries: 0,
      systems: [],
    })
    expect(await empty.projection.statsCompleteness([], UNRESTRICTED)).toMatchObject({
      decisions: 0,
      score: null,
      profiles: [],
    })
    expect(await empty.projection.statsUsage([], UNRESTRICTED)).toMatchObject({ items: [] })
    expect(await empty.projection.statsOverrides([], UNRESTRICTED)).toMatchObject({
      decisions: 0,
      rate: null,
    })
    expect((await empty.projection.list([], UNRESTRICTED)).items).toEqual([])
    await empty.destroy()
  })
})

test('completeness names and counts what is missing, profile by profile', async () => {
  const answer = await world.projection.statsCompleteness(ask({ riskTier: 'low' }), UNRESTRICTED)
  expect(answer).toMatchObject({ decisions: 2, asOf: { size: 11 } })
  const [profile] = answer.profiles
  expect(profile).toMatchObject({ profile: 'low/1', decisions: 2, whole: 1 })
  expect(profile!.missing.length).toBeGreaterThan(2)
  expect(profile!.missing).toContainEqual({ field: 'modelVersion', count: 1 })
  expect(answer.score).toBe(profile!.score)
  expect(
    (await world.projection.statsCompleteness([], UNRESTRICTED)).profiles.map(({ profile }) => profile),
  ).toEqual(['core/1', 'low/1'])
})

test('usage is told by day, with averages over decisions', async () => {
  const { items } = await world.projection.statsUsage([], UNRESTRICTED)
  expect(items.map((item) => [item['day'], item['count']])).toEqual([
    ['2026-01-10', 2],
    ['2026-01-12', 4],
    ['2026-01-13', 4],
  ])
  expect(items[0]).toMatchObject({
    'avg(confidence)': 0.175,
    'avg(latencyMs)': 20,
    'sum(costUsd)': 0.5,
    'sum(tokenUsage.input)': 5,
  })
  expect(items[2]).toMatchObject({ 'avg(confidence)': null })
})

test('confidence is spread over ten bins cut on integers, 1 in the last', async () => {
  const { bins, without, scores } = await world.projection.statsConfidence([], UNRESTRICTED)
  expect(bins).toHaveLength(10)
  expect(bins.map(({ decisions }) => decisions)).toEqual([1, 0, 0, 1, 0, 0, 0, 0, 0, 2])
  expect(bins[9]).toEqual({ from: 0.9, to: 1, decisions: 2, mean: 0.975, reviewed: 2, overridden: 1 })
  expect(bins[1]).toMatchObject({ decisions: 0, mean: null })
  expect({ without, scores }).toEqual({ without: 5, scores: 1 })
})

test('overrides are a share of what was reviewed, and nothing where nobody looked', async () => {
  expect(await world.projection.statsOverrides([], UNRESTRICTED)).toEqual({
    decisions: 10,
    reviewRequired: 1,
    reviewed: 3,
    overridden: 2,
    rate: Number((2 / 3).toPrecision(12)),
    items: [
      {
        system: 'default',
        modelId: 'm',
        decisions: 5,
        reviewRequired: 1,
        reviewed: 2,
        overridden: 1,
        rate: 0.5,
      },
      {
        system: 'default',
        modelId: 'n',
        decisions: 1,
        reviewRequired: 0,
        reviewed: 1,
        overridden: 1,
        rate: 1,
      },
      {
        system: 'numbered',
        modelId: 'm',
        decisions: 3,
        reviewRequired: 0,
        reviewed: 0,
        overridden: 0,
        rate: null,
      },
      {
        system: 'unbroken',
        modelId: 'm',
        decisions: 1,
        reviewRequired: 0,
        reviewed: 0,
        overridden: 0,
        rate: null,
      },
    ],
    asOf: { size: 11 },
  })
})
