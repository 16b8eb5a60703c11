import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { formatBundle, parseTrust, toHex, verifyBundle } from '@deponent/format'
import { expect, test } from 'vitest'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import type { Erasures } from '../../packages/server/src/erasure/erasures.ts'
import { makeBundle } from '../../packages/server/src/evidence/make-bundle.ts'
import { realClock } from '../../packages/server/src/platform/clock.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import { DEFAULT_CLASSIFICATION } from '../../packages/server/src/vault/classify/policy.ts'
import type { Tenant } from '../../packages/server/src/tenant.ts'
import { loan, newPlace, openRecording, type Place, submission } from '../recording/open-tenant.ts'
import { erasuresOver, requestAbout } from './erasing.ts'

const SMALL = { log: 65_536, segment: { entriesMax: 8, bytesMax: 1_048_576 } }

const shared = (i: number, more: object = {}) =>
  loan(i, {
    affectedUserId: 'anna',
    affectedSubjects: [{ id: 'ben', remark: 'ben stands surety' }, 'carl'],
    ...more,
  })

/** One life of a ledger with its erasures. */
async function life(
  place: Place,
  work: (tenant: Tenant, erasures: Erasures) => Promise<void>,
): Promise<void> {
  const { tenant, close } = await openRecording(place, realClock, SMALL)
  const erasures = erasuresOver(tenant, realClock, realRandom)
  await erasures.begin()
  await work(tenant, erasures)
  await erasures.close()
  await tenant.ledger.published(tenant.ledger.size, 5_000)
  await close()
}

async function erase(erasures: Erasures, request: ReturnType<typeof requestAbout>): Promise<void> {
  await erasures.request(request)
  await expect.poll(() => erasures.all().every(({ erasure }) => erasure.outcome)).toBe(true)
}

async function errorsIn({ data }: Place): Promise<{ verdict: string; said: string[]; erased: number }> {
  const { verdict, findings, checked } = await checkDirectory(realDisk, data)
  const said = findings
    .map(({ code }) => code)
    .filter((code) => code !== 'trust_self' && code !== 'not_checked')
  return { verdict, said, erased: checked.erased }
}

const read = async ({ reader }: Tenant, index: number) => {
  const { record, erased, erasedFields } = await reader.one(index)
  return { record, isErased: erased !== undefined, erasedFields }
}

test('erasing one of several people leaves what is about the others, in vault, evidence and verify', async () => {
  const place = await newPlace()
  let index = 0
  await life(place, async (tenant, erasures) => {
    const { receipts } = await tenant.recorder.record([
      submission(shared(1), 0),
      ...Array.from({ length: 9 }, (_, i) => submission(loan(10 + i), i + 1)),
    ])
    index = receipts[0]!.index
    await tenant.vault.flush()
    expect(await tenant.vault.keyNumbersOf(index)).toHaveLength(3)
    await erase(erasures, requestAbout(tenant, 'ben'))
    const { record, isErased, erasedFields } = await read(tenant, index)
    expect(isErased).toBe(false)
    expect(erasedFields).toBe(2)
    expect(record).toMatchObject({
      affectedUserId: 'anna',
      affectedSubjects: [null, 'carl'],
      decisionId: 'loan-1',
    })
    expect(JSON.stringify(record)).not.toContain('ben')
    // It is known by its name still; what it said is not.
    const again = await tenant.recorder.record([submission(shared(1))])
    expect(again.errors.map(({ code }) => code)).toEqual(['id_conflict'])
    await tenant.ledger.published(tenant.ledger.size, 5_000)
    const bundle = await makeBundle(tenant, {
      indices: [index],
      disclose: 'all',
      view: (_, payload) => payload,
      statement: {},
    })
    const keys = [{ vkey: tenant.keys.vkeys.checkpoint, use: 'checkpoint', sizes: '0..' }]
    const trust = parseTrust({ ledgers: [{ origin: tenant.ledger.origin, keys }] })
    const report = verifyBundle(formatBundle(bundle), { trust })
    expect(report.verdict).toBe('valid')
    expect(report.entries[0]).toMatchObject({ payload: 'disclosed', withheld: 2 })
  })
  expect(await errorsIn(place)).toEqual({ verdict: 'valid', said: ['payload_erased'], erased: 0 })
  await rm(join(place.data, 'state'), { recursive: true })
  await life(place, async (tenant, erasures) => {
    expect((await read(tenant, index)).erasedFields).toBe(2)
    await erase(erasures, requestAbout(tenant, 'anna'))
    expect((await read(tenant, index)).record).toMatchObject({ affectedSubjects: [null, 'carl'] })
    expect((await read(tenant, index)).record!.affectedUserId).toBeUndefined()
    await erase(erasures, requestAbout(tenant, 'carl'))
    expect(await read(tenant, index)).toEqual({ record: undefined, isErased: true, erasedFields: undefined })
  })
  expect(await errorsIn(place)).toEqual({ verdict: 'valid', said: ['payload_erased'], erased: 1 })
  const { findings } = await checkDirectory(realDisk, place.data)
  await rm(join(place.data, 'keyring/root.key'))
  const { verdict } = await checkDirectory(realDisk, place.data)
  expect(findings.length).toBeGreaterThan(0)
  expect(verdict).toBe('valid')
})

test('several people of one record erased at once leave nothing of it', async () => {
  const place = await newPlace()
  await life(place, async (tenant, erasures) => {
    const { receipts } = await tenant.recorder.record([submission(shared(1))])
    const { index } = receipts[0]!
    for (const person of ['anna', 'ben', 'carl']) await erasures.request(requestAbout(tenant, person))
    await expect.poll(() => erasures.all().every(({ erasure }) => erasure.outcome)).toBe(true)
    expect((await read(tenant, index)).isErased).toBe(true)
  })
  expect(await errorsIn(place)).toMatchObject({ verdict: 'valid', erased: 1 })
})

test('a member of staff goes from reviews and decisions, and these stay', async () => {
  const place = await newPlace()
  await life(place, async (tenant, erasures) => {
    const decided = await tenant.recorder.record([
      submission(loan(1, { humanReviewed: true, humanReviewerId: 'rita' })),
    ])
    const { index } = decided.receipts[0]!
    const review = { decisionId: 'loan-1', reviewerId: 'rita', verdict: 'agree', comment: 'as it should be' }
    const reviewed = await tenant.recorder.record([submission(review, 0, 'review')])
    const about = reviewed.receipts[0]!.index
    expect((await read(tenant, about)).record).toMatchObject({ reviewerId: 'rita' })
    const handle = toHex(tenant.vault.staffScope('rita').subarray(0, 16))
    await erase(erasures, { ...requestAbout(tenant, 'rita'), scopes: [handle] })
    expect(await read(tenant, index)).toMatchObject({
      erasedFields: 1,
      record: { affectedUserId: 'person-1' },
    })
    const { record, erasedFields } = await read(tenant, about)
    expect(erasedFields).toBe(1)
    expect(record).toMatchObject({ verdict: 'agree', comment: 'as it should be' })
    // Her namesake among the people concerned is somebody else.
    await erase(erasures, requestAbout(tenant, 'person-1'))
    expect((await read(tenant, index)).isErased).toBe(true)
    expect((await read(tenant, about)).isErased).toBe(true)
  })
  expect(await errorsIn(place)).toMatchObject({ verdict: 'valid', erased: 2 })
})

test('whoever approved, scored or was spoken to in a comment is erased like a reviewer', async () => {
  const place = await newPlace()
  await life(place, async (tenant, erasures) => {
    const about = { decisionId: 'loan-1' }
    await tenant.recorder.record([submission(loan(1))])
    const kept: number[] = []
    for (const [kind, record] of [
      ['action', { ...about, action: 'payment held', approver: 'rita' }],
      ['score', { ...about, name: 'tone', value: 1, scorerId: 'rita', scorer: { id: 'rita', name: 'RITA' } }],
      ['comment', { ...about, text: 'see above', mentions: ['otto', 'rita'] }],
    ] as const) {
      const { receipts } = await tenant.recorder.record([submission(record, 0, kind)])
      kept.push(receipts[0]!.index)
    }
    const handle = toHex(tenant.vault.staffScope('rita').subarray(0, 16))
    await erase(erasures, { ...requestAbout(tenant, 'rita'), scopes: [handle] })
    const left = []
    for (const index of kept) left.push((await read(tenant, index)).record)
    expect(left).toMatchObject([{ action: 'payment held' }, { value: 1 }, { mentions: ['otto', null] }])
    expect(JSON.stringify(left)).not.toMatch(/rita/i)
  })
  expect(await errorsIn(place)).toMatchObject({ verdict: 'valid', erased: 0 })
})

test('a record about one person, without staff, is sealed in one piece as ever', async () => {
  const place = await newPlace()
  await life(place, async (tenant) => {
    const { receipts } = await tenant.recorder.record([submission(loan(1))])
    const frame = await tenant.vault.segments.frame(receipts[0]!.index)
    expect(frame![0]! >> 4).toBe(0)
    expect(frame![1]).toBe(1)
  })
})

test('a record about a decision is kept by those of its people who are left, and by those it names itself', async () => {
  const place = await newPlace()
  await life(place, async (tenant, erasures) => {
    await tenant.recorder.record([submission(shared(1))])
    await erase(erasures, requestAbout(tenant, 'ben'))
    const action = { decisionId: 'loan-1', action: 'payout', affectedUserId: 'dora' }
    const { receipts, errors } = await tenant.recorder.record([submission(action, 0, 'action')])
    expect(errors).toEqual([])
    const { index } = receipts[0]!
    expect(await tenant.vault.keyNumbersOf(index)).toHaveLength(2)
    await erase(erasures, requestAbout(tenant, 'dora'))
    const { record, erasedFields } = await read(tenant, index)
    expect(erasedFields).toBe(1)
    expect(record).toMatchObject({ decisionId: 'loan-1' })
    for (const person of ['anna', 'carl']) await erase(erasures, requestAbout(tenant, person))
    expect((await read(tenant, index)).isErased).toBe(true)
  })
  expect(await errorsIn(place)).toMatchObject({ verdict: 'valid', erased: 2 })
})

test('what one of several people said goes with them, and not with the decision', async () => {
  const place = await newPlace()
  await life(place, async (tenant, erasures) => {
    const decided = await tenant.recorder.record([submission(shared(1))])
    const contest = { decisionId: 'loan-1', grounds: 'I never signed', affectedUserId: 'ben' }
    const { receipts } = await tenant.recorder.record([submission(contest, 0, 'contest')])
    await erase(erasures, requestAbout(tenant, 'ben'))
    expect((await read(tenant, receipts[0]!.index)).isErased).toBe(true)
    expect((await read(tenant, decided.receipts[0]!.index)).erasedFields).toBe(2)
  })
  expect(await errorsIn(place)).toMatchObject({ verdict: 'valid', erased: 1 })
})

test('an empty id names nobody, and keeps nothing', async () => {
  const place = await newPlace()
  await life(place, async (tenant, erasures) => {
    const record = loan(1, { affectedUserId: 'anna', affectedSubjects: [{ id: '' }, ''] })
    const { receipts } = await tenant.recorder.record([submission(record)])
    await erase(erasures, requestAbout(tenant, 'anna'))
    expect((await read(tenant, receipts[0]!.index)).isErased).toBe(true)
  })
})

test('a record that names a person is theirs, also when the decision it is about names nobody', async () => {
  const place = await newPlace()
  await life(place, async (tenant, erasures) => {
    const { affectedUserId: _, ...nobodys } = loan(1)
    const decided = await tenant.recorder.record([submission(nobodys)])
    const contest = { decisionId: 'loan-1', grounds: 'I have an income', affectedUserId: 'dora' }
    const contested = await tenant.recorder.record([submission(contest, 0, 'contest')])
    expect(contested.errors).toEqual([])
    await erase(erasures, requestAbout(tenant, 'dora'))
    expect((await read(tenant, contested.receipts[0]!.index)).isErased).toBe(true)
    expect((await read(tenant, decided.receipts[0]!.index)).record).toMatchObject({ decisionId: 'loan-1' })
  })
  expect(await errorsIn(place)).toMatchObject({ verdict: 'valid', erased: 1 })
})

test('nothing stays in what is left by which the rest could be tried out, and resends are known all the same', async () => {
  const place = await newPlace()
  const numbered = (i: number, seq: number, who: Record<string, unknown>) =>
    submission({
      ...loan(i, { userId: 'u-1', ...who }),
      emitter: { id: 'checkout-1', epoch: 1, seq, blind: 'ab'.repeat(32) },
    })
  const two = { affectedUserId: 'anna', affectedSubjects: ['ben'] }
  await life(place, async (tenant, erasures) => {
    await tenant.classifyBy({
      ...DEFAULT_CLASSIFICATION,
      systems: { default: { fields: { '/userId': 'drop' } } },
    })
    const { receipts } = await tenant.recorder.record([numbered(1, 1, two)])
    const alone = await tenant.recorder.record([numbered(2, 2, { affectedUserId: 'carl' })])
    const { index } = receipts[0]!
    const { record } = await read(tenant, index)
    expect(record!.emitter).toEqual({
      id: 'checkout-1',
      epoch: 1,
      seq: 1,
      link: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(record!.classification).not.toHaveProperty('content')
    expect((await read(tenant, alone.receipts[0]!.index)).record!.classification).toHaveProperty('content')
    expect((await tenant.recorder.record([numbered(1, 1, two)])).duplicates).toBe(1)
    await erase(erasures, requestAbout(tenant, 'ben'))
    expect((await read(tenant, index)).erasedFields).toBe(1)
  })
  expect(await errorsIn(place)).toMatchObject({ verdict: 'valid', erased: 0 })
})
