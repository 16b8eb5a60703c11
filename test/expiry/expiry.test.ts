import { openedSetRoot, toHex } from '@deponent/format'
import { afterEach, describe, expect, test } from 'vitest'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import type { ErasuresOptions } from '../../packages/server/src/erasure/erasures.ts'
import { gatherEach } from '../../packages/server/src/erasure/gather.ts'
import { SET_MAX, setsOf } from '../../packages/server/src/expiry/sets.ts'
import { realClock } from '../../packages/server/src/platform/clock.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import type { Tenant } from '../../packages/server/src/tenant.ts'
import { erasuresOver, requestAbout } from '../erasure/erasing.ts'
import { loan, newPlace, openRecording, type Place, submission } from '../recording/open-tenant.ts'

const clock = realClock
const terms = { policyVersion: 2, planDigest: 'ab'.repeat(32) }

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** One life of a ledger with its erasures. */
async function live(place: Place, more: Partial<ErasuresOptions> = {}) {
  const { tenant, close } = await openRecording(place)
  const erasures = erasuresOver(tenant, clock, realRandom, more)
  await erasures.begin()
  const end = async (): Promise<void> => {
    await erasures.close()
    await close()
  }
  closing.push(end)
  return {
    tenant,
    erasures,
    end: () => {
      closing.splice(closing.indexOf(end), 1)
      return end()
    },
  }
}

async function setsFor(tenant: Tenant, indices: readonly number[]) {
  const entries = await gatherEach({ ...tenant, clock }, indices)
  return setsOf(
    entries.map((entry) => ({ entry, policy: 'ours' })),
    terms,
    { clock, random: realRandom },
  )
}

async function recordLoans(tenant: Tenant, count: number): Promise<number[]> {
  const { receipts } = await tenant.recorder.record(
    Array.from({ length: count }, (_, i) => submission(loan(i), i)),
  )
  return receipts.map(({ index }) => index)
}

async function expiryRecords(tenant: Tenant) {
  const read = await tenant.reader.read(0, tenant.ledger.size)
  return read.filter(({ entry }) => entry.kind === 'retention.expired')
}

describe('content whose time is over', () => {
  test('goes in sets, each on record with policy, plan, kinds and times, and shown by what stays of it', async () => {
    const place = await newPlace()
    const { tenant, erasures, end } = await live(place)
    const indices = await recordLoans(tenant, SET_MAX + 10)
    expect(await erasures.expire(await setsFor(tenant, indices))).toEqual([])
    const records = await expiryRecords(tenant)
    expect(records.map(({ record }) => record?.count)).toEqual([SET_MAX, 10])
    expect(records[0]!.record).toMatchObject({
      policy: 'ours',
      policyVersion: '2',
      planDigest: terms.planDigest,
      counts: { decision: SET_MAX },
      from: '2026-01-10T00:00:00.000Z',
    })
    for (const index of indices) {
      const { erased } = await tenant.reader.one(index)
      const root = openedSetRoot(erased!, index)!
      expect(tenant.erasureEntries.entryOf(toHex(root))).toBeDefined()
    }
    expect(erasures.all()).toEqual([])
    expect(tenant.register.all()).toEqual([])
    await end()
    expect(await checkDirectory(realDisk, place.data)).toMatchObject({
      verdict: 'valid',
      checked: { erased: SET_MAX + 10 },
    })
  })

  test('leaves the keys of people whole: what else is recorded of them opens, and their erasure goes on', async () => {
    const place = await newPlace()
    const { tenant, erasures } = await live(place)
    const indices = await recordLoans(tenant, 22)
    await erasures.expire(await setsFor(tenant, indices.slice(0, 11)))
    expect((await tenant.reader.one(indices[11]!)).record?.decisionId).toBe('loan-11')
    await erasures.request(requestAbout(tenant, 'person-0'))
    await erasures.settled()
    expect(erasures.all()[0]!.erasure.outcome?.records).toBe(1)
    expect((await tenant.reader.one(indices[11]!)).erased).toBeDefined()
  })

  test('is refused when it is sent again, also in a later life, until that is forgotten', async () => {
    const place = await newPlace()
    const first = await live(place)
    const indices = await recordLoans(first.tenant, 3)
    await first.erasures.expire(await setsFor(first.tenant, indices.slice(0, 2)))
    await first.end()
    const { tenant } = await live(place)
    const again = await tenant.recorder.record([submission(loan(0), 0), submission(loan(2), 1)])
    expect(again.errors.map(({ code }) => code)).toEqual(['erased'])
    expect(again.duplicates).toBe(1)
    const today = Math.floor(Date.now() / 86_400_000)
    tenant.dedupe.forgetExpired(today)
    expect((await tenant.recorder.record([submission(loan(0), 0)])).rejected).toBe(1)
    tenant.dedupe.forgetExpired(today + 1)
    expect((await tenant.recorder.record([submission(loan(0), 0)])).recorded).toBe(1)
  })

  test.each(['eraseFromIndex', 'scrubState', 'toldExpired'] as const)(
    'that cannot be taken all the way, because %s fails, is taken there by the next life and recorded once',
    async (step) => {
      const place = await newPlace()
      const first = await live(place, { [step]: () => Promise.reject(new Error('away')) })
      const indices = await recordLoans(first.tenant, 5)
      expect(await first.erasures.expire(await setsFor(first.tenant, indices))).toHaveLength(1)
      await first.end()
      const { tenant, erasures, end } = await live(place)
      await erasures.settled()
      expect(tenant.register.all()).toEqual([])
      expect(await expiryRecords(tenant)).toHaveLength(1)
      await end()
      expect((await checkDirectory(realDisk, place.data)).verdict).toBe('valid')
    },
  )
})
