import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ClickHouseError } from '@clickhouse/client'
import { afterEach, describe, expect, test } from 'vitest'
import { realClock } from '../../packages/server/src/platform/clock.ts'
import { BLOCK_ENTRIES, batchEnd } from '../../packages/server/src/projection/batch.ts'
import { StatementRefused } from '../../packages/server/src/projection/engine/client.ts'
import { type SourceEntry, UNRESTRICTED } from '../../packages/server/src/projection/index.ts'
import { ask, decision, idOf, MemorySource, T0, type Told, World } from './world.ts'

const worlds: World[] = []
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.destroy()
})

function newWorld(): World {
  const world = new World()
  worlds.push(world)
  return world
}

/** Varied decisions with outcomes, reviews and other kinds between them, over three months. */
function story(from: number, count: number): Told[] {
  return Array.from({ length: count }, (_, k): Told => {
    const i = from + k
    const at = new Date(T0 + (i % 90) * 86_400_000 + i).toISOString()
    const target = { index: i - 1, id: idOf(i - 1) }
    if (i % 10 === 7) return { kind: 'outcome', record: { outcome: i % 3, at }, target }
    if (i % 10 === 8) return { kind: 'comment', record: { decisionId: `d-${i}`, at } }
    if (i % 50 === 9)
      return {
        kind: 'review',
        record: { verdict: i % 100 === 9 ? 'override' : 'agree', at },
        target: { index: i - 3, id: idOf(i - 3) },
      }
    return decision(
      {
        decisionId: `d-${i}`,
        timestamp: at,
        prediction: i % 3 === 0 ? 'high' : 'low',
        confidence: (i % 97) / 100,
        latencyMs: i % 1000,
        inputFeatures: { group: `g${i % 7}`, n: i % 50, note: i % 2 === 0 },
        ...(i % 40 === 0 ? { humanReviewed: true, humanOverride: true } : {}),
      },
      { system: i % 2 === 0 ? 'even' : 'odd' },
    )
  })
}

/** Answers to a little of everything. */
async function answers(world: World): Promise<unknown> {
  const { projection } = world
  return {
    list: await projection.list(ask({ limit: '1000' }), UNRESTRICTED),
    found: await projection.list(ask({ 'feature.group': 'g3', overridden: 'true' }), UNRESTRICTED),
    aggregate: await projection.aggregate(
      ask({ by: 'feature.group,prediction,outcome', metrics: 'count,avg(confidence),p95(latencyMs)' }),
      UNRESTRICTED,
    ),
    months: await projection.aggregate(
      ask({ by: 'month,system,reviewed', metrics: 'count,sum(latencyMs)' }),
      UNRESTRICTED,
    ),
    coverage: await projection.statsCoverage(UNRESTRICTED),
    completeness: await projection.statsCompleteness([], UNRESTRICTED),
    usage: await projection.statsUsage([], UNRESTRICTED),
    confidence: await projection.statsConfidence([], UNRESTRICTED),
    overrides: await projection.statsOverrides([], UNRESTRICTED),
    sql: await projection.sql('SELECT kind, count() FROM records GROUP BY kind ORDER BY kind', UNRESTRICTED),
  }
}

async function count(world: World): Promise<number> {
  const { items } = await world.projection.aggregate([], UNRESTRICTED)
  return Number(items[0]!['count'])
}

function decisionsIn(entries: readonly SourceEntry[]): number {
  return entries.filter(({ entry, record }) => entry.kind === 'decision' && record).length
}

describe('batches', () => {
  test('never cross a block boundary', () => {
    for (const from of [0, 1, BLOCK_ENTRIES - 1, BLOCK_ENTRIES, 3 * BLOCK_ENTRIES - 5]) {
      const to = batchEnd(from, Number.MAX_SAFE_INTEGER)
      expect(to).toBeGreaterThan(from)
      expect(Math.floor(from / BLOCK_ENTRIES)).toBe(Math.floor((to - 1) / BLOCK_ENTRIES))
    }
  })
})

describe('the projector', () => {
  test('follows the ledger and says how far it is', async () => {
    const world = await newWorld().start()
    expect(world.projection.health()).toMatchObject({ engine: 'ready', position: 0, lag: 0, trouble: '' })
    world.source.add(...story(0, 500))
    expect(world.projection.lag()).toBe(500)
    await world.indexed()
    expect(world.projection.health()).toMatchObject({ position: 500, lag: 0 })
    expect(await count(world)).toBe(decisionsIn(world.source.entries))
    await world.projection.visible(3)
  })

  test('goes on where it was after a restart', async () => {
    const world = newWorld()
    world.source.add(...story(0, 300))
    await world.start()
    await world.indexed()
    const before = await answers(world)
    await world.stop()
    const { reads } = world.source
    await world.start()
    expect(await answers(world)).toEqual(before)
    expect(world.source.reads).toBe(reads)
    world.source.add(...story(300, 10))
    await world.indexed()
    expect(await count(world)).toBe(decisionsIn(world.source.entries))
  })

  test('gives identical answers after a reindex', async () => {
    const world = newWorld()
    world.source.add(...story(0, 3_000))
    await world.start()
    await world.indexed()
    const before = await answers(world)
    await world.projection.reindex()
    expect(await answers(world)).toEqual(before)
  })

  test('gives identical answers however the entries arrived', async () => {
    const at = newWorld()
    at.source.add(...story(0, 1_000))
    await at.start()
    await at.indexed()
    const bits = await newWorld().start()
    for (let i = 0; i < 1_000; i += 125) {
      bits.source.add(...story(i, 125))
      await bits.indexed()
    }
    expect(await answers(bits)).toEqual(await answers(at))
  })

  test('removes what an interrupted batch left behind before it writes it again', async () => {
    const world = newWorld()
    world.source.add(...story(0, 400))
    await world.start()
    await world.indexed()
    const before = await answers(world)
    await world.stop()
    // As after a crash between the insert and the move of the position.
    world.positions.position = 150
    await world.start()
    await world.indexed()
    expect(await answers(world)).toEqual(before)
  })

  test('fills the index again when its directory is gone', async () => {
    const world = newWorld()
    world.source.add(...story(0, 200))
    await world.start()
    await world.indexed()
    const before = await answers(world)
    await world.stop()
    const fresh = newWorld()
    fresh.source.entries.push(...world.source.entries)
    fresh.positions.position = 200
    await fresh.start()
    await fresh.indexed()
    expect(await answers(fresh)).toEqual(before)
    expect(fresh.projection.findings()).toContainEqual(
      expect.objectContaining({ code: 'projection_rebuilt' }),
    )
  })

  test('fills the index again when the ledger is an older copy', async () => {
    const world = newWorld()
    world.source.add(...story(0, 200))
    await world.start()
    await world.indexed()
    await world.stop()
    world.source.entries.length = 120
    await world.start()
    await world.indexed()
    expect(await count(world)).toBe(decisionsIn(world.source.entries))
    expect(world.projection.position()).toBe(120)
  })

  test('survives SIGKILL of the engine during inserts without loss or duplicates', async () => {
    const world = await newWorld().start()
    const kills = 5
    for (let i = 0; i < kills; i++) {
      await expect.poll(() => world.projection.health().engine, { timeout: 60_000 }).toBe('ready')
      world.source.add(...story(i * 3_000, 3_000))
      // Somewhere inside the batch, at another point each time.
      await realClock.sleep(40 + 60 * i)
      await world.processes.killNewest()
    }
    await world.indexed()
    expect(world.processes.started).toHaveLength(kills + 1)
    expect(await count(world)).toBe(decisionsIn(world.source.entries))
    const calm = newWorld()
    calm.source.entries.push(...world.source.entries)
    await calm.start()
    await calm.indexed()
    expect(await answers(world)).toEqual(await answers(calm))
    expect(await world.projection.check()).toEqual([])
    expect(world.projection.health().trouble).toBe('')
  }, 120_000)

  test('falls behind, says why, and catches up when the source cannot be read for a while', async () => {
    const world = newWorld()
    world.source.add(...story(0, 50))
    await world.start()
    await world.indexed()
    let failing = true
    const { source } = world
    const read = source.read.bind(source)
    source.read = async (from, to) => {
      if (failing) throw new Error('the vault is closed')
      return read(from, to)
    }
    source.add(...story(50, 50))
    await expect.poll(() => world.projection.health().trouble).toBe('the vault is closed')
    expect(world.projection.lag()).toBe(50)
    failing = false
    await world.indexed()
    expect(world.projection.lag()).toBe(0)
    await expect.poll(() => world.projection.health().trouble).toBe('')
  })

  test('says of what it quotes no word: anybody may ask how the index does', async () => {
    const world = newWorld()
    const refused = new StatementRefused(
      new ClickHouseError({ message: 'Cannot parse "Alice"', code: '27', type: 'CANNOT_PARSE_INPUT' }),
    )
    const failures = [refused, new SyntaxError('"Alice" is not valid JSON'), new TypeError('Alice')]
    world.source.read = () => Promise.reject(failures[0] ?? new Error('the vault is closed'))
    world.source.add(...story(0, 1))
    await world.start()
    for (const trouble of [
      'the index engine refused a statement (27 CANNOT_PARSE_INPUT)',
      'SyntaxError',
      'TypeError',
    ]) {
      await expect.poll(() => world.projection.health().trouble).toBe(trouble)
      failures.shift()
    }
  })

  test('does not take other entries than it asked for', async () => {
    const world = newWorld()
    world.source.add(...story(0, 20))
    const read = world.source.read.bind(world.source)
    world.source.read = async (from, to) => (await read(from, to)).slice(1)
    await world.start()
    await expect.poll(() => world.projection.health().trouble).toContain('other entries')
    expect(world.projection.position()).toBe(0)
    world.source.read = read
    await world.indexed()
  })

  test('indexes nothing of an entry whose content is gone, and still counts the entry', async () => {
    const world = newWorld()
    world.source.add(...story(0, 5), { record: undefined }, { kind: 'review', record: undefined })
    await world.start()
    await world.indexed()
    expect(await count(world)).toBe(5)
    expect(await world.projection.statsCoverage(UNRESTRICTED)).toMatchObject({ entries: 7, decisions: 6 })
  })

  test('turns rows the engine refuses into findings and moves on', async () => {
    const world = newWorld()
    world.source.add(...story(0, 5))
    // An id no UUID column takes; a healthy ledger has none.
    const broken = decision({ decisionId: 'broken' })
    world.source.add(broken, ...story(6, 5))
    const entry = world.source.entries[5]!
    world.source.entries[5] = { ...entry, entry: { ...entry.entry, id: 'no-uuid' } }
    await world.start()
    await world.indexed()
    expect(world.projection.findings()).toEqual([
      expect.objectContaining({ code: 'projection_rejected', index: 5 }),
    ])
    expect(await count(world)).toBe(decisionsIn(world.source.entries) - 1)
    await world.stop()
    await world.start()
    expect(world.projection.findings()).toEqual([
      expect.objectContaining({ code: 'projection_rejected', index: 5 }),
    ])
    expect(await world.projection.check()).toEqual([])
  })

  test('turns a record it cannot read into a finding', async () => {
    const world = newWorld()
    const hostile = decision({ decisionId: 'hostile' })
    world.source.add(hostile, decision({ decisionId: 'fine' }))
    Object.defineProperty(world.source.entries[0]!.record!, 'riskTier', {
      get() {
        throw new Error('no')
      },
    })
    await world.start()
    await world.indexed()
    expect(await count(world)).toBe(1)
    expect(world.projection.findings()).toEqual([
      expect.objectContaining({ code: 'projection_rejected', index: 0 }),
    ])
  })

  test('keeps no sealed content anywhere in its files', async () => {
    const world = newWorld()
    const secret = 'Zyxwvut-secret-4711'
    world.source.add(
      decision({
        decisionId: 'd',
        affectedUserId: secret,
        input: secret,
        messages: [{ role: 'user', content: secret }],
        metadata: { secret },
        contextData: { secret },
        protectedAttributes: { secret },
        explanation: { reasoning: secret },
        overrideReason: secret,
        humanReviewed: true,
        ipAddress: secret,
        inputFeatures: { long: `${secret} `.repeat(4), nested: { secret }, list: [secret], nothing: null },
        prediction: `${secret} `.repeat(20),
      }),
      { kind: 'comment', record: { decisionId: 'd', comment: secret, text: secret } },
      {
        kind: 'review',
        record: { decisionId: 'd', verdict: 'agree', comment: secret, overrideReason: secret },
      },
    )
    await world.start()
    await world.indexed()
    await world.stop()
    const files = readdirSync(world.directory, { recursive: true, withFileTypes: true }).filter((file) =>
      file.isFile(),
    )
    expect(files.length).toBeGreaterThan(10)
    for (const file of files) {
      expect(readFileSync(join(file.parentPath, file.name)).includes(secret)).toBe(false)
    }
  })
})

describe('a damaged block', () => {
  test('is found by counting and written again at the next start', async () => {
    const world = newWorld()
    world.source.add(...story(0, 600))
    await world.start()
    await world.indexed()
    const before = await answers(world)
    await world.stop()
    await damage(world, [
      'ALTER TABLE deponent_index.decisions DELETE WHERE index % 7 = 1 SETTINGS mutations_sync = 2',
    ])
    await world.start()
    expect(world.projection.findings()).toContainEqual(
      expect.objectContaining({ code: 'projection_block_rebuilt', index: 0 }),
    )
    expect(await answers(world)).toEqual(before)
  })

  test('is found when rows are there twice', async () => {
    const world = newWorld()
    world.source.add(...story(0, 600))
    await world.start()
    await world.indexed()
    const before = await answers(world)
    await world.stop()
    await damage(world, [
      'INSERT INTO deponent_index.decisions SELECT * FROM deponent_index.decisions WHERE index = 3',
    ])
    await world.start()
    expect(await answers(world)).toEqual(before)
  })
})

/** Statements run on the index behind the projection's back. */
async function damage(world: World, statements: readonly string[]): Promise<void> {
  const { SupervisedEngine } = await import('../../packages/server/src/projection/engine/supervise.ts')
  const { IndexClient } = await import('../../packages/server/src/projection/engine/client.ts')
  const { DEFAULT_SETTINGS } = await import('../../packages/server/src/projection/settings.ts')
  const { realRandom } = await import('../../packages/server/src/platform/random.ts')
  const { limits } = DEFAULT_SETTINGS
  const directory = join(world.directory, 'index')
  const engine = new SupervisedEngine({
    directory,
    limits,
    processes: world.processes,
    clock: realClock,
    random: realRandom,
  })
  await engine.start()
  const client = new IndexClient(engine, realClock, realRandom)
  for (const statement of statements) await client.command(statement)
  await client.close()
  await engine.stop()
}

test('a source in memory is what the tests think it is', async () => {
  const source = new MemorySource()
  source.add(...story(0, 20))
  expect((await source.read(3, 9)).map(({ index }) => index)).toEqual([3, 4, 5, 6, 7, 8])
})
