import { describe, expect, test } from 'vitest'
import { FAULT_KINDS } from '../../packages/server/src/platform/simulated-disk.ts'
import { missedBy, Tally } from '../platform/lives.ts'
import { ERASURE_STEPS, tellErasureFault, tellErasureStory } from './erasure-story.ts'

const STORIES = 120
/** More are told until each fault was met at each step. */
const STORIES_MAX = 1_200
/** Every eleventh call: each one would take minutes, and stories meet the others, thousands of them where one soaks. */
const STRIDE = 11

describe('erasing, and deleting what has had its time, on a disk that fails', () => {
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

  test(`keeps every promise through ${STORIES} stories and more, whatever befalls whatever step`, async () => {
    const tally = new Tally()
    let seed = 0
    const isEnough = () => seed >= STORIES && missedBy(tally, ERASURE_STEPS).length === 0
    while (!isEnough() && seed < STORIES_MAX) await tellErasureStory((seed += 1), tally)
    expect(missedBy(tally, ERASURE_STEPS)).toEqual([])
    expect(tally.of('completed')).toBeGreaterThan(STORIES / 3)
    expect(tally.of('expired')).toBeGreaterThan(STORIES / 5)
  }, 300_000)
})
