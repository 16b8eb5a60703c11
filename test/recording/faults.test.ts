import { expect, test } from 'vitest'
import { missedBy, Tally } from '../platform/lives.ts'
import { TENANT_STEPS, tellTenantStory } from './tenant-story.ts'

const STORIES = 70

test(`a ledger with its vault, keys and derived state keeps every promise through ${STORIES} stories, and verify finds every directory they leave valid`, async () => {
  const tally = new Tally()
  for (let seed = 1; seed <= STORIES; seed += 1) await tellTenantStory(seed, tally)
  expect(missedBy(tally, TENANT_STEPS)).toEqual([])
  expect(tally.of('directory checked')).toBeGreaterThan(STORIES * 3)
  for (const what of ['recorded', 'duplicate', 'refused']) expect(tally.of(what)).toBeGreaterThan(STORIES)
}, 300_000)
