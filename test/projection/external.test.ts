import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { realClock } from '../../packages/server/src/platform/clock.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { SupervisedEngine } from '../../packages/server/src/projection/engine/supervise.ts'
import {
  DEFAULT_SETTINGS,
  EngineUnavailable,
  UNRESTRICTED,
} from '../../packages/server/src/projection/index.ts'
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
