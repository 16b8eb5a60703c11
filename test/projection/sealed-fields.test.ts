import type { JsonValue } from '@deponent/format'
import { afterEach, describe, expect, test } from 'vitest'
import type { FieldRules } from '../../packages/server/src/projection/index.ts'
import { UNRESTRICTED } from '../../packages/server/src/projection/index.ts'
import { rowsOf } from '../../packages/server/src/projection/rows.ts'
import { ask, decision, MemorySource, World } from './world.ts'

const worlds: World[] = []
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.destroy()
})

/** Rules that seal these pointers of a system in entries below an index. */
function sealing(
  version: number,
  system: string,
  below: Readonly<Record<string, number>>,
  within: Readonly<Record<string, number>> = {},
): FieldRules {
  return {
    version,
    touches: (name) => name === system,
    sealedUntil: (name, pointer) => (name === system ? (below[pointer] ?? 0) : 0),
    sealedWithinUntil: (name, pointer) => (name === system ? (within[pointer] ?? 0) : 0),
  }
}

const PERSONAL = {
  decisionId: 'd-1',
  userId: 'ana@example.com',
  inputFeatures: { mail: 'ana@example.com', age: 41 },
}

describe('the rows of a record that says what of it is sealed', () => {
  const rowOf = (sealed: string[], queryable: string[] = []) => {
    const source = new MemorySource()
    source.add(decision({ ...PERSONAL, classification: { policy: 1, sealed, queryable } }))
    return rowsOf(source.entries[0]!)
  }

  test('hold none of the values it seals, and all others', () => {
    const row = rowOf(['/userId', '/inputFeatures/mail'])
    expect(JSON.stringify(row)).not.toContain('ana@example.com')
    expect(row.features).toEqual([{ name: 'age', text: '41' }])
    expect(row.decision).toContain('d-1')
  })

  test('hold nothing the sender chose when everything is sealed, but for what is declared queryable', () => {
    const row = rowOf([''], ['/inputFeatures/age'])
    expect(row.features).toEqual([{ name: 'age', text: '41' }])
    expect(row.decision).not.toContain('d-1')
    expect(row.decision).not.toContain('m')
    expect(row.decision).not.toContain('ok')
  })

  test('do not tell a sealed risk tier by the profile it is measured by', () => {
    const source = new MemorySource()
    const sealed = { classification: { policy: 1, sealed: ['/riskTier'] } }
    source.add(decision({ riskTier: 'critical', ...sealed }), decision({ riskTier: 'low', ...sealed }))
    const [heavy, light] = source.entries.map((entry) => rowsOf(entry).decision!.slice(-3))
    expect(heavy).toEqual(light)
  })

  test('count completeness by what is there, sealed or not', () => {
    const source = new MemorySource()
    source.add(decision(PERSONAL), decision({ ...PERSONAL, classification: { policy: 1, sealed: [''] } }))
    const [open, sealed] = source.entries.map((entry) => rowsOf(entry).decision!.slice(-3))
    expect(sealed).toEqual(open)
  })
})

describe('a field that is sealed after its values were indexed', () => {
  const people = (count: number) =>
    Array.from({ length: count }, (_, i) =>
      decision(
        {
          decisionId: `d-${i}`,
          userId: `user-${i % 7}`,
          confidence: 0.5,
          inputFeatures: { city: 'Oslo', age: i % 50 },
        },
        { system: i % 2 === 0 ? 'credit' : 'hiring' },
      ),
    )
  const count = async (world: World, parameters: Record<string, string>) =>
    (await world.projection.aggregate(ask({ metrics: 'count', ...parameters }), UNRESTRICTED)).items[0]?.[
      'count'
    ] ?? 0

  async function begin(rules: () => FieldRules, entries = 40): Promise<World> {
    const world = new World()
    worlds.push(world)
    world.source.add(...people(entries))
    await world.start({ rules })
    await world.indexed()
    return world
  }

  async function follow(world: World): Promise<void> {
    world.projection.rulesChanged()
    while (!world.projection.followsRules()) await new Promise((resolve) => setTimeout(resolve, 20))
  }

  test('leaves the index in the system it was sealed in, and there alone', async () => {
    let rules = sealing(0, '', {})
    const world = await begin(() => rules)
    expect(await count(world, { 'feature.city': 'Oslo' })).toBe(40)
    rules = sealing(2, 'credit', {
      '/inputFeatures/city': Infinity,
      '/userId': Infinity,
      '/confidence': Infinity,
    })
    await follow(world)
    expect(await count(world, { 'feature.city': 'Oslo' })).toBe(20)
    expect(await count(world, { 'feature.age': '4' })).toBe(1)
    expect(await count(world, { userId: 'user-0', system: 'credit' })).toBe(0)
    expect(await count(world, { userId: 'user-0', system: 'hiring' })).toBeGreaterThan(0)
    expect(await count(world, { minConfidence: '0.4' })).toBe(20)
  })

  test('comes back for what is recorded after it became queryable again, and not for what was before', async () => {
    const rules = sealing(3, 'credit', { '/inputFeatures/city': 20, '/userId': 20 })
    const world = await begin(() => rules)
    const answers = async () => [
      await count(world, { 'feature.city': 'Oslo', system: 'credit' }),
      await count(world, { userId: 'user-0', system: 'credit' }),
      await count(world, { system: 'credit' }),
    ]
    const filled = await answers()
    expect(filled[0]).toBe(10)
    await world.projection.reindex()
    expect(await answers()).toEqual(filled)
  })

  test('gives the same answers whether it was taken out or never put in', async () => {
    let rules = sealing(0, '', {})
    const world = await begin(() => rules)
    rules = sealing(2, 'hiring', {
      '/inputFeatures/age': Infinity,
      '/decisionId': 10,
      '/modelId': Infinity,
      '/prediction': 30,
    })
    await follow(world)
    const everything = async () =>
      (await world.projection.list(ask({ limit: '1000' }), UNRESTRICTED)).items.map((item) =>
        JSON.stringify(item),
      )
    const taken = await everything()
    await world.projection.reindex()
    expect(await everything()).toEqual(taken)
  })

  test('does not show through how complete a decision is', async () => {
    const weights: Record<string, string>[] = [
      { riskTier: 'high' },
      { riskTier: 'critical', consequenceLevel: 'material', deployer: 'Acme' },
      { riskTier: 'low', consequenceLevel: 'significant' },
      { consequenceLevel: 'informational' },
      {},
      { riskTier: 'critical' },
    ]
    const world = new World()
    worlds.push(world)
    world.source.add(...weights.map((weight, i) => decision({ decisionId: `d-${i}`, ...weight })))
    let rules = sealing(0, '', {})
    await world.start({ rules: () => rules })
    await world.indexed()
    const sql = 'SELECT completenessProfile, completeness, missingFields FROM decisions ORDER BY index'
    const held = async () => (await world.projection.sql(sql, UNRESTRICTED)).rows
    const profiles = async () => (await held()).map(([profile]) => profile)
    expect(await profiles()).toEqual(['high/1', 'critical/1', 'high/1', 'low/1', 'core/1', 'critical/1'])
    rules = sealing(2, 'default', { '/riskTier': 5, '/consequenceLevel': 2 })
    await follow(world)
    const taken = await held()
    expect(await profiles()).toEqual(['core/1', 'core/1', 'high/1', 'low/1', 'core/1', 'critical/1'])
    await world.projection.reindex()
    expect(await held()).toEqual(taken)
  })

  test('takes the structure it stands in along, and leaves plain results and what is recorded later', async () => {
    const results = [{ name: 'Ada', risk: 'low' }, 'low', ['Ada'], { name: 'Bo', risk: 'high' }]
    const world = new World()
    worlds.push(world)
    const told = (value: JsonValue, i: number) => [
      decision({ decisionId: `d-${i}`, prediction: value, tokenUsage: { input: 3, output: 4 } }),
      { kind: 'outcome', record: { decisionId: `d-${i}`, outcome: value } },
      { kind: 'review', record: { decisionId: `d-${i}`, verdict: 'agree', humanDecision: value } },
    ]
    world.source.add(...results.flatMap(told))
    let rules = sealing(0, '', {})
    await world.start({ rules: () => rules })
    await world.indexed()
    const held = async () => {
      const rowsOf = async (sql: string) => (await world.projection.sql(sql, UNRESTRICTED)).rows
      const { items } = await world.projection.list(ask(), UNRESTRICTED)
      return {
        decisions: await rowsOf('SELECT prediction, inputTokens, outputTokens FROM decisions ORDER BY index'),
        outcomes: await rowsOf('SELECT outcome FROM outcomes ORDER BY index'),
        reviews: await rowsOf('SELECT humanDecision FROM reviews ORDER BY index'),
        listed: items.map(({ prediction }) => prediction),
      }
    }
    expect(JSON.stringify(await held())).toContain('Ada')
    // The last decision, with its outcome and review, was classified by the rules already.
    const within = { '/prediction': 9, '/outcome': 9, '/humanDecision': 9, '/tokenUsage': 9 }
    rules = sealing(2, 'default', {}, within)
    await follow(world)
    const taken = await held()
    expect(JSON.stringify(taken)).not.toContain('Ada')
    const last = '{"name":"Bo","risk":"high"}'
    expect(taken).toMatchObject({
      decisions: [
        [null, null, null],
        ['low', null, null],
        [null, null, null],
        [last, 3, 4],
      ],
      outcomes: [[null], ['low'], [null], [last]],
      reviews: [[null], ['low'], [null], [last]],
    })
    expect(taken.listed).toContainEqual({ sealed: true })
    await world.projection.reindex()
    expect(await held()).toEqual(taken)
  })
})
