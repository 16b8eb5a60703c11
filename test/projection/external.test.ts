import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { realClock } from '../../packages/server/src/platform/clock.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { SupervisedEngine } from '../../packages/server/src/projection/engine/supervise.ts'
import {
  databaseOfLedger,
  DEFAULT_SETTINGS,
  EngineUnavailable,
  UNRESTRICTED,
} from '../../packages/server/src/projection/index.ts'
import { searchServer } from '../../packages/server/src/residue/clickhouse.ts'
import { ResidueTally } from '../../packages/server/src/residue/report.ts'
import { spellingsOf } from '../../packages/server/src/residue/spellings.ts'
import { ask, decision, WatchedProcesses, World } from './world.ts'

// A ClickHouse server somebody else runs; CLICKHOUSE_URL names a real one, otherwise our own engine plays it over HTTP.
const directory = mkdtempSync(join(tmpdir(), 'deponent-server-'))
const engine = new SupervisedEngine({
  directory,
  limits: DEFAULT_SETTINGS.limits,
  processes: new WatchedProcesses(),
  clock: realClock,
  random: realRandom,
})

function settings() {
  const real = process.env['CLICKHOUSE_URL']
  if (real !== undefined) {
    const { username, password, origin } = new URL(real)
    return {
      ...DEFAULT_SETTINGS,
      server: { url: origin, username: username || 'default', password },
    }
  }
  const { url, username, password } = engine.address!
  return { ...DEFAULT_SETTINGS, server: { url, username, password } }
}

beforeAll(() => engine.start())

afterAll(async () => {
  await engine.stop()
  rmSync(directory, { recursive: true, force: true })
})

describe('an index on a server given by configuration', () => {
  test('is filled, asked and read by SQL like the embedded one, beside others on the same server', async () => {
    const [one, other] = [new World(), new World()]
    one.source.add(
      decision({ decisionId: 'a', inputFeatures: { race: 'Other' } }),
      decision({ decisionId: 'b' }),
    )
    other.source.add(decision({ decisionId: 'c' }))
    await one.start({ settings: settings(), database: 'ledger_one' })
    await other.start({ settings: settings(), database: 'ledger_two' })
    await Promise.all([one.indexed(), other.indexed()])
    expect(one.processes.started).toEqual([])
    expect((await one.projection.list(ask({ 'feature.race': 'Other' }), UNRESTRICTED)).items).toMatchObject([
      { decisionId: 'a' },
    ])
    expect(await other.projection.aggregate([], UNRESTRICTED)).toMatchObject({ items: [{ count: 1 }] })
    expect(
      (await one.projection.sql('SELECT decisionId FROM decisions ORDER BY 1', UNRESTRICTED)).rows,
    ).toEqual([['a'], ['b']])
    await expect(
      one.projection.sql('SELECT decisionId FROM ledger_two.decisions', UNRESTRICTED),
    ).rejects.toMatchObject({
      code: 'sql_not_allowed',
    })
    const { record: _, ...unread } = one.source.entries[0]!
    one.source.entries[0] = unread
    await one.projection.erase([0])
    expect((await one.projection.list([], UNRESTRICTED)).items).toMatchObject([{ decisionId: 'b' }])
    await one.projection.reindex()
    expect(await one.projection.aggregate([], UNRESTRICTED)).toMatchObject({ items: [{ count: 1 }] })
    await Promise.all([one.destroy(), other.destroy()])
  })

  test('is searched for what is left of somebody, column by column', async () => {
    const world = new World()
    const subject = '0123456789abcdef0123456789abcdef'
    world.source.add(
      decision(
        { decisionId: 'of Jane Doe', inputFeatures: { 'Jane Doe': 1, place: 'a "quoted" place' } },
        { subject },
      ),
      decision({ decisionId: 'b' }),
    )
    const server = settings()
    await world.start({ settings: server, database: databaseOfLedger('searched') })
    await world.indexed()
    const { url, username, password } = server.server
    const address = new URL(url)
    Object.assign(address, { username, password })
    const search = async () => {
      const tally = new ResidueTally()
      const sought = ['Jane Doe', subject, 'a "quoted" place'].map((text, i) => ({
        name: `text ${i}`,
        spellings: spellingsOf(text),
      }))
      await searchServer(address.href, ['searched'], sought, tally)
      return tally.report()
    }
    const before = await search()
    expect(before.found.map(({ where, what }) => `${where}: ${what}`)).toEqual(
      expect.arrayContaining([
        'deponent_searched_index.decisions, column decisionId: text 0 as text',
        'deponent_searched_index.decisions: text 0 as base64, in the name of a column',
        'deponent_searched.decisions: text 0 as text, in the name of a column',
        'deponent_searched_index.decisions, column subject: text 1 as text',
        'deponent_searched_index.decisions, column f1: text 2 as JSON escapes',
        'deponent_searched_index.featureValues, column name: text 0 as text',
      ]),
    )
    expect(before.notLookedAt).toEqual([])
    const { record: _, subjects: __, ...unread } = world.source.entries[0]!
    world.source.entries[0] = unread
    await world.projection.erase([0])
    const after = await search()
    expect({ found: after.found, not: after.notLookedAt }).toEqual({ found: [], not: [] })
    expect(after.stores[0]!.files).toBeGreaterThan(20)
    await world.destroy()
  })

  test('that is away keeps nobody from starting, and says so to those who ask', async () => {
    const world = new World()
    world.source.add(decision({ decisionId: 'a' }))
    const away = {
      ...DEFAULT_SETTINGS,
      server: { url: 'http://127.0.0.1:9', username: 'default', password: '' },
    }
    await world.start({
      settings: away,
      clock: { ...realClock, after: (ms, task) => realClock.after(Math.min(ms, 300), task) },
    })
    expect(world.projection.lag()).toBe(1)
    await expect(world.projection.list([], UNRESTRICTED)).rejects.toBeInstanceOf(EngineUnavailable)
    await world.destroy()
  }, 120_000)

  test.each(['', 'Upper', 'a-b', 'a;b', 'a.b', '1a', 'x'.repeat(50)])('is not named %j', async (database) => {
    const world = new World()
    await expect(world.start({ database })).rejects.toThrow('named by')
    await world.destroy()
  })
})
