import { describe, expect, test } from 'vitest'
import { FAULT_KINDS } from '../../packages/server/src/platform/simulated-disk.ts'
import { missedBy, Tally } from '../platform/lives.ts'
import { ERASURE_STEPS, tellErasureFault, tellErasureStory } from './erasure-story.ts'

const STORIES = 150
/** Every eleventh call: each one would take minutes, and stories meet the others, thousands of them where one soaks. */
const STRIDE = 11

describe('erasing on a disk that fails', () => {
  test.each(FAULT_KINDS)(
    'comes to its end in a later life when a call of it meets "%s", and takes nothing else along',
    async (kind) => {
      const tally = new Tally()
      let call = 1
      while (await tellErasureFault(1, tally, { call, kind })) call += STRIDE
      expect(call).toBeGreaterThan(60)
    },
    300_000,
  )

  test(`keeps every promise through ${STORIES} stories, whatever befalls whatever step`, async () => {
    const tally = new Tally()
    for (let seed = 1; seed <= STORIES; seed += 1) await tellErasureStory(seed, tally)
    expect(missedBy(tally, ERASURE_STEPS)).toEqual([])
    expect(tally.of('completed')).toBeGreaterThan(STORIES / 3)
  }, 300_000)
})
