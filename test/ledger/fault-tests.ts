import { describe, expect, test } from 'vitest'
import { FAULT_KINDS } from '../../packages/server/src/platform/simulated-disk.ts'
import { FORGETS, missedBy, Tally } from '../platform/lives.ts'
import { type FollowedBy, LEDGER_STEPS, tellLedgerFault, tellLedgerStory } from './ledger-story.ts'

/** The tests of a ledger followed by `by`: one life with a fault at each of its calls, and many stories. */
export function faultTests(by: FollowedBy, tried: { eventfulSeed: number; stories: number }): void {
  describe(`a ledger followed by ${by} on a disk that fails`, () => {
    test.each(FAULT_KINDS)(
      'keeps every promise when any one call of a life meets "%s"',
      async (kind) => {
        const tally = new Tally()
        let call = 1
        while (await tellLedgerFault(tried.eventfulSeed, tally, by, { call, kind })) call += 1
        expect(call).toBeGreaterThan(60)
      },
      300_000,
    )

    test(`keeps every promise through ${tried.stories} stories, whatever befalls whatever step of its work`, async () => {
      const tally = new Tally()
      for (let seed = 1; seed <= tried.stories; seed += 1) await tellLedgerStory(seed, tally, by)
      expect(missedBy(tally, LEDGER_STEPS[by])).toEqual([])
      // Tiles are written and not synced: nothing to forget.
      const syncing = LEDGER_STEPS[by].filter((step) => step !== 'integrate')
      for (const step of syncing) expect(tally.of(`${step} ${FORGETS}`)).toBeGreaterThan(0)
      expect(tally.of('checkpoint')).toBeGreaterThan(tried.stories)
      expect(tally.of('unknown')).toBeGreaterThan(0)
      expect(tally.of('tile unfinished')).toBeGreaterThan(0)
    }, 300_000)
  })
}
