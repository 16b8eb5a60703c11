import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { QueryError, type Restriction, UNRESTRICTED } from '../../packages/server/src/projection/index.ts'
import { ask, decision, idOf, T0, World } from './world.ts'

const DAY = 86_400_000
const [ANNA, BERT] = ['a'.repeat(32), 'b'.repeat(32)]
const world = new World()
const at = (day: number) => new Date(T0 + day * DAY).toISOString()
const restrict = (restriction: Partial<Restriction>): Restriction => ({ ...UNRESTRICTED, ...restriction })
const withholding = (...names: string[]) => restrict({ withholds: (name) => names.includes(name) })

/** Credit alone; credit on two days and hiring ever after; Anna alone; nothing. */
const CREDIT = restrict({ boxes: [{ systems: ['credit'] }] })
const BOXES = restrict({
  boxes: [
    { systems: ['credit'], from: T0 + DAY, to: T0 + 3 * DAY },
    { systems: ['hiring'], from: T0 + DAY },
  ],
})
const ANNAS = restrict({ subjects: [ANNA] })
const NOTHING: Restriction[] = [
  restrict({ boxes: [] }),
  restrict({ boxes: [{ systems: [] }] }),
  restrict({ subjects: [] }),
]

beforeAll(async () => {
  world.source.add(
    // 0..3: credit, one a day
    ...[0, 1, 2, 3].map((day) =>
      decision(
        {
          decisionId: `credit-${day}`,
          timestamp: at(day),
          userId: 'clerk-7',
          prediction: day % 2 === 0 ? 'yes' : 'no',
          confidence: 0.5,
          costUsd: 1,
          inputFeatures: {
            region: 'north',
            race: day === 3 ? 'Other' : 'Asian',
            ...(day === 0 && { early: 1 }),
          },
        },
        {
          system: 'credit',
          subject: day < 2 ? ANNA : BERT,
          emitter: { id: 'both', epoch: 1, seq: day + 1 },
        },
      ),
    ),
    // 4, 5: hiring, on days 0 and 2
    ...[0, 2].map((day) =>
      decision(
        { decisionId: `hiring-${day}`, timestamp: at(day), confidence: 0.9, inputFeatures: { school: 's' } },
        { system: 'hiring', subject: ANNA, emitter: { id: day === 0 ? 'both' : 'own', epoch: 1, seq: 9 } },
      ),
    ),
    // 6, 7: outcomes of credit-1; the later one was recorded by another system
    {
      kind: 'outcome',
      system: 'credit',
      record: { outcome: 'paid', at: at(1) },
      target: { index: 1, id: idOf(1) },
    },
    {
      kind: 'outcome',
      system: 'ledger-of-loans',
      record: { outcome: 'lost', at: at(2) },
      target: { index: 1, id: idOf(1) },
    },
    // 8: a review of credit-2, too late for the boxes
    {
      kind: 'review',
      system: 'credit',
      record: { verdict: 'override', at: at(9) },
      target: { index: 2, id: idOf(2) },
    },
    { kind: 'comment', system: 'credit', record: { at: at(1) }, target: { index: 1, id: idOf(1) } },
  )
  await world.start()
  await world.indexed()
})

afterAll(() => world.destroy())

async function found(restriction: Restriction, parameters: Record<string, string> = {}): Promise<number[]> {
  const { items } = await world.projection.list(ask({ order: 'at', ...parameters }), restriction)
  return items.map(({ index }) => index)
}

async function refusal(work: Promise<unknown>): Promise<QueryError> {
  const error: unknown = await work.catch((failure: unknown) => failure)
  if (!(error instanceof QueryError)) throw new Error('expected a QueryError', { cause: error })
  return error
}

describe('a restriction', () => {
  test('lets a list show the decisions of its boxes and of its people, and no other', async () => {
    expect(await found(UNRESTRICTED)).toEqual([0, 4, 1, 2, 5, 3])
    expect(await found(CREDIT)).toEqual([0, 1, 2, 3])
    expect(await found(BOXES)).toEqual([1, 2, 5])
    expect(await found(ANNAS)).toEqual([0, 4, 1, 5])
    expect(await found(restrict({ ...BOXES, subjects: [ANNA] }))).toEqual([1, 5])
    expect(await found(restrict({ boxes: [{}] }))).toHaveLength(6)
    for (const nothing of NOTHING) expect(await found(nothing)).toEqual([])
  })

  test('leaves people out of every question, and what is said about their decisions', async () => {
    const others = restrict({ except: [ANNA] })
    expect(await found(others)).toEqual([2, 3])
    expect(await found(others, { subject: ANNA })).toEqual([])
    expect(await found(restrict({ boxes: [{ systems: ['credit'] }], except: [BERT] }))).toEqual([0, 1])
    expect(await found(others, { overridden: 'true' })).toEqual([2])
    expect((await world.projection.aggregate(ask({}), others)).items).toEqual([{ count: 2 }])
    expect(await world.projection.about(1, others)).toEqual([])
    const range = { emitter: 'both', epoch: 1, from: 1, to: 99 }
    expect(await world.projection.entriesNumbered(range, 10, others)).toEqual([2, 3])
    const { rows } = await world.projection.sql('SELECT count() AS n FROM decisions', others)
    expect(rows).toEqual([[2]])
    const about = await world.projection.sql('SELECT count() AS n FROM outcomes', others)
    expect(about.rows).toEqual([[0]])
  })

  test('is not widened by asking for what is outside', async () => {
    expect(await found(CREDIT, { system: 'hiring' })).toEqual([])
    expect(await found(CREDIT, { q: 'hiring' })).toEqual([])
    expect(await found(BOXES, { from: at(0), to: at(1) })).toEqual([])
    expect(await found(ANNAS, { subject: BERT })).toEqual([])
  })

  test('holds for the latest outcome and for reviews as well as for the decision', async () => {
    expect(await found(UNRESTRICTED, { outcome: 'lost' })).toEqual([1])
    expect(await found(CREDIT, { outcome: 'lost' })).toEqual([])
    expect(await found(CREDIT, { outcome: 'paid' })).toEqual([1])
    expect(await found(CREDIT, { overridden: 'true' })).toEqual([2])
    expect(await found(BOXES, { overridden: 'true' })).toEqual([])
    const { items } = await world.projection.aggregate(ask({ by: 'outcome,overridden' }), BOXES)
    expect(items).toContainEqual({ outcome: 'paid', overridden: false, count: 1 })
    expect(JSON.stringify(items)).not.toMatch(/lost|true/)
  })

  test('holds for the records about a decision', async () => {
    expect(await world.projection.about(1, UNRESTRICTED)).toEqual([6, 7, 9])
    expect(await world.projection.about(1, CREDIT)).toEqual([6, 9])
    expect(await world.projection.about(1, restrict({ boxes: [{ systems: ['ledger-of-loans'] }] }))).toEqual(
      [],
    )
    expect(await world.projection.about(2, ANNAS)).toEqual([])
    expect(await world.projection.about(1, ANNAS)).toEqual([6, 7, 9])
    for (const nothing of NOTHING) expect(await world.projection.about(1, nothing)).toEqual([])
  })

  test('holds for entries by number and kind, and for spans', async () => {
    const range = { emitter: 'both', epoch: 1, from: 1, to: 99 }
    expect(await world.projection.entriesNumbered(range, 10, UNRESTRICTED)).toEqual([0, 1, 2, 3, 4])
    expect(await world.projection.entriesNumbered(range, 10, BOXES)).toEqual([1, 2])
    expect(await world.projection.entriesNumbered(range, 10, ANNAS)).toEqual([0, 1, 4])
    expect(await world.projection.entriesOfKind('outcome', 10, CREDIT)).toEqual([6])
    expect(await world.projection.entriesOfKind('', 10, ANNAS)).toEqual([0, 1, 4, 5, 6, 7, 9])
    expect(await world.projection.latestOfKind('', 3, ANNAS)).toEqual([6, 7, 9])
    const days = [0, 1, 2].map((day) => ({ from: T0 + day * DAY, to: T0 + (day + 1) * DAY }))
    const calls = async (restriction: Restriction) =>
      (await world.projection.countSpans({}, days, restriction)).map((count) => count?.calls)
    expect(await calls(UNRESTRICTED)).toEqual([2, 1, 2])
    expect(await calls(BOXES)).toEqual([0, 1, 2])
    expect(await calls(ANNAS)).toEqual([2, 1, 1])
  })

  test('holds for every statistic', async () => {
    const { projection } = world
    const days = async (restriction: Restriction) =>
      (await projection.statsUsage([], restriction)).items.map(({ count }) => count)
    expect(await days(BOXES)).toEqual([1, 2])
    const confidence = await projection.statsConfidence([], BOXES)
    expect(confidence.bins.filter(({ decisions }) => decisions > 0)).toMatchObject([
      { from: 0.5, decisions: 2, overridden: 0 },
      { from: 0.9, decisions: 1 },
    ])
    expect(await projection.statsOverrides([], CREDIT)).toMatchObject({
      decisions: 4,
      overridden: 1,
      rate: 1,
    })
    expect(await projection.statsOverrides([], BOXES)).toMatchObject({
      decisions: 3,
      overridden: 0,
      rate: null,
    })
    expect(await projection.statsCompleteness([], BOXES)).toMatchObject({ decisions: 3 })
    for (const nothing of NOTHING) {
      expect(await projection.statsCompleteness([], nothing)).toMatchObject({ decisions: 0, profiles: [] })
      expect(await projection.statsOverrides([], nothing)).toMatchObject({ decisions: 0, items: [] })
      expect(await projection.statsUsage([], nothing)).toMatchObject({ items: [] })
      expect(await projection.aggregate([], nothing)).toMatchObject({ items: [{ count: 0 }] })
    }
  })

  test('lets coverage speak of what it allows alone, with totals of that', async () => {
    const all = await world.projection.statsCoverage(UNRESTRICTED)
    expect(all).toMatchObject({ entries: 10, decisions: 6 })
    expect(all.emitters.map(({ emitter, missing }) => [emitter, missing])).toEqual([
      ['both', 4],
      ['own', 0],
    ])
    const credit = await world.projection.statsCoverage(CREDIT)
    expect(credit).toMatchObject({ status: 'gaps', entries: 7, decisions: 4, asOf: { size: 10 } })
    expect(credit.systems.map(({ system }) => system)).toEqual(['credit'])
    // One emitter numbers decisions of both systems: its numbers would tell how many there are outside.
    expect(credit.emitters).toEqual([])
    const hiring = await world.projection.statsCoverage(restrict({ boxes: [{ systems: ['hiring'] }] }))
    expect(hiring.emitters.map(({ emitter }) => emitter)).toEqual(['own'])
    for (const nothing of NOTHING)
      expect(await world.projection.statsCoverage(nothing)).toMatchObject({
        status: 'undeclared',
        entries: 0,
        systems: [],
        emitters: [],
      })
  })

  test('lists permitted systems, and of a part of one the features that part has', async () => {
    const listed = async (restriction: Restriction) =>
      (await world.projection.systems(restriction)).items.map(({ name, decisions, fields }) => [
        name,
        decisions,
        fields.map((field) => field.name).join(),
      ])
    expect(await listed(CREDIT)).toEqual([['credit', 4, 'early,race,region']])
    expect(await listed(BOXES)).toEqual([
      ['credit', 2, 'race,region'],
      ['hiring', 1, 'school'],
    ])
    expect(await listed(restrict({ ...CREDIT, withholds: (name) => name === 'feature.race' }))).toEqual([
      ['credit', 4, 'early,region'],
    ])
    for (const nothing of NOTHING) expect(await listed(nothing)).toEqual([])
  })

  test('binds a cursor: nobody goes on with the page of somebody else', async () => {
    const page = (restriction: Restriction, cursor?: string) =>
      world.projection.list(ask({ limit: '1', ...(cursor !== undefined && { cursor }) }), restriction)
    const { next } = await page(BOXES)
    const reordered = restrict({ boxes: BOXES.boxes!.toReversed() })
    expect((await page(reordered, next!)).items.map(({ index }) => index)).toEqual([2])
    for (const other of [
      UNRESTRICTED,
      CREDIT,
      ANNAS,
      restrict({ ...BOXES, withholds: (name) => name === 'userId' }),
    ])
      expect(await refusal(page(other, next!))).toMatchObject({ code: 'bad_cursor' })
  })
})

describe('a withheld field', () => {
  test.each([
    ['userId', { userId: 'clerk-7' }],
    ['subject', { subject: ANNA }],
    ['confidence', { minConfidence: '0.1' }],
    ['latencyMs', { maxLatencyMs: '1' }],
    ['prediction', { prediction: 'yes' }],
    ['outcome', { outcome: 'paid' }],
    ['overridden', { overridden: 'true' }],
    ['feature.race', { 'feature.race': 'Asian' }],
  ])('%s is no filter of any question', async (field, parameters: Record<string, string>) => {
    const caller = withholding(field)
    const { projection } = world
    for (const question of [
      projection.list(ask(parameters), caller),
      projection.aggregate(ask(parameters), caller),
      projection.statsUsage(ask(parameters), caller),
      projection.statsCompleteness(ask(parameters), caller),
    ])
      expect(await refusal(question)).toMatchObject({ code: 'field_forbidden', field })
  })

  test.each([
    ['feature.race', { by: 'feature.race' }],
    ['feature.race', { by: 'system,feature.race' }],
    ['prediction', { by: 'prediction' }],
    ['outcome', { by: 'outcome' }],
    ['overridden', { by: 'overridden' }],
    ['confidence', { metrics: 'count,avg(confidence)' }],
    ['costUsd', { metrics: 'p50(costUsd)' }],
    ['tokenUsage', { metrics: 'sum(tokenUsage.input)' }],
    ['inputTokens', { metrics: 'sum(tokenUsage.input)' }],
  ])('%s is neither grouped by nor measured', async (field, parameters: Record<string, string>) => {
    const question = world.projection.aggregate(ask(parameters), withholding(field))
    expect(await refusal(question)).toMatchObject({ code: 'field_forbidden', field })
  })

  test('is refused by the statistics that are about it, and left out of those that are not', async () => {
    const { projection } = world
    const caller = withholding('confidence', 'reviewed', 'completeness', 'costUsd')
    for (const question of [
      projection.statsConfidence([], caller),
      projection.statsOverrides([], caller),
      projection.statsCompleteness([], caller),
    ])
      expect(await refusal(question)).toMatchObject({ code: 'field_forbidden' })
    const [day] = (await projection.statsUsage([], caller)).items
    expect(Object.keys(day!)).toEqual([
      'day',
      'count',
      'avg(latencyMs)',
      'sum(tokenUsage.input)',
      'sum(tokenUsage.output)',
    ])
    const { bins } = await projection.statsConfidence([], withholding('overridden'))
    expect(bins[5]).toMatchObject({ decisions: 4, reviewed: 1, overridden: null })
  })

  test('is not searched by free text, and not shown in a list', async () => {
    expect(await found(UNRESTRICTED, { q: 'clerk' })).toHaveLength(4)
    expect(await found(withholding('userId'), { q: 'clerk' })).toEqual([])
    expect(await found(withholding('decisionId'), { q: 'credit-1' })).toEqual([])
    const every = withholding('decisionId', 'modelId', 'modelVersion', 'prediction', 'confidence', 'status')
    const [item] = (await world.projection.list(ask({ limit: '1' }), every)).items
    expect(Object.keys(item!)).toEqual(['id', 'index', 'at', 'system'])
  })
})
