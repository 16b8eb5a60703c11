import { afterEach, describe, expect, test } from 'vitest'
import { answers, story, TierWorld } from './tier-world.ts'

const worlds: TierWorld[] = []
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.destroy()
})

function newWorld(): TierWorld {
  const world = new TierWorld()
  worlds.push(world)
  return world
}

describe('a month that moved to files', () => {
  test('answers every question, whoever asks, as it did in the index', async () => {
    const world = await newWorld().startTiered()
    world.source.add(...story(0, 400))
    await world.indexed()
    const before = await answers(world)
    expect(await world.projection.moveMonths()).toEqual(['2024-01', '2024-02', '2024-03'])
    expect(world.stored().filter((path) => path.endsWith('.parquet')).length).toBe(12)
    expect(await answers(world)).toEqual(before)
    expect(await world.projection.check()).toEqual([])
    expect(await answers(world)).toEqual(before)
  })
})
