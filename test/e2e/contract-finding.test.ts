import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  decisions,
  envelopeOf,
  type List,
  type Listed,
  type One,
  problemOf,
  type Receipt,
} from './answers.ts'
import { newPlace, ServerProcess } from './server-process.ts'

let server: ServerProcess
let receipts: Receipt[]

const DAY = 86_400_000
const START = Date.parse('2026-01-10T00:00:00Z')
const timeOf = (i: number): string => new Date(START + i * DAY).toISOString()

/** Twelve decisions, a day apart, that differ in everything one may filter by. */
const RECORDS = Array.from({ length: 12 }, (_, i) => ({
  decisionId: `d-${i}`,
  timestamp: timeOf(i),
  modelId: i < 6 ? 'credit' : 'cv-screen',
  modelVersion: `${i % 3}`,
  prediction: [`high`, 'low', 7, true, { a: 1 }, '7'][i % 6],
  confidence: i / 10 > 1 ? 1 : i / 10,
  latencyMs: i * 10,
  system: i % 2 === 0 ? 'bank' : 'hiring',
  affectedUserId: `person-${i % 4}`,
  userId: `clerk-${i % 2}`,
  caseId: `case-${i}`,
  traceId: `trace-${i}`,
  sessionId: `session-${i % 5}`,
  environment: i === 11 ? 'staging' : 'production',
  riskTier: i % 3 === 0 ? 'high' : 'low',
  inputFeatures: { race: i % 2 === 0 ? 'Other' : 'Caucasian', age: 30 + i, member: i > 5 },
  ...(i === 10 && { humanReviewed: true, humanOverride: true, humanReviewerId: 'r-1' }),
}))

beforeAll(async () => {
  server = await ServerProcess.start(await newPlace())
  receipts = (await envelopeOf(server.post('/v1/decisions', RECORDS), 201)).receipts
  const failed = {
    decisionId: 'd-12',
    timestamp: timeOf(12),
    modelId: 'credit',
    status: 'error',
    system: 'bank',
  }
  await envelopeOf(server.post('/v1/decisions', failed), 201)
  await envelopeOf(server.post('/v1/decisions/d-3/reviews', { reviewerId: 'r-2', verdict: 'agree' }), 201)
  await envelopeOf(
    server.post('/v1/decisions/d-4/reviews', { reviewerId: 'r-2', verdict: 'override', humanDecision: 'x' }),
    201,
  )
  await envelopeOf(server.post('/v1/decisions/d-0/outcomes', { outcome: 0, at: timeOf(20) }), 201)
  await envelopeOf(server.post('/v1/decisions/d-0/outcomes', { outcome: 1, at: timeOf(30) }), 201)
  await envelopeOf(server.post('/v1/decisions/d-6/outcomes', { outcome: 0 }), 201)
  await server.indexed()
})
afterAll(() => server.stop())

const list = (query: string): Promise<List> => server.get<List>(`/v1/decisions?${query}`)
const idsOf = async (query: string): Promise<string[]> =>
  (await list(`order=at&${query}`)).items.map(({ decisionId }) => decisionId!)
const d = (...numbers: number[]): string[] => numbers.map((i) => `d-${i}`)
const withPurpose = { 'Deponent-Purpose': 'complaint 17' }

describe('the list', () => {
  test('a line has the members of the contract and no others', async () => {
    const { items, asOf, next } = await list('caseId=case-0')
    const { id, index } = receipts[0]!
    expect(items).toEqual([
      {
        id,
        decisionId: 'd-0',
        index,
        at: '2026-01-10T00:00:00.000Z',
        system: 'bank',
        modelId: 'credit',
        modelVersion: '0',
        prediction: 'high',
        confidence: 0,
        status: 'ok',
      },
    ])
    expect(next).toBeNull()
    expect(asOf).toEqual({ size: expect.any(Number) })
  })

  test.each([
    ['modelId=credit', d(0, 1, 2, 3, 4, 5, 12)],
    ['modelId=credit&modelVersion=2', d(2, 5)],
    ['system=hiring', d(1, 3, 5, 7, 9, 11)],
    ['subject=person-1', d(1, 5, 9)],
    ['userId=clerk-0&modelId=cv-screen', d(6, 8, 10)],
    ['caseId=case-7', d(7)],
    ['traceId=trace-8', d(8)],
    ['sessionId=session-4', d(4, 9)],
    ['from=2026-01-20T00:00:00Z', d(10, 11, 12)],
    ['to=2026-01-11T00:00:00Z', d(0)],
    ['from=2026-01-11T00:00:00Z&to=2026-01-12T00:00:00Z', d(1)],
    [`from=${START}&to=${START + 1}`, d(0)],
    ['minConfidence=0.9', d(9, 10, 11)],
    ['maxConfidence=0.1', d(0, 1)],
    ['minConfidence=0.3&maxConfidence=0.3', d(3)],
    ['minLatencyMs=100', d(10, 11)],
    ['overridden=true', d(4, 10)],
    ['overridden=false&system=bank', d(0, 2, 6, 8, 12)],
    ['reviewed=true', d(3, 4, 10)],
    ['reviewed=false&system=hiring', d(1, 5, 7, 9, 11)],
    ['riskTier=high', d(0, 3, 6, 9)],
    ['environment=staging', d(11)],
    ['prediction=high', d(0, 6)],
    ['prediction=7', d(2, 5, 8, 11)],
    ['prediction=true', d(3, 9)],
    [`prediction=${encodeURIComponent('{"a":1}')}`, d(4, 10)],
    ['status=error', d(12)],
    ['feature.race=Other&feature.member=true', d(6, 8, 10)],
    ['feature.age=33', d(3)],
    ['feature.nobody=1', []],
    ['q=cv-screen&minConfidence=1', d(10, 11)],
    ['q=case-7', d(7)],
    ['modelId=nobody', []],
    [`modelId=${encodeURIComponent("credit' OR 1=1 --")}`, []],
  ])('%s', async (query, expected) => {
    expect(await idsOf(query)).toEqual(expected)
  })

  test('a person is found by id or by handle, and by no one else’s', async () => {
    const { handle } = (await (await server.post('/v1/subjects:lookup', { subject: 'person-1' })).json()) as {
      handle: string
    }
    expect(handle).not.toContain('person')
    expect(await idsOf(`subject=${handle}`)).toEqual(d(1, 5, 9))
    expect(await idsOf('subject=person')).toEqual([])
    await problemOf(server.post('/v1/subjects:lookup', {}), 400, 'missing_field')
    await problemOf(server.post('/v1/subjects:lookup', []), 400, 'wrong_type')
    await problemOf(server.post('/v1/subjects:lookup', '{'), 400, 'bad_json')
  })

  test('the newest come first unless asked otherwise', async () => {
    const times = async (query: string): Promise<string[]> => (await list(query)).items.map(({ at }) => at)
    const newest = await times('')
    expect(newest).toEqual([...newest].sort().reverse())
    expect(await times('order=-at')).toEqual(newest)
    expect(await times('order=at')).toEqual([...newest].reverse())
  })

  test('limit is 1 to 1,000 and 100 when not given', async () => {
    await envelopeOf(server.post('/v1/decisions', decisions('many', 150)), 201)
    await server.indexed()
    expect((await list('')).items).toHaveLength(100)
    expect((await list('limit=1')).items).toHaveLength(1)
    expect((await list('limit=1000')).items).toHaveLength(163)
    for (const limit of ['0', '1001', '-1', '1.5', 'ten', '', '1e2']) {
      const problem = await problemOf(server.fetch(`/v1/decisions?limit=${limit}`), 400, 'bad_parameter')
      expect(problem.field).toBe('limit')
    }
  })

  test.each([
    ['order=sideways', 'bad_parameter', 'order'],
    ['from=tomorrow', 'bad_parameter', 'from'],
    ['minConfidence=2', 'bad_parameter', 'minConfidence'],
    ['maxConfidence=high', 'bad_parameter', 'maxConfidence'],
    ['overridden=perhaps', 'bad_parameter', 'overridden'],
    ['colour=red', 'unknown_parameter', 'colour'],
    ['feature.=1', 'bad_parameter', 'feature.'],
    ['modelId=a&modelId=b', 'repeated_parameter', 'modelId'],
    ['cursor=nonsense', 'bad_cursor', 'cursor'],
  ])('%s is refused and the parameter named', async (query, code, field) => {
    const problem = await problemOf(server.fetch(`/v1/decisions?${query}`), 400, code)
    expect(problem.field).toBe(field)
  })

  test('the parameters are those of the OpenAPI document', async () => {
    const { paths } = await server.get<{
      paths: Record<string, { get: { parameters: { name: string }[] } }>
    }>('/openapi.json')
    const documented = paths['/v1/decisions']!.get.parameters.map(({ name }) => name)
    const problem = await problemOf(server.fetch('/v1/decisions?colour=red'), 400, 'unknown_parameter')
    const known = [...String(problem.expected).matchAll(/\w+(?=,|$)/g)].map(([name]) => name)
    expect(documented.toSorted()).toEqual(
      [...known.filter((name) => name !== 'NAME'), 'cursor', 'limit', 'order'].toSorted(),
    )
  })

  test('a cursor belongs to its question', async () => {
    const { next } = await list('limit=2&modelId=credit')
    await problemOf(server.fetch(`/v1/decisions?limit=2&modelId=cv-screen&cursor=${next}`), 400, 'bad_cursor')
    await problemOf(
      server.fetch(`/v1/decisions?limit=2&modelId=credit&order=at&cursor=${next}`),
      400,
      'bad_cursor',
    )
    expect((await list(`limit=5&modelId=credit&cursor=${next}`)).items).toHaveLength(5)
  })

  test.each(['at', '-at'])(
    'pages by %s hold every decision once, while more arrive in between',
    async (order) => {
      const sizeBefore = (await list('limit=1')).asOf.size
      const whole = (await list(`limit=1000&order=${order}`)).items
      const walked: Listed[] = []
      const sizes = new Set<number>()
      let cursor = ''
      for (let page = 0; ; page += 1) {
        const answer = await list(`limit=17&order=${order}${cursor}`)
        walked.push(...answer.items)
        sizes.add(answer.asOf.size)
        if (answer.next === null) break
        cursor = `&cursor=${encodeURIComponent(answer.next)}`
        const late = { modelId: 'late', prediction: order, timestamp: timeOf(page % 12) }
        await envelopeOf(server.post('/v1/decisions', [late, { modelId: 'late', prediction: page }]), 201)
        await server.indexed()
      }
      // Looks are entries too: those of the questions before may have come to the index by the first page.
      expect([...sizes]).toEqual([expect.toSatisfy((size) => size >= sizeBefore)])
      expect(walked).toEqual(whole)
      expect(new Set(walked.map(({ id }) => id)).size).toBe(walked.length)
    },
  )

  test('what was recorded since is in the next answer, with a larger asOf', async () => {
    const before = await list('modelId=fresh')
    const [receipt] = (
      await envelopeOf(server.post('/v1/decisions', { modelId: 'fresh', prediction: 1 }), 201)
    ).receipts
    await server.indexed()
    const after = await list('modelId=fresh')
    expect(after.items.map(({ id }) => id)).toEqual([receipt!.id])
    expect(after.asOf.size).toBeGreaterThan(before.asOf.size)
  })
})

describe('one decision', () => {
  test('is found by entry id and by decisionId, at once, in the shape of the contract', async () => {
    const record = {
      decisionId: 'one/1',
      timestamp: '2026-01-10T00:00:00.000Z',
      modelId: 'm',
      prediction: 'high',
      inputFeatures: { race: 'Other' },
      messages: [{ role: 'user', content: 'hello' }],
    }
    const [receipt] = (await envelopeOf(server.post('/v1/decisions', record), 201)).receipts
    const one = await server.get<One>(`/v1/decisions/${receipt!.id}`)
    expect(one).toEqual({
      id: receipt!.id,
      kind: 'decision',
      index: receipt!.index,
      ledger: 'default',
      at: '2026-01-10T00:00:00.000Z',
      receivedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      system: 'default',
      record: { ...record, messages: { sealed: true } },
      links: [],
      completeness: {
        profile: expect.stringMatching(/^[a-z]+\/\d+$/),
        score: expect.any(Number),
        missing: expect.any(Array),
      },
    })
    expect(one.completeness!.score).toBeGreaterThan(0)
    expect(one.completeness!.score).toBeLessThan(1)
    expect(await server.get(`/v1/decisions/${encodeURIComponent('one/1')}`)).toEqual(one)
  })

  test('an id nobody used is 404, whatever it looks like', async () => {
    for (const id of [
      'nobody',
      '01970000-0000-7000-8000-000000000000',
      receipts[0]!.id.toUpperCase(),
      '%F0%9F%99%82',
      '%ff',
      'x'.repeat(2_000),
    ]) {
      await problemOf(server.fetch(`/v1/decisions/${id}`), 404, 'not_found')
      await problemOf(server.fetch(`/v1/decisions/${id}/proof`), 404, 'not_found')
    }
  })

  test.each(['a b', 'a/b', '100%', 'a%2Fb', 'ü', '?#', 'a+b', 'subjects:lookup', '"', '🙂'])(
    'the id %j is found as it was sent',
    async (decisionId) => {
      await envelopeOf(server.post('/v1/decisions', { decisionId, modelId: 'm', prediction: 1 }), 201)
      const one = await server.get<One>(`/v1/decisions/${encodeURIComponent(decisionId)}`)
      expect(one.record.decisionId).toBe(decisionId)
    },
  )

  test('an id several systems used is ambiguous until the system is said', async () => {
    const records = ['east', 'west'].map((system) => ({
      decisionId: 'dawn',
      modelId: 'm',
      prediction: system,
      system,
    }))
    const ids = (await envelopeOf(server.post('/v1/decisions', records), 201)).receipts.map(({ id }) => id)
    const problem = await problemOf(server.fetch('/v1/decisions/dawn'), 409, 'ambiguous_id')
    expect(problem.ids).toEqual(ids)
    expect((await server.get<One>('/v1/decisions/dawn?system=west')).id).toBe(ids[1])
    expect((await server.get<One>(`/v1/decisions/${ids[0]}`)).system).toBe('east')
    await problemOf(server.fetch('/v1/decisions/dawn?system=nowhere'), 404, 'not_found')
    await problemOf(server.fetch('/v1/decisions/dawn/proof'), 409, 'ambiguous_id')
  })

  test('what is sealed shows only to whoever states a purpose', async () => {
    const record = {
      decisionId: 'sealed-1',
      modelId: 'm',
      prediction: 'high',
      affectedUserId: 'lovelace',
      input: { text: 'free' },
      messages: ['hello'],
      explanation: { method: 'shap', reasoning: 'because she asked' },
      metadata: { note: 'x' },
      inputFeatures: { race: 'Other', letter: 'long '.repeat(20), age: 41, nested: { deep: 1 } },
      ipAddress: '192.0.2.1',
    }
    await envelopeOf(server.post('/v1/decisions', record), 201)
    const closed = (await (await server.fetch('/v1/decisions/sealed-1')).json()) as One
    const sealed = { sealed: true }
    expect(closed.record).toMatchObject({
      input: sealed,
      messages: sealed,
      metadata: sealed,
      affectedUserId: sealed,
      ipAddress: sealed,
      explanation: { method: 'shap', reasoning: sealed },
      inputFeatures: { race: 'Other', letter: sealed, age: 41, nested: sealed },
    })
    expect(JSON.stringify(closed)).not.toMatch(/lovelace|hello|because|free|192\.0/)
    const open = (await (
      await server.fetch('/v1/decisions/sealed-1', { headers: withPurpose })
    ).json()) as One
    expect(open.record).toEqual(record)
    const blank = (await (
      await server.fetch('/v1/decisions/sealed-1', { headers: { 'Deponent-Purpose': ' ' } })
    ).json()) as One
    expect(blank).toEqual(closed)
  })

  test('an entry of another kind is found by its entry id', async () => {
    const [receipt] = (
      await envelopeOf(server.post('/v1/records', { kind: 'system.log', message: 'started' }), 201)
    ).receipts
    expect(await server.get(`/v1/decisions/${receipt!.id}`)).toMatchObject({
      id: receipt!.id,
      kind: 'system.log',
    })
  })

  test('its timeline holds what was recorded about it, oldest first', async () => {
    const { items } = await server.get<{ items: One[] }>('/v1/decisions/d-0/timeline')
    expect(items.map(({ kind, record }) => [kind, record.outcome])).toEqual([
      ['outcome', 0],
      ['outcome', 1],
    ])
    expect((await server.get<{ items: One[] }>('/v1/decisions/d-1/timeline')).items).toEqual([])
    await problemOf(server.fetch('/v1/decisions/nobody/timeline'), 404, 'not_found')
  })
})

describe('aggregates', () => {
  const items = async (query: string): Promise<Record<string, unknown>[]> =>
    (await server.get<{ items: Record<string, unknown>[] }>(`/v1/aggregate?${query}`)).items

  test('count by feature, prediction and the latest outcome, numbers as numbers, null where there is none', async () => {
    const rows = await items('metrics=count&by=feature.race,prediction,outcome&prediction=high&system=bank')
    expect(rows).toHaveLength(2)
    expect(rows).toEqual(
      expect.arrayContaining([
        { 'feature.race': 'Other', prediction: 'high', outcome: 1, count: 1 },
        { 'feature.race': 'Other', prediction: 'high', outcome: 0, count: 1 },
      ]),
    )
    expect(await items('metrics=count&by=outcome&caseId=case-1')).toEqual([{ outcome: null, count: 1 }])
  })

  test('metrics are named as they were asked for', async () => {
    expect(await items('metrics=count,avg(confidence),max(latencyMs)&userId=clerk-0')).toEqual([
      { count: 6, 'avg(confidence)': 0.5, 'max(latencyMs)': 100 },
    ])
  })

  test('the filters of the list apply', async () => {
    expect(await items('metrics=count&overridden=true')).toEqual([{ count: 2 }])
    expect(
      await items(
        'metrics=count&by=modelId&feature.race=Other&from=2026-01-14T00:00:00Z&to=2026-01-18T00:00:00Z',
      ),
    ).toEqual([
      { modelId: 'credit', count: 1 },
      { modelId: 'cv-screen', count: 1 },
    ])
  })

  test.each([
    'metrics=median(confidence)',
    'metrics=avg(shoeSize)',
    'metrics=',
    'by=colour',
    'by=modelId,modelId',
    'colour=red',
  ])('%s is refused', async (query) => {
    const response = await server.fetch(`/v1/aggregate?${query}`)
    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
  })
})

describe('SQL', () => {
  test('answers with columns and rows as of a size', async () => {
    const response = await server.post('/v1/sql', {
      sql: "SELECT modelId, count() AS n FROM decisions WHERE system = 'hiring' GROUP BY modelId ORDER BY modelId",
    })
    expect(await response.json()).toMatchObject({
      columns: [{ name: 'modelId' }, { name: 'n' }],
      rows: [
        ['credit', 3],
        ['cv-screen', 3],
      ],
      truncated: false,
      asOf: { size: expect.any(Number) },
    })
  })

  test.each([
    'DROP TABLE decisions',
    'INSERT INTO decisions VALUES (1)',
    'SELECT 1; SELECT 2',
    "SELECT file('/etc/passwd')",
    "SELECT * FROM url('http://127.0.0.1:1')",
    'SELECT * FROM system.users',
    'SELECT nothing FROM decisions',
    '',
  ])('%s is refused', async (sql) => {
    const response = await server.post('/v1/sql', { sql })
    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
  })

  test('a body without a statement is refused', async () => {
    await problemOf(server.post('/v1/sql', { sql: 1 }), 400, 'missing_field')
    await problemOf(server.post('/v1/sql', 'SELECT 1'), 400, 'bad_json')
  })
})

describe('statistics', () => {
  test('coverage is undeclared while nobody numbers records', async () => {
    expect(JSON.stringify(await server.get('/v1/stats/coverage'))).toContain('undeclared')
  })

  test.each(['usage', 'confidence', 'overrides', 'completeness'])(
    '/v1/stats/%s answers, filters apply and others are refused',
    async (name) => {
      expect(await server.get(`/v1/stats/${name}?modelId=credit`)).toMatchObject({
        asOf: { size: expect.any(Number) },
      })
      await problemOf(server.fetch(`/v1/stats/${name}?colour=red`), 400, 'unknown_parameter')
    },
  )

  test('answers about everything refuse a filter they would ignore', async () => {
    for (const path of ['/v1/stats/coverage', '/v1/systems'])
      await problemOf(server.fetch(`${path}?modelId=credit`), 400, 'unknown_parameter')
  })

  test('/v1/systems names each system and the class of its fields', async () => {
    const { items } = await server.get<{
      items: { name: string; fields: { name: string; class: string; why: string }[] }[]
    }>('/v1/systems')
    const bank = items.find(({ name }) => name === 'bank')
    expect(bank!.fields).toContainEqual({ name: 'race', class: 'queryable', why: expect.any(String) })
  })

  test('a field that takes more than 1,000 values is sealed, in lists and in records, and a change record says so', async () => {
    const records = Array.from({ length: 1_001 }, (_, i) => ({
      modelId: 'm',
      prediction: 1,
      system: 'wide',
      decisionId: `wide-${i}`,
      inputFeatures: { ticket: `t-${i}`, kind: 'a' },
    }))
    await envelopeOf(server.post('/v1/decisions', records), 201)
    await server.indexed()
    const answer = await server.get<List & { sealed: unknown }>(
      '/v1/decisions?system=wide&feature.ticket=t-5',
    )
    expect(answer).toMatchObject({ items: [], sealed: [{ system: 'wide', field: 'ticket' }] })
    const one = await server.get<One>('/v1/decisions/wide-5')
    expect(one.record.inputFeatures).toEqual({ ticket: { sealed: true }, kind: 'a' })
    await server.indexed()
    const changes = await server.post('/v1/sql', { sql: "SELECT count() FROM records WHERE kind = 'change'" })
    expect(await changes.json()).toMatchObject({ rows: [[1]] })
  })
})
