import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { UNRESTRICTED } from '../../packages/server/src/projection/index.ts'
import { zstdFrames } from '../../packages/server/src/residue/zstd-frames.ts'
import { personOf, RESTRICTIONS, story, type TierWorld } from './tier-world.ts'
import { ask } from './world.ts'
import { tierSuite } from './tier-suite.ts'

const suite = tierSuite()

/** Months of early 2024 are archived as soon as they have moved. */
async function archivedWorld(count: number): Promise<{ world: TierWorld; before: unknown }> {
  const world = suite.newWorld()
  await world.startTiered(suite.engine, { warmDays: 60 })
  world.source.add(...story(0, count))
  await world.indexed()
  const before = await allRows(world)
  await world.projection.moveMonths()
  return { world, before }
}

async function allRows({ projection }: TierWorld): Promise<unknown> {
  const tables = ['decisions', 'outcomes', 'reviews', 'records']
  return Promise.all(
    tables.map((table) => projection.sql(`SELECT * FROM ${table} ORDER BY index`, UNRESTRICTED)),
  )
}

async function restored(world: TierWorld, from: string, to: string): Promise<void> {
  const tiers = world.projection.tiers()!
  tiers.restore(from, to, Date.now() + 86_400_000)
  await expect.poll(() => tiers.restoration()?.state, { timeout: 60_000 }).toBe('done')
}

describe('an archived month', () => {
  test('is left out of answers, which say so, and is back as it was when it is restored', async () => {
    const { world, before } = await archivedWorld(120)
    expect(world.stored().filter((path) => path.endsWith('.parquet'))).toEqual([])
    expect(filesIn(world)).toContain('table=decisions/month=2024-01/part-0.parquet')
    const list = await world.projection.list(ask({ limit: '1000' }), UNRESTRICTED)
    const span = { from: '2024-01-01T00:00:00.000Z', to: '2024-03-01T00:00:00.000Z' }
    expect(list.archived).toEqual([{ ...span, decisions: 76 }])
    expect(list.items.every(({ at }) => at >= '2024-03')).toBe(true)
    expect((await world.projection.aggregate([], RESTRICTIONS[1]!)).archived).toEqual([span])
    const later = await world.projection.list(ask({ from: '2025-01-01T00:00:00Z' }), UNRESTRICTED)
    expect(later.archived).toBeUndefined()
    expect(await world.projection.check()).toEqual([])

    await restored(world, '2024-01', '2024-02')
    expect(await allRows(world)).toEqual(before)
    expect(await world.projection.moveMonths()).toEqual([])
    expect(world.states.all().every(({ state }) => state === 'warm')).toBe(true)
    world.projection.tiers()!.release('2024-02', '2024-02')
    await world.projection.moveMonths()
    expect(world.states.all().map(({ state }) => state)).toEqual(['warm', 'archived'])
  })

  test('loses what is erased, and knows no value that only the erased had', async () => {
    const { world } = await archivedWorld(60)
    const person = personOf(21)
    const erased = world.source.entries.flatMap(({ index }) => (personOf(index) === person ? [index] : []))
    for (const index of erased) {
      const { entry, systemName } = world.source.entries[index]!
      world.source.entries[index] = { index, entry, systemName }
    }
    const archives = world.stored()
    expect(unpacked(world).includes(person)).toBe(true)
    await world.projection.erase(erased)
    expect(world.stored()).not.toEqual(archives)
    expect(unpacked(world).includes(person)).toBe(false)
    expect(await world.projection.check()).toEqual([])
    await restored(world, '2024-01', '2024-02')
    const after = await allRows(world)
    await world.projection.reindex()
    expect(await allRows(world)).toEqual(after)
  })

  test('loses a field that is sealed later, and hides a late record about a decision in it', async () => {
    const { world } = await archivedWorld(40)
    const target = world.source.entries.find(({ index }) => personOf(index) === personOf(3))!
    const { index } = target
    world.source.add({
      kind: 'comment',
      record: { at: new Date().toISOString() },
      target: { index, id: target.entry.id },
    })
    await world.indexed()
    const late = world.source.size() - 1
    const seen = async (restriction: (typeof RESTRICTIONS)[number]): Promise<boolean> => {
      const { rows } = await world.projection.sql('SELECT index FROM records', restriction)
      return rows.flat().includes(late)
    }
    expect(await seen(UNRESTRICTED)).toBe(true)
    expect(await seen(RESTRICTIONS[1]!)).toBe(false)

    expect(unpacked(world).includes('user-of-t-1')).toBe(true)
    await world.seal('/caseId')
    expect(unpacked(world).includes('user-of-t-1')).toBe(false)
    expect(await world.projection.check()).toEqual([])
  })
})

/** What tar finds in the first archive. */
function filesIn(world: TierWorld): string[] {
  const archive = world.stored().find((path) => path.endsWith('.tar.zst'))!
  const path = join(world.storeDirectory, archive)
  return execFileSync('tar', ['--zstd', '-tf', path], { encoding: 'utf8' }).split('\n')
}

/** Everything in the store: as it lies there, in archives, and in pages of the files in them. */
function unpacked(world: TierWorld): Buffer {
  const inside = (bytes: Uint8Array): Uint8Array[] => [bytes, ...zstdFrames(bytes).contents.flatMap(inside)]
  return Buffer.concat(inside(world.storedBytes()))
}
