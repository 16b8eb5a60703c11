import { describe, expect, test, vi } from 'vitest'
import { zstdFrames } from '../../packages/server/src/residue/zstd-frames.ts'
import { personOf, story, type TierWorld } from './tier-world.ts'

const PERSON = personOf(21)
import { tierSuite } from './tier-suite.ts'

const suite = tierSuite()

/** A world whose months of early 2024 are archived, and the entries of one person in it, whose content is gone. */
async function archivedWorld(): Promise<{ world: TierWorld; erased: number[] }> {
  const world = suite.newWorld()
  await world.startTiered(suite.engine, { warmDays: 60 })
  world.source.add(...story(0, 60))
  await world.indexed()
  await world.projection.moveMonths()
  const erased = world.source.entries.flatMap(({ index }) => (personOf(index) === PERSON ? [index] : []))
  for (const index of erased) {
    const { entry, systemName } = world.source.entries[index]!
    world.source.entries[index] = { index, entry, systemName }
  }
  expect(await traces(world)).toEqual({ archives: true, links: true })
  return { world, erased }
}

/** Where the person is still found. */
async function traces(world: TierWorld): Promise<{ archives: boolean; links: boolean }> {
  const inside = (bytes: Uint8Array): Uint8Array[] => [bytes, ...zstdFrames(bytes).contents.flatMap(inside)]
  const [row] = await suite.engine
    .connect()
    .select<{ links: string }>(
      `SELECT count() AS links FROM ${world.database}_index.archivedLinks WHERE has(subjects, '${PERSON}')`,
    )
  return {
    archives: Buffer.concat(inside(world.storedBytes())).includes(PERSON),
    links: Number(row!.links) > 0,
  }
}

const GONE = { archives: false, links: false }

describe('an erasure in archives that was interrupted', () => {
  test('finds the person again when it ended before the new archives were remembered', async () => {
    const { world, erased } = await archivedWorld()
    vi.spyOn(world.states, 'put').mockImplementationOnce(() => {
      throw new Error('interrupted')
    })
    await expect(world.projection.erase(erased)).rejects.toThrow('interrupted')
    await world.projection.erase(erased)
    expect(await traces(world)).toEqual(GONE)
  })

  test('takes the person out of what the index keeps when it ended behind the new archives', async () => {
    const { world, erased } = await archivedWorld()
    vi.spyOn(world.states, 'flush').mockRejectedValueOnce(new Error('interrupted'))
    await expect(world.projection.erase(erased)).rejects.toThrow('interrupted')
    await world.projection.erase(erased)
    expect(await traces(world)).toEqual(GONE)
    expect(await world.projection.check()).toEqual([])
  })

  test('finds the person when what the index keeps of a month was not filled to its end', async () => {
    const { world, erased } = await archivedWorld()
    for (const month of ['202401', '202402'])
      await suite.engine
        .connect()
        .command(`ALTER TABLE ${world.database}_index.archivedLinks DROP PARTITION ID '${month}'`)
    await world.projection.erase(erased)
    expect(await traces(world)).toEqual(GONE)
  })

  test('leaves nothing of a month in the index that was about the person alone', async () => {
    const { world } = await archivedWorld()
    const all = world.source.entries.map(({ index }) => index)
    vi.spyOn(world.states, 'flush').mockRejectedValueOnce(new Error('interrupted'))
    await expect(world.projection.erase(all)).rejects.toThrow('interrupted')
    await world.projection.erase(all)
    expect(await traces(world)).toEqual(GONE)
    expect([world.states.all(), world.stored()]).toEqual([[], []])
  })

  test('leaves nothing in the index of a month that was not archived after all', async () => {
    const { world, erased } = await archivedWorld()
    const tiers = world.projection.tiers()!
    tiers.restore('2024-01', '2024-02', 1)
    await expect.poll(() => tiers.restoration()?.state, { timeout: 60_000 }).toBe('done')
    vi.spyOn(world.states, 'put').mockImplementationOnce(() => {
      throw new Error('interrupted')
    })
    await expect(world.projection.moveMonths()).rejects.toThrow('interrupted')
    await world.projection.erase(erased)
    expect(await traces(world)).toEqual(GONE)
  })
})
