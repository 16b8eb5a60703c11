import { afterAll, afterEach, beforeAll } from 'vitest'
import { makeScratch, removeScratch } from '../../packages/server/src/platform/scratch.ts'
import { IndexEngine } from '../../packages/server/src/projection/index.ts'
import { TierWorld } from './tier-world.ts'

export interface TierSuite {
  /** One for all tests of a file. */
  readonly engine: IndexEngine
  /** A world that is gone after the test. */
  newWorld(): TierWorld
}

/** Starts an engine before the tests of a file and stops it behind them. */
export function tierSuite(): TierSuite {
  const worlds: TierWorld[] = []
  let engine: IndexEngine
  let directory: string
  beforeAll(async () => {
    directory = await makeScratch('deponent-tiers')
    engine = await IndexEngine.start({ directory })
  })
  afterEach(async () => {
    for (const world of worlds.splice(0)) await world.destroy()
  })
  afterAll(async () => {
    await engine.stop()
    await removeScratch(directory)
  })
  return {
    get engine() {
      return engine
    },
    newWorld() {
      const world = new TierWorld()
      worlds.push(world)
      return world
    },
  }
}
