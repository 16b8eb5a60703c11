import { describe, expect, test } from 'vitest'
import { FAULT_KINDS } from '../../packages/server/src/platform/simulated-disk.ts'
import { FORGETS, missedBy, Tally } from '../platform/lives.ts'
import { KEYRING_STEPS, tellKeyringFault, tellKeyringStory } from './keyring-story.ts'
import { SEGMENTS_STEPS, tellSegmentsFault, tellSegmentsStory } from './segments-story.ts'

const SUBJECTS = [
  {
    name: 'a keyring',
    tellFault: tellKeyringFault,
    tellStory: tellKeyringStory,
    steps: KEYRING_STEPS,
    eventfulSeed: 2,
    calls: 25,
    stories: 250,
  },
  {
    name: 'vault segments',
    tellFault: tellSegmentsFault,
    tellStory: tellSegmentsStory,
    steps: SEGMENTS_STEPS,
    eventfulSeed: 1,
    calls: 80,
    stories: 250,
  },
]

describe.each(SUBJECTS)(
  '$name on a disk that fails',
  ({ tellFault, tellStory, steps, eventfulSeed, calls, stories }) => {
    test.each(FAULT_KINDS)(
      'keep what they acknowledged when any one call of a life meets "%s"',
      async (kind) => {
        const tally = new Tally()
        let call = 1
        while (await tellFault(eventfulSeed, tally, { call, kind })) call += 1
        expect(call).toBeGreaterThan(calls)
      },
    )

    test(`keep what they acknowledged through ${stories} stories, whatever befalls whatever step`, async () => {
      const tally = new Tally()
      for (let seed = 1; seed <= stories; seed += 1) await tellStory(seed, tally)
      expect(missedBy(tally, steps)).toEqual([])
      for (const step of steps) expect(tally.of(`${step} ${FORGETS}`)).toBeGreaterThan(0)
    }, 300_000)
  },
)
