import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { UNRESTRICTED } from '../../packages/server/src/projection/index.ts'
import { answers, logicalTypes, parquetTexts, personOf, story, type TierWorld } from './tier-world.ts'
import { tierSuite } from './tier-suite.ts'

const suite = tierSuite()

/** All rows, as they are shown. */
async function short({ projection }: TierWorld): Promise<unknown> {
  const tables = ['decisions', 'outcomes', 'reviews', 'records']
  const rows = tables.map((table) => projection.sql(`SELECT * FROM ${table} ORDER BY index`, UNRESTRICTED))
  return [...(await Promise.all(rows)), await projection.systems(UNRESTRICTED)]
}

describe('a month that moved to files', () => {
  test('answers every question, whoever asks, as it did in the index', async () => {
    const world = await suite.newWorld().startTiered(suite.engine)
    world.source.add(...story(0, 120))
    await world.indexed()
    const before = await answers(world)
    expect(await world.projection.moveMonths()).toEqual(['2024-01', '2024-02'])
    expect(world.stored().filter((path) => path.endsWith('.parquet')).length).toBe(8)
    expect(await answers(world)).toEqual(before)
    expect(await world.projection.check()).toEqual([])
    // Spark refuses a file that has one.
    expect(await logicalTypes(world)).not.toContain('UUID')
  })

  test('takes what comes later, and moves it in its time', async () => {
    const world = await suite.newWorld().startTiered(suite.engine)
    world.source.add(...story(0, 60))
    await world.indexed()
    await world.projection.moveMonths()
    world.source.add(...story(60, 60))
    await world.indexed()
    const before = await short(world)
    expect(await world.projection.moveMonths()).toEqual([])
    for (const month of world.states.all()) world.states.put({ ...month, movedAt: 0 })
    expect(await world.projection.moveMonths()).toEqual(['2024-01', '2024-02'])
    expect(world.states.all()[0]!.files.filter(({ table }) => table === 'decisions')).toHaveLength(2)
    expect(await short(world)).toEqual(before)
    expect(await world.projection.check()).toEqual([])
  })

  test.each(['written', 'told', 'switched', 'dropped'])(
    'shows each row once when moving it ends after it was %s',
    async (step) => {
      const world = await suite.newWorld().startTiered(suite.engine)
      world.source.add(...story(0, 30))
      await world.indexed()
      const before = await short(world)
      world.interruptAt = step
      await expect(world.projection.moveMonths()).rejects.toThrow(step)
      expect(await short(world)).toEqual(before)
      world.interruptAt = undefined
      await world.stop()
      await world.startTiered(suite.engine)
      expect(await short(world)).toEqual(before)
      await world.projection.moveMonths()
      expect(await short(world)).toEqual(before)
      expect(await world.projection.check()).toEqual([])
      expect(world.stored().length).toBe(world.states.all().flatMap(({ files }) => files).length + 2)
    },
  )

  test('is read by a copy whose ledger takes no entries, and by nobody while a file of it is missing', async () => {
    const world = await suite.newWorld().startTiered(suite.engine)
    world.source.add(...story(0, 30))
    await world.indexed()
    await world.projection.moveMonths()
    const [before, stored] = [await short(world), world.stored()]
    await world.stop()
    await world.startTiered(suite.engine, { isOwner: false })
    expect(await short(world)).toEqual(before)
    expect(await world.projection.moveMonths()).toEqual([])
    expect(world.stored()).toEqual(stored)
    await world.stop()

    const path = join(
      world.storeDirectory,
      stored.find((name) => name.endsWith('.parquet'))!,
    )
    const bytes = readFileSync(path)
    rmSync(path)
    await world.startTiered(suite.engine)
    await expect(short(world)).rejects.toThrow('files of 2024-01 are missing')
    writeFileSync(path, bytes)
    expect(await world.projection.tiers()!.damaged()).toEqual([])
    expect(await short(world)).toEqual(before)
  })

  test('loses the values of a field that is sealed later', async () => {
    const world = await suite.newWorld().startTiered(suite.engine)
    world.source.add(...story(0, 60))
    await world.indexed()
    await world.projection.moveMonths()
    expect(await parquetTexts(world)).toMatch(/"t-1".*g7/)
    await world.seal('/traceId', '/inputFeatures/group')
    expect(await parquetTexts(world)).not.toMatch(/"t-1"|g7/)
    expect(await parquetTexts(world)).toContain('user-of-t-1')
    expect(await world.projection.check()).toEqual([])
  })

  test('loses what is erased, in every version of every file', async () => {
    const world = await suite.newWorld().startTiered(suite.engine)
    world.source.add(...story(0, 60))
    await world.indexed()
    await world.projection.moveMonths()
    const person = personOf(21)
    const erased = world.source.entries.flatMap(({ index }) => (personOf(index) === person ? [index] : []))
    expect((await parquetTexts(world)).includes(person)).toBe(true)
    for (const index of erased) {
      const { entry, systemName } = world.source.entries[index]!
      world.source.entries[index] = { index, entry, systemName }
    }
    await world.projection.erase(erased)
    const after = await short(world)
    expect((await parquetTexts(world)).includes(person)).toBe(false)
    expect(world.storedBytes().includes(person)).toBe(false)
    expect(await world.projection.check()).toEqual([])
    await world.projection.reindex()
    expect(await short(world)).toEqual(after)
    expect(world.stored()).toEqual([])
  })
})
