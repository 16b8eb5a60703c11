import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { IndexEngine, IndexOutOfReach, UNRESTRICTED } from '../../packages/server/src/projection/index.ts'
import { ask, decision, idOf, T0, type Told, World } from './world.ts'

const worlds: World[] = []
const engines: IndexEngine[] = []
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.destroy()
  for (const engine of engines.splice(0)) await engine.stop()
})

function newWorld(): World {
  const world = new World()
  worlds.push(world)
  return world
}

/** A world whose engine a test can also ask itself. */
async function openWorld(): Promise<{ world: World; engine: IndexEngine }> {
  const world = newWorld()
  const engine = await IndexEngine.start({ directory: join(world.directory, 'index') })
  engines.push(engine)
  return { world: await world.start({ engine }), engine }
}

/** Decisions, outcomes, reviews, comments and looks of fifty people in two systems over three months. */
function story(from: number, count: number): Told[] {
  return Array.from({ length: count }, (_, k): Told => {
    const i = from + k
    const at = new Date(T0 + (i % 90) * 86_400_000 + i).toISOString()
    const target = { index: i - 1, id: idOf(i - 1) }
    if (i % 10 === 7) return { kind: 'outcome', record: { outcome: i % 3, at }, target }
    if (i % 10 === 8) return { kind: 'comment', record: { decisionId: `d-${i}`, at } }
    if (i % 10 === 9) return { kind: 'review', record: { verdict: 'override', at, reviewerId: 'r' }, target }
    if (i % 10 === 6)
      return {
        kind: 'access',
        record: {
          actor: { id: `a${i % 4}`, name: 'n', role: 'auditor' },
          purpose: `p${i}`,
          objects: [idOf(1)],
          at,
        },
      }
    return decision(
      {
        decisionId: `d-${i}`,
        timestamp: at,
        prediction: i % 3 === 0 ? 'high' : 'low',
        confidence: (i % 97) / 100,
        inputFeatures: { n: i % 400, [`only ${personOf(i)}`]: i % 2 === 0, group: `g${(i * 7) % 90}` },
        ...(i % 40 === 0 ? { humanReviewed: true } : {}),
      },
      { system: i % 2 === 0 ? 'even' : 'odd', subject: personOf(i) },
    )
  })
}

const PEOPLE = 50
const personOf = (i: number): string => ((i * 13) % PEOPLE).toString(16).padStart(32, '0')

/** Takes the payloads away, as the vault does before the index is asked. */
function forget(world: World, indices: readonly number[]): void {
  for (const index of indices) {
    const { entry, systemName } = world.source.entries[index]!
    world.source.entries[index] = { index, entry, systemName }
  }
}

function indicesOf(world: World, people: readonly string[]): number[] {
  return world.source.entries.flatMap(({ index }) => (people.includes(personOf(index)) ? [index] : []))
}

async function answers(world: World): Promise<unknown> {
  const { projection } = world
  const sql = (statement: string) => projection.sql(statement, UNRESTRICTED)
  return {
    list: await projection.list(ask({ limit: '1000' }), UNRESTRICTED),
    groups: await projection.aggregate(
      ask({ by: 'feature.group,feature.n,prediction,outcome', metrics: 'count,avg(confidence)' }),
      UNRESTRICTED,
    ),
    systems: await projection.systems(UNRESTRICTED),
    coverage: await projection.statsCoverage(UNRESTRICTED),
    completeness: await projection.statsCompleteness([], UNRESTRICTED),
    overrides: await projection.statsOverrides([], UNRESTRICTED),
    accesses: await projection.accesses(ask({ limit: '1000' })),
    decisions: await sql('SELECT * FROM decisions ORDER BY index LIMIT 10000'),
    outcomes: await sql('SELECT * FROM outcomes ORDER BY index LIMIT 10000'),
    reviews: await sql('SELECT * FROM reviews ORDER BY index LIMIT 10000'),
    records: await sql('SELECT * FROM records ORDER BY index LIMIT 10000'),
  }
}

/** The tables that no question shows as they are. */
async function tables(engine: IndexEngine): Promise<unknown> {
  const client = engine.connect()
  try {
    const read = (sql: string) => client.select(sql)
    return {
      entries: await read('SELECT * FROM deponent_index.entries ORDER BY index'),
      accesses: await read('SELECT * FROM deponent_index.accesses ORDER BY index'),
      values: await read('SELECT * FROM deponent_index.featureValues ORDER BY system, name, digest, index'),
    }
  } finally {
    await client.close()
  }
}

function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

describe('entries taken out of the index', () => {
  test('leave it answering, and holding, what an index built anew does', async () => {
    const { world, engine } = await openWorld()
    world.source.add(...story(0, 3_000))
    await world.indexed()
    const erased = indicesOf(
      world,
      [0, 3, 7, 20, 21, 49].map((i) => personOf(i)),
    )
    forget(world, erased)
    await world.projection.erase(erased)
    const after = [await answers(world), await tables(engine)]
    await world.projection.reindex()
    expect([await answers(world), await tables(engine)]).toEqual(after)
    expect(await world.projection.check()).toEqual([])
  })

  test('are read again where a part of them is left, and then answer as an index built anew does', async () => {
    const { world } = await openWorld()
    world.source.add(...story(0, 400))
    await world.indexed()
    const whole = indicesOf(world, [personOf(3)])
    const left = indicesOf(world, [personOf(5)])
    forget(world, whole)
    for (const index of left) {
      const { entry, systemName, record } = world.source.entries[index]!
      const { inputFeatures: _, ...rest } = record ?? {}
      world.source.entries[index] = { index, entry, systemName, ...(record && { record: rest }) }
    }
    await world.projection.erase([...whole, ...left], left)
    const told = await answers(world)
    expect(await world.projection.check()).toEqual([])
    await world.projection.reindex()
    expect(told).toEqual(await answers(world))
  })

  test('may be thousands at once, and named twice, past the end or never indexed', async () => {
    const { world, engine } = await openWorld()
    world.source.add(...story(0, 2_000))
    await world.indexed()
    const erased = world.source.entries.map(({ index }) => index).filter((index) => index !== 1_000)
    forget(world, erased)
    await world.projection.erase([...erased, ...erased, 5_000, 5_001])
    await world.projection.erase(erased)
    await world.projection.erase([])
    const after = [await answers(world), await tables(engine)]
    expect((await world.projection.list([], UNRESTRICTED)).items).toHaveLength(1)
    await world.projection.reindex()
    expect([await answers(world), await tables(engine)]).toEqual(after)
  })

  test('leave fields to others: a value counted first in an erased entry goes on being counted', async () => {
    const { world, engine } = await openWorld()
    const of = (index: number, n: number) => decision({ decisionId: `d-${index}`, inputFeatures: { n } })
    // 1,000 values are as many as a field may have; every one of them is seen first in an entry that goes.
    world.source.add(...Array.from({ length: 1_000 }, (_, i) => of(i, i)))
    world.source.add(...Array.from({ length: 999 }, (_, i) => of(1_000 + i, i)))
    await world.indexed()
    const erased = Array.from({ length: 1_000 }, (_, i) => i)
    forget(world, erased)
    await world.projection.erase(erased)
    const after = await tables(engine)
    world.source.add(of(1_999, 5_000))
    await world.indexed()
    expect(world.sealedCalls).toEqual([])
    world.source.add(of(2_000, 5_001))
    await world.indexed()
    expect(world.sealedCalls).toEqual([{ system: 'default', field: 'n' }])
    expect(after).toMatchObject({ values: { length: 999 } })
  })

  test('take fields along that have no column of their own', async () => {
    const { world, engine } = await openWorld()
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`field ${i}`, i]))
    world.source.add(
      decision({ decisionId: 'a', inputFeatures: { ...many, 'of Jane Doe': 1 } }),
      decision({ decisionId: 'b', inputFeatures: many }),
    )
    await world.indexed()
    forget(world, [0])
    await world.projection.erase([0])
    const after = [await answers(world), await tables(engine)]
    expect(
      (await world.projection.list(ask({ 'feature.field 299': '299' }), UNRESTRICTED)).items,
    ).toHaveLength(1)
    await world.projection.reindex()
    expect([await answers(world), await tables(engine)]).toEqual(after)
  })

  test('take the name of a field with them that nobody else has', async () => {
    const { world, engine } = await openWorld()
    world.source.add(
      decision({ decisionId: 'a', inputFeatures: { 'of Jane Doe': 1, kept: 1 } }),
      decision({ decisionId: 'b', inputFeatures: { kept: 2 } }),
    )
    await world.indexed()
    forget(world, [0])
    await world.projection.erase([0])
    const client = engine.connect()
    const comments = await client.select<{ comment: string }>(
      "SELECT comment FROM system.columns WHERE database = 'deponent_index' AND comment != ''",
    )
    await client.close()
    expect(comments).toEqual([{ comment: Buffer.from('kept').toString('base64url') }])
    const texts = filesOf(world.directory).map((path) => readFileSync(path, 'latin1'))
    const spellings = ['of Jane Doe', Buffer.from('of Jane Doe').toString('base64url')]
    expect(texts.filter((text) => spellings.some((spelling) => text.includes(spelling)))).toEqual([])
    // Its column is free for another.
    world.source.add(decision({ decisionId: 'c', inputFeatures: { other: 'x' } }))
    await world.indexed()
    expect((await world.projection.list(ask({ 'feature.other': 'x' }), UNRESTRICTED)).items).toHaveLength(1)
    expect((await world.projection.list(ask({ 'feature.kept': '2' }), UNRESTRICTED)).items).toHaveLength(1)
  })

  test('leave no part, no detached part and no text of what was done on disk', async () => {
    const { world, engine } = await openWorld()
    world.source.add(...story(0, 500))
    await world.indexed()
    const client = engine.connect()
    const [part] = await client.select<{ name: string }>(
      "SELECT name FROM system.parts WHERE database = 'deponent_index' AND table = 'accesses' AND active LIMIT 1",
    )
    await client.command(`ALTER TABLE deponent_index.accesses DETACH PART '${part!.name}'`)
    await world.projection.check()
    const erased = indicesOf(world, [personOf(6)])
    forget(world, erased)
    await world.projection.erase(erased)
    const left = await client.select(
      `SELECT name FROM system.parts WHERE database = 'deponent_index' AND NOT active
       UNION ALL SELECT name FROM system.detached_parts WHERE database = 'deponent_index'
       UNION ALL SELECT mutation_id FROM system.mutations WHERE database = 'deponent_index'`,
    )
    await client.close()
    expect(left).toEqual([])
    expect(filesOf(world.directory).filter((path) => /mutation_\d/.test(path))).toEqual([])
  })

  test('are gone after a second attempt when the engine dies during the first', async () => {
    const world = await newWorld().start()
    world.source.add(...story(0, 1_500))
    await world.indexed()
    const erased = indicesOf(world, [personOf(1), personOf(2)])
    forget(world, erased)
    const first = world.projection.erase(erased).then(
      () => 'done',
      () => 'failed',
    )
    await world.processes.killNewest()
    await first
    await world.projection.erase(erased)
    const after = await answers(world)
    await world.projection.reindex()
    expect(await answers(world)).toEqual(after)
  })

  test('are not asked of an index that is stopped', async () => {
    const world = await newWorld().start()
    world.source.add(...story(0, 10))
    await world.indexed()
    const { projection } = world
    await world.stop()
    await expect(projection.erase([0])).rejects.toThrow('stopped')
  })

  test('are not said to be gone while the index of the directory cannot be opened', async () => {
    const world = newWorld()
    world.source.add(...story(0, 10))
    await world.start({ isSubstitute: true })
    await world.indexed()
    await expect(world.projection.erase([0])).rejects.toBeInstanceOf(IndexOutOfReach)
  })
})

describe('an index that was left behind', () => {
  test('is filled again: it missed what was erased from the one in use', async () => {
    const world = await newWorld().start()
    world.source.add(decision({ decisionId: 'a' }), decision({ decisionId: 'b' }))
    await world.indexed()
    await world.stop()
    world.positions.beginIndex('another')
    forget(world, [0])
    world.positions.set(2)
    await world.start()
    await world.indexed()
    expect((await world.projection.list([], UNRESTRICTED)).items).toMatchObject([{ decisionId: 'b' }])
  })
})

describe('the embedded engine', () => {
  test('keeps no record of statements, and removes what an earlier life was writing', async () => {
    const world = await newWorld().start()
    world.source.add(...story(0, 200))
    await world.indexed()
    await world.stop()
    const index = join(world.directory, 'index')
    const tables = filesOf(index).flatMap((path) => /^(.*)\/[^/]+\/checksums\.txt$/.exec(path)?.[1] ?? [])
    for (const name of ['tmp_insert_all_7_7_0', 'delete_tmp_all_8_8_0', 'tmp_mut_all_1_1_0_3']) {
      mkdirSync(join(tables[0]!, name))
      writeFileSync(join(tables[0]!, name, 'data.bin'), 'a value')
    }
    writeFileSync(join(index, 'tmp', 'tmpABC'), 'a value')
    const engine = await IndexEngine.start({ directory: index })
    engines.push(engine)
    const client = engine.connect()
    const kept = await client.select(
      "SELECT name FROM system.tables WHERE database = 'system' AND engine IN ('MergeTree', 'Log', 'TinyLog')",
    )
    const spills = await client.select(
      "SELECT name FROM system.settings WHERE (name LIKE 'max_bytes%before_external%' OR name = 'log_queries') AND toFloat64(value) != 0",
    )
    await client.close()
    expect([kept, spills]).toEqual([[], []])
    const strays = filesOf(index).filter((path) => readFileSync(path, 'latin1').includes('a value'))
    expect(strays).toEqual([])
    const places = new Set(filesOf(index).map((path) => path.slice(index.length + 1).split('/')[0]))
    expect([...places].toSorted()).toEqual(['data', 'metadata', 'status', 'store'])
  })
})
