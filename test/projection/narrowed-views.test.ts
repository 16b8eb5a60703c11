import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  databaseOfLedger,
  IndexEngine,
  QueryError,
  type Restriction,
  UNRESTRICTED,
} from '../../packages/server/src/projection/index.ts'
import { decision, idOf, T0, World } from './world.ts'

const ANNA = 'a'.repeat(32)
const at = (hour: number) => new Date(T0 + hour * 3_600_000).toISOString()
const restrict = (restriction: Partial<Restriction>): Restriction => ({ ...UNRESTRICTED, ...restriction })
/** A name that would end a string, were it ever put into one. */
const ODD = `o'dd\\" \`; --`

const CREDIT = restrict({ boxes: [{ systems: ['credit'] }] })
const HIDING = restrict({
  boxes: [{ systems: ['credit'] }],
  withholds: (name) => ['userId', 'feature.race', 'reviewerId'].includes(name),
})

const world = new World()
const neighbour = new World()
let engine: IndexEngine
/** Where the caller of HIDING reads. */
let ownDatabase = ''

const sql = (text: string, restriction: Restriction) => world.projection.sql(text, restriction)
const rows = async (text: string, restriction: Restriction) => (await sql(text, restriction)).rows

async function databases(): Promise<string[]> {
  const client = engine.connect()
  const found = await client.select<{ name: string }>('SELECT name FROM system.databases ORDER BY name')
  await client.close()
  return found.map(({ name }) => name)
}

beforeAll(async () => {
  engine = await IndexEngine.start({ directory: join(world.directory, 'index'), processes: world.processes })
  world.source.add(
    decision(
      {
        decisionId: 'c1',
        timestamp: at(1),
        userId: 'clerk',
        inputFeatures: { race: 'Other', age: 4 },
      },
      { system: 'credit', subject: ANNA },
    ),
    decision({ decisionId: 'c2', timestamp: at(2) }, { system: 'credit' }),
    decision({ decisionId: 'outside', timestamp: at(1) }, { system: 'hiring', subject: ANNA }),
    decision({ decisionId: 'odd', timestamp: at(1) }, { system: ODD }),
    {
      kind: 'outcome',
      system: 'credit',
      record: { outcome: 1, at: at(3) },
      target: { index: 0, id: idOf(0) },
    },
    {
      kind: 'outcome',
      system: 'hiring',
      record: { outcome: 9, at: at(3) },
      target: { index: 2, id: idOf(2) },
    },
    {
      kind: 'review',
      system: 'credit',
      record: { verdict: 'agree', reviewerId: 'rita', at: at(3) },
      target: { index: 0, id: idOf(0) },
    },
    { kind: 'model.deployed', system: 'hiring', record: { modelId: 'm', at: at(3) } },
    { kind: 'access', system: 'credit', record: { actor: { id: 'i' }, action: 'read', at: at(3) } },
  )
  neighbour.source.add(decision({ decisionId: 'of-the-neighbour' }))
  await world.start({ engine })
  await neighbour.start({ engine, database: databaseOfLedger('acme') })
  await Promise.all([world.indexed(), neighbour.indexed()])
  const before = await databases()
  await sql('SELECT 1', HIDING)
  ownDatabase = (await databases()).find((name) => !before.includes(name))!
  // Somebody else's views are there to be broken into.
  await sql('SELECT 1', restrict({ boxes: [{ systems: ['hiring'] }] }))
})

afterAll(async () => {
  await Promise.all([world.stop(), neighbour.stop()])
  await engine.stop()
  await Promise.all([world.destroy(), neighbour.destroy()])
})

const IDS = 'SELECT decisionId FROM decisions ORDER BY index'

describe('SQL over a part of the records', () => {
  test('reads the same views with the rows of that part', async () => {
    expect(await rows(IDS, UNRESTRICTED)).toEqual([['c1'], ['c2'], ['outside'], ['odd']])
    expect(await rows(IDS, CREDIT)).toEqual([['c1'], ['c2']])
    expect(await rows(IDS, restrict({ boxes: [{ systems: [ODD] }] }))).toEqual([['odd']])
    const early = restrict({
      boxes: [{ systems: ['credit'], to: T0 + 2 * 3_600_000 }, { systems: ['hiring'] }],
    })
    expect(await rows(IDS, early)).toEqual([['c1'], ['outside']])
    expect(await rows(IDS, restrict({ subjects: [ANNA] }))).toEqual([['c1'], ['outside']])
    expect(await rows('SELECT outcome FROM outcomes', CREDIT)).toEqual([['1']])
    expect(await rows('SELECT count() FROM outcomes', restrict({ subjects: [ANNA] }))).toEqual([[2]])
    expect(await rows('SELECT kind FROM records', CREDIT)).toEqual([])
    expect(await rows('SELECT kind FROM records', UNRESTRICTED)).toEqual([['model.deployed']])
    expect(await rows('SELECT count() FROM reviews', restrict({ boxes: [{ systems: ['hiring'] }] }))).toEqual(
      [[0]],
    )
    for (const nothing of [
      restrict({ boxes: [] }),
      restrict({ subjects: [] }),
      restrict({ boxes: [{ systems: [] }] }),
    ])
      expect(await rows('SELECT count() FROM decisions', nothing)).toEqual([[0]])
  })

  test('has no column of what is withheld', async () => {
    const { columns } = await sql('SELECT * FROM decisions', HIDING)
    const names = columns.map(({ name }) => name)
    expect(names).toContain('feature.age')
    expect(names).not.toContain('userId')
    expect(names).not.toContain('feature.race')
    expect(await rows('DESCRIBE decisions', HIDING)).not.toContainEqual(expect.arrayContaining(['userId']))
    for (const text of [
      'SELECT userId FROM decisions',
      'SELECT t.userId FROM decisions',
      'SELECT decisions.userId FROM decisions',
      'SELECT count() FROM decisions WHERE "feature.race" = \'Other\'',
      'SELECT f0 FROM decisions',
      'SELECT moreFeatures FROM decisions',
      'SELECT reviewerId FROM reviews',
      'SELECT d.userId FROM decisions AS d JOIN reviews AS r ON r.decisionIndex = toInt64(d.index)',
    ])
      await expect(sql(text, HIDING)).rejects.toMatchObject({ code: 'bad_sql' })
    expect(await rows('SELECT "feature.race" FROM decisions WHERE index = 0', CREDIT)).toEqual([['Other']])
    // Columns alone may be withheld, from somebody who may see every record.
    const all = restrict({ withholds: (name) => name === 'userId' })
    expect(await rows('SELECT count() FROM decisions', all)).toEqual([[4]])
    await expect(sql('SELECT userId FROM decisions', all)).rejects.toMatchObject({ code: 'bad_sql' })
  })

  test('never tries a condition on a row of another part', async () => {
    for (const [condition, count] of [
      ["intDiv(1, if(decisionId = 'outside', 0, 1)) = 1", 2],
      ["toUInt8(if(decisionId = 'outside', 'x', '1')) = 1", 2],
      ["decisionId = 'outside' AND toUInt8(assumeNotNull(decisionId)) > 0", 0],
      ["index >= 0 AND system = 'hiring' AND toUInt8(assumeNotNull(decisionId)) > 0", 0],
    ] as const) {
      expect(await rows(`SELECT count() FROM decisions WHERE ${condition}`, CREDIT)).toEqual([[count]])
      await expect(sql(`SELECT count() FROM decisions WHERE ${condition}`, UNRESTRICTED)).rejects.toThrow(
        'sql',
      )
    }
  })

  test('finds nothing of the others, whatever is tried', async () => {
    const foreign = (await databases()).filter((name) => name.includes('_only_'))
    expect(foreign.length).toBeGreaterThan(1)
    const elsewhere = ['deponent', 'deponent_index', 'deponent_acme', 'deponent_acme_index', ...foreign]
    for (const database of elsewhere) {
      for (const text of [
        `SELECT decisionId FROM ${database}.decisions`,
        `SELECT decisionId FROM ${database.toUpperCase()}.decisions`,
        `SELECT decisionId FROM \`${database}\`.decisions`,
        `SELECT decisionId FROM "${database}"."decisions"`,
        `SELECT decisionId FROM \`${database}.decisions\``,
        `SELECT decisionId FROM ${database} . decisions`,
        `SELECT decisionId FROM ${database}/**/./**/decisions`,
        `SELECT decisionId FROM ${database} -- x\n.decisions`,
        `SELECT decisionId FROM decisions UNION ALL SELECT decisionId FROM ${database}.decisions`,
        `WITH d AS (SELECT decisionId FROM ${database}.decisions) SELECT * FROM d`,
        `WITH decisions AS (SELECT * FROM ${database}.decisions) SELECT decisionId FROM decisions`,
        `SELECT 1 AS ${database} FROM ${database}.decisions`,
        `SELECT index IN ${database}.decisions FROM decisions`,
        `SELECT count() FROM decisions WHERE index IN (SELECT index FROM ${database}.decisions)`,
        `SELECT d.index FROM decisions AS d JOIN ${database}.decisions AS o ON o.index = d.index`,
        `SELECT * FROM decisions, ${database}.decisions`,
        `SELECT * FROM merge('${database}', '.*')`,
        `SELECT * FROM merge(${database}, '.*')`,
        `SELECT * FROM remote('127.0.0.1', ${database}, decisions)`,
        `SELECT * FROM cluster('default', ${database}.decisions)`,
        `SELECT dictGet('${database}.decisions', 'decisionId', 1)`,
        `SELECT joinGet('${database}.decisions', 'decisionId', 1)`,
        `DESCRIBE ${database}.decisions`,
        `DESCRIBE TABLE ${database}.decisions`,
        `SHOW TABLES FROM ${database}`,
        `SHOW CREATE TABLE ${database}.decisions`,
        `EXPLAIN SELECT * FROM ${database}.decisions`,
        `USE ${database}`,
        `SELECT 1 SETTINGS database = '${database}'`,
      ]) {
        const error: unknown = await sql(text, HIDING).catch((failure: unknown) => failure)
        // What is allowed to be said is about the caller's own views, which have no such name in them.
        if (database === ownDatabase && !(error instanceof QueryError)) continue
        expect({ text, error }).toEqual({ text, error: expect.any(QueryError) as unknown })
      }
    }
  })

  test('does not tell how much there is outside', async () => {
    for (const kind of ['', 'PLAN ', 'PIPELINE ', 'SYNTAX ', 'ESTIMATE '])
      await expect(sql(`EXPLAIN ${kind}SELECT count() FROM decisions`, CREDIT)).rejects.toMatchObject({
        code: 'sql_not_allowed',
      })
    for (const text of [
      'SELECT * FROM system.parts',
      'SELECT * FROM system.tables',
      'SELECT * FROM information_schema.tables',
      'SELECT * FROM INFORMATION_SCHEMA.COLUMNS',
      'SELECT * FROM system.query_log',
      'SELECT _part FROM decisions',
      'SELECT * FROM entries',
      'SELECT * FROM accesses',
      'SELECT * FROM meta',
      'SELECT * FROM featureValues',
      'SELECT * FROM t',
    ])
      await expect(sql(text, CREDIT)).rejects.toBeInstanceOf(QueryError)
    expect(await rows('SHOW TABLES', CREDIT)).toEqual([['decisions'], ['outcomes'], ['records'], ['reviews']])
  })

  test('answers callers at the same time each from their own part', async () => {
    await Promise.all(
      Array.from({ length: 24 }, async (_, i) => {
        const [restriction, count] = i % 3 === 0 ? [CREDIT, 2] : i % 3 === 1 ? [UNRESTRICTED, 4] : [HIDING, 2]
        expect(await rows('SELECT count() FROM decisions', restriction)).toEqual([[count]])
      }),
    )
  })
})

describe('databases of narrowed views', () => {
  test('are made when first asked for, and few are kept', async () => {
    const narrowed = async () => (await databases()).filter((name) => name.startsWith('deponent_only_'))
    for (let i = 0; i < 20; i++)
      expect(await rows(IDS, restrict({ boxes: [{ systems: [`s${i}`] }] }))).toEqual([])
    expect((await narrowed()).length).toBeLessThanOrEqual(16)
    const before = await narrowed()
    expect(await rows(IDS, restrict({ boxes: [{ systems: ['s19'] }] }))).toEqual([])
    expect(await narrowed()).toEqual(before)
  })

  test('show a feature that came later, and go with the index', async () => {
    world.source.add(decision({ inputFeatures: { later: 1 } }, { system: 'credit' }))
    await world.indexed()
    expect(await rows('SELECT "feature.later" FROM decisions ORDER BY index DESC LIMIT 1', CREDIT)).toEqual([
      ['1'],
    ])
    await world.projection.reindex()
    expect((await databases()).filter((name) => name.startsWith('deponent_only_'))).toEqual([])
    expect(await rows('SELECT "feature.later" FROM decisions ORDER BY index DESC LIMIT 1', CREDIT)).toEqual([
      ['1'],
    ])
  })
})

describe('several indexes on one engine', () => {
  test('answer each for its own ledger, and lose nothing when another is dropped or stopped', async () => {
    const third = new World()
    third.source.add(decision({ decisionId: 'third' }))
    await third.start({ engine, database: databaseOfLedger('third-one') })
    await third.indexed()
    expect((await neighbour.projection.list([], UNRESTRICTED)).items).toMatchObject([
      { decisionId: 'of-the-neighbour' },
    ])
    // A database that was made a moment ago is forbidden at once, for those who asked before too.
    const made = (await databases()).find((name) => name.startsWith('deponent_third_one_'))
    for (const restriction of [UNRESTRICTED, CREDIT])
      await expect(sql(`SELECT * FROM ${made}.decisions`, restriction)).rejects.toMatchObject({
        code: 'sql_not_allowed',
      })
    await third.projection.reindex()
    await third.stop()
    expect((await neighbour.projection.list([], UNRESTRICTED)).items).toHaveLength(1)
    await third.start({ engine, database: databaseOfLedger('third-one') })
    expect((await third.projection.list([], UNRESTRICTED)).items).toMatchObject([{ decisionId: 'third' }])
    await third.destroy()
  })

  test('all go on when the engine dies and starts again', async () => {
    world.source.add(decision({ decisionId: 'after' }))
    neighbour.source.add(decision({ decisionId: 'after' }))
    await world.processes.killNewest()
    await Promise.all([world.indexed(), neighbour.indexed()])
    for (const { projection } of [world, neighbour]) {
      expect((await projection.list([['decisionId', 'after']], UNRESTRICTED)).items).toHaveLength(1)
      expect(await projection.check()).toEqual([])
      expect(await projection.sql('SELECT count() FROM decisions', CREDIT)).toMatchObject({
        truncated: false,
      })
    }
  })

  test('stop while the engine is away, without waiting for it', async () => {
    const alone = new World()
    const own = await IndexEngine.start({
      directory: join(alone.directory, 'index'),
      processes: alone.processes,
    })
    await alone.start({ engine: own })
    await alone.processes.killNewest()
    alone.source.add(decision({}))
    await alone.stop()
    await own.stop()
    await alone.destroy()
  })
})
