import { describe, expect, test } from 'vitest'
import { FAULT_KINDS } from '../../packages/server/src/platform/simulated-disk.ts'
import { Tally } from '../platform/lives.ts'
import { tellKeyringFault, tellKeyringStory } from './keyring-story.ts'
import { tellSegmentsFault, tellSegmentsStory } from './segments-story.ts'

const SUBJECTS = [
  {
    name: 'a keyring',
    tellFault: tellKeyringFault,
    tellStory: tellKeyringStory,
    eventfulSeed: 2,
    calls: 30,
    stories: 80,
  },
  {
    name: 'vault segments',
    tellFault: tellSegmentsFault,
    tellStory: tellSegmentsStory,
    eventfulSeed: 2,
    calls: 50,
    stories: 120,
  },
]

describe.each(SUBJECTS)(
  '$name on a disk that fails',
  ({ tellFault, tellStory, eventfulSeed, calls, stories }) => {
    test.each(FAULT_KINDS)(
      'keep what they acknowledged when any one call of a life meets "%s"',
      async (kind) => {
        const tally = new Tally()
        let call = 1
        while (await tellFault(eventfulSeed, tally, { call, kind })) call += 1
        expect(call).toBeGreaterThan(calls)
      },
    )

    test('keep what they acknowledged through stories of faults, kills and power cuts', async () => {
      const tally = new Tally()
      for (let seed = 1; seed <= stories; seed += 1) await tellStory(seed, tally)
      for (const kind of FAULT_KINDS) expect(tally.of(kind)).toBeGreaterThan(stories / 10)
    })
  },
)
