import { createHmac } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  canonicalJson,
  chosenLeaves,
  commitRoot,
  discloseLeaves,
  emitterLink,
  EMPTY_HEAD,
  fromHex,
  type JsonObject,
  nextHead,
  preparePayload,
  verifyDisclosure,
} from '@deponent/format'
import { describe, expect, test } from 'vitest'
import { checkDirectory } from '../../packages/server/src/check/directory.ts'
import { realDisk } from '../../packages/server/src/platform/disk.ts'
import type { Tenant } from '../../packages/server/src/tenant.ts'
import {
  type ClassificationPolicy,
  DEFAULT_CLASSIFICATION,
} from '../../packages/server/src/vault/classify/policy.ts'
import { saltsOf } from '../../packages/server/src/vault/record-secrets.ts'
import { loan, newPlace, openRecording, type Place, submission } from './open-tenant.ts'

const MAIL = 'ada@example.com'
const private1 = { userId: MAIL, inputFeatures: { contact: MAIL, city: 'Oslo' } }
const policy = (
  fields: ClassificationPolicy['systems'][string]['fields'],
  version = 2,
): ClassificationPolicy => ({
  ...DEFAULT_CLASSIFICATION,
  version,
  systems: { default: { fields } },
})
const DROPPING = policy({ '/userId': 'drop', '/inputFeatures/contact': 'pseudonymise' })

async function sent(tenant: Tenant, ...records: Record<string, unknown>[]) {
  return tenant.recorder.record(records.map((record, i) => submission(record, i)))
}

async function recordAt(tenant: Tenant, index: number): Promise<JsonObject> {
  return (await tenant.reader.one(index)).record!
}

/** What stands of entries in the ledger and its reader: the system, and the record. */
async function standing(tenant: Tenant, indices: readonly number[]): Promise<[string, JsonObject][]> {
  const reads = await Promise.all(indices.map((index) => tenant.reader.one(index)))
  return reads.map(({ record, systemName }) => [systemName, record!])
}

async function loseState(place: Place): Promise<void> {
  for (const name of ['state.db', 'state.db-wal', 'state.db-shm'])
    await rm(join(place.data, 'state', name), { force: true })
}

describe('a record about a decision', () => {
  const CREDIT: ClassificationPolicy = {
    ...DEFAULT_CLASSIFICATION,
    version: 2,
    systems: {
      credit: { fields: { '/comment': 'drop', '/note': 'drop', '/metadata/said': 'drop' } },
      default: { fields: { '/outcome': 'drop' } },
    },
  }
  const said = { metadata: { said: MAIL } }

  test('that names no system belongs to that of the decision: its fields are treated by the rules there, found or reindexed', async () => {
    const place = await newPlace()
    const life = await openRecording(place)
    await life.tenant.classifyBy(CREDIT)
    const { receipts } = await sent(life.tenant, loan(1, { system: 'credit' }))
    const decision = receipts[0]!
    const numbered = { id: 'till', epoch: 1, seq: 1, blind: 'b'.repeat(64) }
    const records = [
      submission({ decisionId: 'loan-1', outcome: 'repaid', comment: MAIL, ...said }, 0, 'outcome'),
      submission({ decisionId: 'loan-1', verdict: 'agree', ...said }, 1, 'review'),
      submission(
        { decisionId: 'loan-1', statement: 'wrong', affectedUserId: 'person-1', ...said },
        2,
        'contest',
      ),
      submission({ action: 'paid', links: [{ rel: 'causedBy', id: decision.id }], ...said }, 3, 'action'),
      submission({ decisionId: 'loan-1', name: 'quality', value: 1, emitter: numbered, ...said }, 4, 'score'),
    ].map((record, i) => (i === 2 ? { ...record, about: decision.index } : record))
    const kept = await life.tenant.recorder.record(records)
    expect(kept.errors).toEqual([])
    const indices = kept.receipts.map(({ index }) => index)
    const before = await standing(life.tenant, indices)
    for (const [system, record] of before) {
      expect(system).toBe('credit')
      expect(JSON.stringify(record)).not.toContain(MAIL)
      expect(record).toMatchObject({
        classification: { policy: 2, dropped: expect.arrayContaining(['/metadata/said']) },
      })
    }
    expect(before[0]![1]).toMatchObject({ outcome: 'repaid' })
    const met = await life.tenant.fieldsMet('credit')
    expect(met.find(({ pointer }) => pointer === '/comment')).toBeDefined()
    expect(
      (await life.tenant.fieldsMet('default')).find(({ pointer }) => pointer === '/comment'),
    ).toBeUndefined()
    await life.close()
    await loseState(place)
    const { tenant, close } = await openRecording(place)
    expect(await standing(tenant, indices)).toEqual(before)
    const again = await tenant.recorder.record([{ ...records[4]!, position: 0 }])
    expect(again).toMatchObject({ recorded: 0, duplicates: 1 })
    await close()
  })

  test('that names its own system, or is about none, is treated by the rules of that', async () => {
    const { tenant, close } = await openRecording(await newPlace())
    await tenant.classifyBy(CREDIT)
    const { receipts } = await sent(tenant, loan(1, { system: 'credit' }), loan(2))
    const links = [{ rel: 'outcomeOf', id: receipts[0]!.id }]
    const kept = await tenant.recorder.record([
      submission({ system: 'till', links, outcome: 'repaid', ...said }, 0, 'outcome'),
      submission({ decisionId: 'loan-2', outcome: 'repaid', ...said }, 1, 'outcome'),
      submission({ action: 'paid', ...said }, 2, 'action'),
    ])
    const [own, other, none] = await standing(
      tenant,
      kept.receipts.map(({ index }) => index),
    )
    expect(own).toMatchObject(['till', { outcome: 'repaid', metadata: { said: MAIL } }])
    expect(other).toMatchObject([
      'default',
      { metadata: { said: MAIL }, classification: { dropped: ['/outcome'] } },
    ])
    expect(none).toMatchObject(['default', { action: 'paid', metadata: { said: MAIL } }])
    await close()
  })
})

describe('a record', () => {
  test('says what was done to it, is committed to as it was kept, and the same one sent again is a duplicate', async () => {
    const { tenant, close } = await openRecording(await newPlace())
    const first = await sent(tenant, loan(1, private1))
    const kept = await recordAt(tenant, first.receipts[0]!.index)
    expect(kept).toMatchObject({
      userId: MAIL,
      classification: { policy: 1, sealed: ['/inputFeatures/contact', '/userId'] },
    })
    await tenant.classifyBy(DROPPING)
    const again = await sent(tenant, loan(1, private1), loan(2, private1))
    expect(again).toMatchObject({ recorded: 1, duplicates: 1, errors: [] })
    const altered = await recordAt(tenant, again.receipts[1]!.index)
    expect(altered).not.toHaveProperty('userId')
    expect(JSON.stringify(altered)).not.toContain(MAIL)
    expect(altered['classification']).toMatchObject({
      policy: 2,
      dropped: ['/userId'],
      pseudonymised: ['/inputFeatures/contact'],
    })
    await close()
  })

  test('is known again after the policy changed and what was known of it was lost', async () => {
    const place = await newPlace()
    const life = await openRecording(place)
    await sent(life.tenant, loan(1, private1))
    await life.tenant.classifyBy(DROPPING)
    await sent(life.tenant, loan(2, private1))
    await life.close()
    await loseState(place)
    const { tenant, close } = await openRecording(place)
    const again = await sent(
      tenant,
      loan(1, private1),
      loan(2, private1),
      loan(2, { ...private1, userId: 'other' }),
    )
    expect(again).toMatchObject({
      recorded: 0,
      duplicates: 2,
      errors: [{ position: 2, code: 'id_conflict' }],
    })
    await close()
  })

  test('that brings its own classification is not believed', async () => {
    const { tenant, close } = await openRecording(await newPlace())
    const forged = { policy: 9, sealed: [], queryable: [''], content: '0'.repeat(32) }
    const { receipts } = await sent(tenant, loan(1, { ...private1, classification: forged }))
    const kept = await recordAt(tenant, receipts[0]!.index)
    expect(kept).toMatchObject({ classification: { policy: 1 }, metadata: { classification: forged } })
    expect(await sent(tenant, loan(1, { ...private1, classification: forged }))).toMatchObject({
      duplicates: 1,
    })
    await close()
  })

  test('that holds the very text of what is said of it a second time is still known again', async () => {
    const { tenant, close } = await openRecording(await newPlace())
    const twin = loan(1, {
      ...private1,
      metadata: { classification: { policy: 1, sealed: ['/inputFeatures/contact', '/userId'] } },
    })
    expect(await sent(tenant, twin, twin)).toMatchObject({ recorded: 1, duplicates: 1 })
    await close()
  })

  test('about a decision is classified as well', async () => {
    const { tenant, close } = await openRecording(await newPlace())
    const { receipts } = await sent(tenant, loan(1))
    const review = { decisionId: 'loan-1', verdict: 'agree', reviewerId: MAIL }
    const { receipts: reviewed } = await tenant.recorder.record([
      { ...submission(review, 0, 'review'), about: receipts[0]!.index },
    ])
    expect(await recordAt(tenant, reviewed[0]!.index)).toMatchObject({
      classification: { sealed: ['/reviewerId'] },
    })
    await close()
  })

  test('of the server itself is looked through, and never replaced or shortened', async () => {
    const { tenant, close } = await openRecording(await newPlace())
    await tenant.classifyBy(policy({ '*': 'drop' }))
    const index = await tenant.recorder.recordOwn('access', {
      action: 'read',
      purpose: `asked by ${MAIL}`,
      basis: 'observed',
    })
    expect(await recordAt(tenant, index)).toEqual({
      action: 'read',
      basis: 'observed',
      purpose: `asked by ${MAIL}`,
      classification: { policy: 0, sealed: ['/purpose'] },
    })
    await close()
  })
})

describe('a numbered record', () => {
  const blindOf = (seq: number): string => createHmac('sha256', 'blinds').update(`${seq}`).digest('hex')
  const numbered = (record: Record<string, unknown>, seq: number) => ({
    ...record,
    emitter: { id: 'checkout-1', epoch: 1, seq, blind: blindOf(seq) },
  })
  const records = [loan(1, private1), loan(2), loan(3, private1)]
  const head = records.reduce((before: Uint8Array, record, i) => {
    const link = emitterLink(fromHex(blindOf(i + 1)), canonicalJson(record as JsonObject))
    return nextHead(before, i + 1, link)
  }, EMPTY_HEAD)

  async function recorded(
    place: Place,
  ): Promise<{ tenant: Tenant; indices: number[]; close(): Promise<void> }> {
    const { tenant, close } = await openRecording(place)
    await tenant.classifyBy(DROPPING)
    const submissions = records.map((record, i) => submission(numbered(record, i + 1), i))
    const { receipts } = await tenant.recorder.recordFrom(
      { submissions },
      { head: { emitter: 'checkout-1', epoch: 1, seq: 3, head } },
    )
    return { tenant, indices: receipts.map(({ index }) => index), close }
  }

  test('keeps its place in the chain when a policy left something out, and verify says which is not as it was hashed', async () => {
    const place = await newPlace()
    const { tenant, close } = await recorded(place)
    const { chain } = tenant.emitters.epochs(tenant.emitters.named('checkout-1')!)[0]!.tally.summary()
    expect(chain).toMatchObject({ verifiedTo: 3 })
    await tenant.ledger.published(tenant.ledger.size, 5_000)
    await close()
    const { findings } = await checkDirectory(realDisk, place.data)
    const about = findings.filter(({ code }) => code.startsWith('emitter_'))
    expect(about.map(({ severity, code, message }) => [severity, code, message])).toEqual([
      ['info', 'emitter_content_altered_by_policy', expect.stringMatching(/^2 numbered records/)],
    ])
  })

  test('loses its blind with what was left out, so that nobody tries out what it was', async () => {
    const { tenant, indices, close } = await recorded(await newPlace())
    const [altered, whole] = await Promise.all(indices.map((index) => recordAt(tenant, index)))
    expect(altered!['emitter']).toMatchObject({ seq: 1, link: expect.stringMatching(/^[0-9a-f]{64}$/) })
    expect(altered!['emitter']).not.toHaveProperty('blind')
    expect(whole!['emitter']).toHaveProperty('blind')
    await close()
  })

  test('tells a stranger that a policy altered it, by its shape alone', async () => {
    const { tenant, indices, close } = await recorded(await newPlace())
    for (const [i, expected] of [
      [0, ['emitter_content_altered_by_policy', 'fields_withheld']],
      [1, ['fields_withheld']],
    ] as const) {
      const { entry, record } = await tenant.reader.one(indices[i]!)
      const prepared = preparePayload(record!, entry.id)
      const salts = saltsOf(new Uint8Array(32), prepared.leafTexts.length)
      const root = commitRoot(prepared.leafTexts, salts)
      const leaves = prepared.leafTexts.length
      const shown = discloseLeaves(prepared.leafTexts, salts, chosenLeaves(prepared.pointers, []))
      const { findings } = verifyDisclosure({ root, leaves, id: entry.id }, shown)
      expect(findings.map(({ code }) => code)).toEqual(expected)
    }
    await close()
  })
})
