import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { QueryError, UNRESTRICTED } from '../../packages/server/src/projection/index.ts'
import { ask, decision, idOf, T0, World } from './world.ts'

const SUBJECT = 'a'.repeat(32)
const world = new World()

/** Indexes of the decisions a question finds, newest first. */
async function found(parameters: Record<string, string>): Promise<number[]> {
  const { items } = await world.projection.list(ask({ limit: '1000', ...parameters }), UNRESTRICTED)
  return items.map(({ index }) => index)
}

async function refusal(parameters: Record<string, string>): Promise<QueryError> {
  const error = await world.projection.list(ask(parameters), UNRESTRICTED).then(
    () => undefined,
    (failure: unknown) => failure,
  )
  if (!(error instanceof QueryError)) throw new Error('expected a QueryError', { cause: error })
  return error
}

beforeAll(async () => {
  const at = (hours: number) => new Date(T0 + hours * 3_600_000).toISOString()
  world.source.add(
    decision(
      {
        decisionId: 'loan-1',
        timestamp: at(0),
        modelVersion: '1',
        prediction: 'high',
        confidence: 0.7,
        caseId: 'case-1',
        traceId: 'trace-1',
        sessionId: 'session-1',
        userId: 'clerk-1',
        environment: 'production',
        riskTier: 'high',
        latencyMs: 12.5,
        inputFeatures: {
          race: 'Other',
          age: 42,
          employed: true,
          note: 'x'.repeat(65),
          'odd name\n"\'`': 'v',
          __proto__: null,
        },
      },
      { subject: SUBJECT },
    ),
    decision({
      decisionId: 'loan-2',
      timestamp: at(1),
      modelId: 'n',
      modelVersion: '2',
      prediction: 1,
      confidence: 0.123456789012,
    }),
    decision({
      decisionId: 'loan-3',
      timestamp: at(2),
      prediction: '1',
      status: 'fallback',
      inputFeatures: { age: '42', race: '"Other"' },
    }),
    decision(
      {
        decisionId: 'loan-4',
        timestamp: at(3),
        system: 'x',
        prediction: { a: [1, 'z'] },
        humanReviewed: true,
      },
      { system: 'screening' },
    ),
    decision({
      decisionId: 'loan-5',
      timestamp: at(4),
      prediction: 'p'.repeat(300),
      humanReviewed: true,
      humanOverride: true,
    }),
    decision({
      timestamp: at(4),
      prediction: true,
      latencyMs: 900,
      confidence: -3.5,
      confidenceKind: 'logprob',
    }),
    {
      kind: 'review',
      record: { decisionId: 'loan-1', verdict: 'override', at: at(9) },
      target: { index: 0, id: idOf(0) },
    },
    {
      kind: 'review',
      record: { decisionId: 'loan-2', verdict: 'agree', at: at(9) },
      target: { index: 1, id: idOf(1) },
    },
    {
      kind: 'outcome',
      record: { decisionId: 'loan-1', outcome: 0, at: at(10) },
      target: { index: 0, id: idOf(0) },
    },
    {
      kind: 'outcome',
      record: { decisionId: 'loan-1', outcome: 1, at: at(11) },
      target: { index: 0, id: idOf(0) },
    },
    decision({ decisionId: 'ancient', timestamp: '0001-01-01T00:00:00.000Z' }),
    decision({ decisionId: 'far', timestamp: '9999-12-31T23:59:59.999Z' }),
    decision({ decisionId: 'before-1970', timestamp: '1969-12-31T23:59:59.999Z' }),
    { record: undefined },
  )
  await world.start()
  await world.indexed()
})

afterAll(() => world.destroy())

describe('the list of decisions', () => {
  test('shows a decision under the contract’s names and leaves out what it lacks', async () => {
    const { items, next, asOf } = await world.projection.list(ask({ decisionId: 'loan-1' }), UNRESTRICTED)
    expect({ items, next, asOf }).toEqual({
      items: [
        {
          id: idOf(0),
          decisionId: 'loan-1',
          index: 0,
          at: '2026-01-10T00:00:00.000Z',
          system: 'default',
          modelId: 'm',
          modelVersion: '1',
          prediction: 'high',
          confidence: 0.7,
          status: 'ok',
        },
      ],
      next: null,
      asOf: { size: world.source.size() },
    })
    const [bare] = (await world.projection.list(ask({ from: '0001-01-01', to: '0001-01-02' }), UNRESTRICTED))
      .items
    expect(Object.keys(bare!)).toEqual([
      'id',
      'decisionId',
      'index',
      'at',
      'system',
      'modelId',
      'prediction',
      'status',
    ])
  })

  test('gives predictions back with their JSON type, and says of a long one that it is sealed', async () => {
    const { items } = await world.projection.list(
      ask({ order: 'at', from: '2026-01-10', to: '2026-01-11' }),
      UNRESTRICTED,
    )
    expect(items.map(({ prediction }) => prediction)).toEqual([
      'high',
      1,
      '1',
      { a: [1, 'z'] },
      { sealed: true },
      true,
    ])
  })

  test('gives confidence back to the last digit, scores included', async () => {
    const { items } = await world.projection.list(
      ask({ order: 'at', from: '2026-01-10', to: '2026-01-11' }),
      UNRESTRICTED,
    )
    expect(items.map(({ confidence }) => confidence)).toEqual([
      0.7,
      0.123456789012,
      undefined,
      undefined,
      undefined,
      -3.5,
    ])
  })

  test('is newest first, and at the same moment the later entry first', async () => {
    expect(await found({})).toEqual([11, 5, 4, 3, 2, 1, 0, 12, 10])
    expect(await found({ order: 'at' })).toEqual([10, 12, 0, 1, 2, 3, 4, 5, 11])
  })

  test('keeps moments no calendar partition holds, to the millisecond', async () => {
    const { items } = await world.projection.list(ask({ order: 'at' }), UNRESTRICTED)
    expect(items[0]!.at).toBe('0001-01-01T00:00:00.000Z')
    expect(items[1]!.at).toBe('1969-12-31T23:59:59.999Z')
    expect(items.at(-1)!.at).toBe('9999-12-31T23:59:59.999Z')
  })

  test.each([
    ['modelId', 'n', [1]],
    ['modelVersion', '1', [0]],
    ['decisionId', 'loan-3', [2]],
    ['caseId', 'case-1', [0]],
    ['traceId', 'trace-1', [0]],
    ['sessionId', 'session-1', [0]],
    ['userId', 'clerk-1', [0]],
    ['subject', SUBJECT, [0]],
    ['subject', 'nobody', []],
    ['environment', 'production', [0]],
    ['riskTier', 'high', [0]],
    ['status', 'fallback', [2]],
    ['system', 'screening', [3]],
    ['minConfidence', '0.7', [0]],
    ['maxConfidence', '0.123456789012', [1]],
    ['minLatencyMs', '12.5', [5, 0]],
    ['minLatencyMs', '12.501', [5]],
    ['maxLatencyMs', '12.5', [0]],
    ['overridden', 'true', [4, 0]],
    ['reviewed', 'true', [4, 3, 1, 0]],
    ['reviewed', 'false', [11, 5, 2, 12, 10]],
    ['prediction', 'high', [0]],
    ['prediction', '1', [2, 1]],
    ['prediction', 'true', [5]],
    ['prediction', '{"a":[1,"z"]}', [3]],
    ['outcome', '1', [0]],
    ['outcome', '0', []],
    ['feature.race', 'Other', [0]],
    ['feature.race', '"Other"', [2]],
    ['feature.age', '42', [2, 0]],
    ['feature.employed', 'true', [0]],
    ['feature.odd name\n"\'`', 'v', [0]],
    ['feature.note', 'x'.repeat(65), []],
    ['feature.unheard', 'x', []],
    ['q', 'OAN-3', [2]],
    ['q', 'screen', [3]],
    ['q', "%'_\\", []],
  ])('finds by %s=%j', async (name, value, indexes) => {
    expect(await found({ [name]: value })).toEqual(indexes)
  })

  test('takes `from` as included and `to` as excluded', async () => {
    expect(await found({ from: '2026-01-10T01:00:00Z', to: '2026-01-10T03:00:00Z' })).toEqual([2, 1])
  })

  test('joins filters by and', async () => {
    expect(await found({ prediction: '1', modelId: 'n' })).toEqual([1])
  })

  test.each([
    ['limit', '0'],
    ['limit', '1001'],
    ['limit', '1e2'],
    ['order', 'confidence'],
    ['from', 'yesterday'],
    ['minConfidence', '1.1'],
    ['minConfidence', ''],
    ['minLatencyMs', 'NaN'],
    ['overridden', 'maybe'],
    ['cursor', 'bm90IG91cnM'],
    ['cursor', Buffer.from('[1,2,3,"x"]').toString('base64url')],
    ['no such', 'thing'],
    ['__proto__', 'x'],
    ['constructor', 'x'],
    ['feature.', 'x'],
  ])('refuses %s=%j without echoing it', async (name, value) => {
    const error = await refusal({ [name]: value })
    expect(error.field).toBe(name)
    if (value.length > 3)
      expect(JSON.stringify([error.message, error.expected, error.came])).not.toContain(value)
  })

  test('refuses a parameter given twice', async () => {
    await expect(
      world.projection.list(
        [
          ['q', 'a'],
          ['q', 'b'],
        ],
        UNRESTRICTED,
      ),
    ).rejects.toMatchObject({ code: 'repeated_parameter', field: 'q' })
  })
})

describe('pages', () => {
  async function pages(parameters: Record<string, string>): Promise<number[][]> {
    const all: number[][] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await world.projection.list(
        ask({ ...parameters, ...(cursor === '' ? {} : { cursor }) }),
        UNRESTRICTED,
      )
      all.push(page.items.map(({ index }) => index))
      cursor = page.next
    }
    return all
  }

  test.each(['at', '-at'])('in order %s hold every decision once', async (order) => {
    expect((await pages({ limit: '2', order })).flat()).toEqual(await found({ order }))
    expect((await pages({ limit: '1', order })).flat()).toEqual(await found({ order }))
  })

  test('end without a cursor when the last one is full', async () => {
    expect(await pages({ limit: '9' })).toHaveLength(1)
  })

  test('of one question speak of the entries there were when it was asked', async () => {
    const first = await world.projection.list(ask({ limit: '1', modelId: 'm' }), UNRESTRICTED)
    world.source.add(decision({ decisionId: 'late', timestamp: '2026-01-10T00:30:00Z' }))
    await world.indexed()
    const rest = await world.projection.list(
      ask({ limit: '1000', modelId: 'm', cursor: first.next! }),
      UNRESTRICTED,
    )
    expect(rest.asOf).toEqual(first.asOf)
    expect(rest.items.map(({ decisionId }) => decisionId)).not.toContain('late')
    expect(await found({ decisionId: 'late' })).toHaveLength(1)
  })

  test('refuse the cursor of another question', async () => {
    const { next } = await world.projection.list(ask({ limit: '1' }), UNRESTRICTED)
    expect(await refusal({ limit: '1', modelId: 'm', cursor: next! })).toMatchObject({ code: 'bad_cursor' })
    expect(await refusal({ limit: '1', order: 'at', cursor: next! })).toMatchObject({ code: 'bad_cursor' })
  })
})
