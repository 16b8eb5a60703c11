import { rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { problemOf } from '../../packages/server/src/api/problem.ts'
import { Tiering } from '../../packages/server/src/hosting/tiering.ts'
import { realClock } from '../../packages/server/src/platform/clock.ts'
import { reasonOf } from '../../packages/server/src/platform/failure.ts'
import { fileStore } from '../../packages/server/src/platform/file-store.ts'
import { type ObjectStore, StoreFailure } from '../../packages/server/src/platform/object-store.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { UNRESTRICTED } from '../../packages/server/src/projection/index.ts'
import { type ObjectReader, readObjects } from '../../packages/server/src/projection/tiers/object-reader.ts'
import { story, TierWorld } from './tier-world.ts'

const worlds: TierWorld[] = []
const readers: ObjectReader[] = []
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.destroy()
  for (const reader of readers.splice(0)) await reader.close()
})

function newWorld(): TierWorld {
  const world = new TierWorld()
  worlds.push(world)
  return world
}

async function moved(world: TierWorld): Promise<TierWorld> {
  world.source.add(...story(0, 30))
  await world.indexed()
  await world.projection.moveMonths()
  return world
}

/** What questions are answered with, and what is said of a failed erasure. */
async function failuresOf({ projection }: TierWorld): Promise<{ answers: unknown[]; said: string[] }> {
  const questions = [
    () => projection.sql('SELECT sum(index) FROM decisions', UNRESTRICTED),
    () => projection.aggregate([], UNRESTRICTED),
    () => projection.erase([3]),
  ]
  const errors: unknown[] = []
  for (const ask of questions)
    errors.push(
      await ask().then(
        () => undefined,
        (error: unknown) => error,
      ),
    )
  const problems = errors.slice(0, 2).map(problemOf)
  return {
    answers: problems.map(({ code, status }) => [status, code]),
    said: [...problems.map(({ message }) => message), ...errors.map(reasonOf)],
  }
}

const UNREADABLE = [503, 'months_unreadable']

describe('months whose files cannot be read', () => {
  test('are answered as such when the server hands objects on, and nobody is told where it does so', async () => {
    const world = newWorld()
    const store = new AwayStore(fileStore(world.storeDirectory))
    const reader = await readObjects(store.store, realRandom)
    readers.push(reader)
    const { directory: _, ...settings } = world.settings({
      store: store.store,
      url: reader.url,
      forget: reader.forget,
    })
    await moved(await world.start({ tiers: settings }))
    reader.forget(world.stored())
    const key = world.stored().find((path) => path.includes('=decisions/'))!

    store.isAway = true
    expect((await fetch(`${reader.url}/${key}`)).status).toBe(501)
    const away = await failuresOf(world)
    store.isAway = false
    rmSync(join(world.storeDirectory, key))
    reader.forget(world.stored())
    const missing = await failuresOf(world)
    expect([away.answers, missing.answers]).toEqual([
      [UNREADABLE, UNREADABLE],
      [UNREADABLE, UNREADABLE],
    ])
    const said = JSON.stringify([away.said, missing.said])
    expect(said).not.toContain('127.0.0.1')
    expect(said).not.toContain(new URL(reader.url).pathname.slice(1))
  })

  test('are answered as such when a file in a directory is damaged or missing', async () => {
    const world = newWorld()
    await moved(await world.start({ tiers: world.settings() }))
    const key = world.stored().find((path) => path.includes('=decisions/'))!
    const path = join(world.storeDirectory, key)
    truncateSync(path, 300)
    expect((await failuresOf(world)).answers).toEqual([UNREADABLE, UNREADABLE])
    rmSync(path)
    const { answers, said } = await failuresOf(world)
    expect(answers).toEqual([UNREADABLE, UNREADABLE])
    expect(said[0]).toContain('files of 2024-01 are missing')
  })

  test('are found by a turn in which nothing can be moved', async () => {
    const tiering = new Tiering(
      {
        moveMonths: () => Promise.reject(new Error('the store is full')),
        tiers: () => ({
          ...Object.create(null),
          damaged: () => Promise.resolve(['2024-01']),
        }),
      },
      realClock,
      () => {},
    )
    tiering.soon()
    await expect.poll(() => tiering.trouble).toBe('files of 2024-01 are missing or others')
    await tiering.close()
  })
})

/** A store that can be away. */
class AwayStore {
  readonly store: ObjectStore
  isAway = false

  constructor(store: ObjectStore) {
    this.store = new Proxy(store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return this.isAway ? unreachable : value.bind(target)
      },
    })
  }
}

function unreachable(): never {
  throw new StoreFailure('unreachable', 'the store cannot be reached')
}
