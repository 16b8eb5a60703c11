import { describe, expect, test } from 'vitest'
import { FAULT_KINDS } from '../../packages/server/src/platform/simulated-disk.ts'
import { Tally } from '../platform/lives.ts'
import { tellLedgerFault, tellLedgerStory } from './ledger-story.ts'

// A life of 80 calls in which a ledger of several tiles is recovered, grows, is published and lets log files go.
const EVENTFUL_SEED = 5
const STORIES = 150

describe('a ledger on a disk that fails', () => {
  test.each(FAULT_KINDS)('keeps every promise when any one call of a life meets "%s"', async (kind) => {
    const tally = new Tally()
    let call = 1
    while (await tellLedgerFault(EVENTFUL_SEED, tally, { call, kind })) call += 1
    expect(call).toBeGreaterThan(50)
  })

  test(`keeps every promise through ${STORIES} stories of faults, kills and power cuts`, async () => {
    const tally = new Tally()
    for (let seed = 1; seed <= STORIES; seed += 1) await tellLedgerStory(seed, tally)
    for (const kind of FAULT_KINDS) expect(tally.of(kind)).toBeGreaterThan(STORIES / 10)
    expect(tally.of('checkpoint')).toBeGreaterThan(STORIES)
    expect(tally.of('unknown')).toBeGreaterThan(0)
  })
})
