import { expect, test } from 'vitest'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import { TestClock } from '../../packages/server/src/platform/clock.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import type { Tenant } from '../../packages/server/src/tenant.ts'
import { loan, newPlace, openRecording, submission } from './open-tenant.ts'

const NOON = Date.UTC(2026, 5, 1, 12)
const HOUR = 3_600_000
const YEAR = 365 * 24 * HOUR

/** Records one decision and gives the time the ledger says it came. */
async function recordOne(tenant: Tenant, i: number): Promise<number> {
  const { receipts } = await tenant.recorder.record([submission(loan(i))])
  const { id, index } = receipts[0]!
  expect(await tenant.ledger.find(id)).toBe(index)
  return (await tenant.ledger.entry(index)).receivedAt
}

async function kindsIn(tenant: Tenant): Promise<string[]> {
  const read = await tenant.reader.read(0, tenant.ledger.size)
  return read.map(({ entry }) => entry.kind)
}

test('a clock that jumps, back and forth and over a restart, never turns the order of entries, and a step back is on record', async () => {
  const place = await newPlace()
  const clock = new TestClock(NOON)
  const first = await openRecording(place, clock)
  const times: number[] = []
  const jumps = [0, -HOUR, 1, 3 * HOUR, -1, -2 * HOUR]
  for (const [i, ms] of jumps.entries()) {
    clock.step(ms)
    times.push(await recordOne(first.tenant, i))
  }
  await first.close()
  expect((await kindsIn(first.tenant)).filter((kind) => kind === 'change')).toHaveLength(2)

  const behind = await openRecording(place, new TestClock(NOON - YEAR))
  times.push(await recordOne(behind.tenant, 10))
  await behind.close()
  const ahead = await openRecording(place, new TestClock(NOON + YEAR))
  times.push(await recordOne(ahead.tenant, 11))
  await ahead.close()
  const back = await openRecording(place, new TestClock(NOON + HOUR))
  times.push(await recordOne(back.tenant, 12))
  expect(await back.tenant.recorder.findDecisions('loan-3')).toHaveLength(1)
  await back.close()

  expect(times).toEqual(times.toSorted((a, b) => a - b))
  expect(times.at(-1)).toBeGreaterThanOrEqual(NOON + YEAR)
  expect((await checkDirectory(realDisk, place.data)).verdict).toBe('valid')
})
