import { describe, expect, test } from 'vitest'
import { fileStore } from '../../packages/server/src/platform/file-store.ts'
import type { ObjectStore } from '../../packages/server/src/platform/object-store.ts'
import { UNRESTRICTED } from '../../packages/server/src/projection/index.ts'
import { story, type TierWorld } from './tier-world.ts'
import { tierSuite } from './tier-suite.ts'

const suite = tierSuite()

async function decisions({ projection }: TierWorld): Promise<unknown> {
  return (await projection.sql('SELECT * FROM decisions ORDER BY index', UNRESTRICTED)).rows
}

/** Decisions in the table itself, of months that are over. */
async function inTable({ database }: TierWorld): Promise<number> {
  const [row] = await suite.engine.connect().select<{
    rows: string
  }>(`SELECT count() AS rows FROM ${database}_index.decisions WHERE at < toDateTime64('2024-03-01 00:00:00', 3, 'UTC')`)
  return Number(row!.rows)
}

describe('a month that moves', () => {
  test('is moved to its end by the next turn when it was left while it switched', async () => {
    const world = await suite.newWorld().startTiered(suite.engine)
    world.source.add(...story(0, 30))
    await world.indexed()
    const before = await decisions(world)
    world.interruptAt = 'switched'
    await expect(world.projection.moveMonths()).rejects.toThrow('switched')
    expect(await inTable(world)).toBeGreaterThan(0)
    world.interruptAt = undefined
    await world.projection.moveMonths()
    expect(world.states.all().map(({ state }) => state)).toEqual(['warm', 'warm'])
    expect(await inTable(world)).toBe(0)
    expect(await decisions(world)).toEqual(before)
  })

  test('is moved another time when a sweep that failed may have taken its files', async () => {
    const written = Promise.withResolvers<void>()
    const world = suite.newWorld()
    const late = new LateSweep(fileStore(world.storeDirectory), written.promise)
    await world.startTiered(suite.engine, {
      store: late.store,
      atStep: (step) => {
        if (step === 'written') written.resolve()
      },
    })
    world.source.add(...story(0, 30))
    await world.indexed()
    const before = await decisions(world)
    world.states.setSwept(false)
    late.isArmed = true
    // An outcome of January.
    const erasing = world.projection.erase([7])
    erasing.catch(() => {})
    await late.begun.promise
    const moved = await world.projection.moveMonths()
    await expect(erasing).rejects.toThrow('the store is away')
    expect(moved).toEqual(['2024-02'])
    expect(await world.projection.tiers()!.damaged()).toEqual([])
    expect(await decisions(world)).toEqual(before)
  })
})

/** A store that, once armed, is not listed before something was put there, and then is away for the second tier. */
class LateSweep {
  readonly store: ObjectStore
  readonly begun = Promise.withResolvers<void>()
  isArmed = false

  constructor(store: ObjectStore, put: Promise<void>) {
    const listVersions = this.#listing(store, put)
    this.store = new Proxy(store, {
      get: (target, name) => {
        if (name === 'listVersions') return listVersions
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }

  #listing(store: ObjectStore, put: Promise<void>): ObjectStore['listVersions'] {
    const begin = async (prefix: string): Promise<void> => {
      if (!this.isArmed) return
      this.begun.resolve()
      await put
      if (!prefix.startsWith('cold/')) return
      this.isArmed = false
      throw new Error('the store is away')
    }
    return async function* (prefix) {
      await begin(prefix)
      yield* store.listVersions(prefix)
    }
  }
}
