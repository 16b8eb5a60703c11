import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { realRandom } from '../../packages/server/src/platform/random.ts'
import type { HoldScope } from '../../packages/server/src/rights/fact.ts'
import { type HeldEntry, warningsOf } from '../../packages/server/src/rights/holds.ts'
import {
  DAY,
  type Desk,
  loanOf,
  OFFICER,
  openDesk,
  recordAt,
  recorded,
  refusalOf,
  SECOND,
  START,
} from './desk.ts'
import { erasuresOver, requestAbout } from '../erasure/erasing.ts'

let desk: Desk
let loans: { id: string; index: number }[]
const handle = (subject: string): string => desk.tenant.reader.subjectHandle(subject)

beforeEach(async () => {
  desk = await openDesk()
  loans = await recorded(
    desk,
    loanOf('ada', 1, { system: 'credit' }),
    loanOf('ben', 2, { system: 'credit' }),
    loanOf('ada', 3, { system: 'hiring' }),
  )
})
afterEach(() => desk.close())

const place = (
  subjects: string[],
  scope: HoldScope = {},
): ReturnType<Desk['tenant']['rights']['holds']['place']> =>
  desk.tenant.rights.holds.place(
    { ground: 'gdpr_17_3_e', reason: 'a case', owner: 'legal', reviewAt: START + 90 * DAY, subjects, scope },
    OFFICER,
  )

async function entry(i: number): Promise<HeldEntry> {
  const { index } = loans[i]!
  const { entry: of, subjects } = await desk.tenant.reader.one(index)
  return { index, system: of.system, receivedAt: of.receivedAt, people: subjects }
}

const over = async (subject: string, ...of: number[]): Promise<string[]> =>
  desk.tenant.rights.holdsOver([handle(subject)], await Promise.all(of.map(entry)))

describe('a hold', () => {
  test('on a person stands in the way of all of theirs, under whichever id, and of nobody else', async () => {
    const { holdId } = await place(['ada'])
    expect(await over('ada', 0)).toEqual([holdId])
    expect(await over('ada')).toEqual([holdId])
    expect(await over('ben', 1)).toEqual([])
    await desk.tenant.rights.persons.merge('ada', 'ben', 'x', OFFICER)
    expect(await over('ben', 1)).toEqual([holdId])
  })

  test('on a system, a time or a decision stands in the way of what lies within all that it says', async () => {
    const credit = await place([], { systems: ['credit'] })
    expect([await over('ada', 0), await over('ada', 2)]).toEqual([[credit.holdId], []])
    const past = await place([], { to: START - DAY })
    const one = await place(['ada'], { decisions: [loans[2]!.id], indices: [loans[2]!.index] })
    expect(await over('ada', 0, 2)).toEqual([credit.holdId, one.holdId])
    expect(await over('ben', 1)).toEqual([credit.holdId])
    expect(past.state).toBe('placed')
  })

  test('is let go of by two people and not by one twice', async () => {
    const { holds } = desk.tenant.rights
    let resumed = 0
    desk.tenant.rights.attach({
      pendingOver: () => [],
      heldScopes: () => [],
      resume: () => {
        resumed += 1
      },
    })
    const { holdId } = await place(['ada'])
    expect((await holds.release(holdId, 'the case is over', OFFICER)).state).toBe('release_asked')
    expect(await over('ada', 0)).toEqual([holdId])
    expect(await refusalOf(() => holds.release(holdId, 'really', OFFICER))).toBe('second_person_required')
    expect(resumed).toBe(0)
    const released = await holds.release(holdId, 'confirmed', SECOND)
    expect([released.state, resumed]).toEqual(['released', 1])
    expect(await over('ada', 0)).toEqual([])
    expect(await refusalOf(() => holds.review(holdId, START + DAY, 'x', OFFICER))).toBe('hold_released')
    const last = await recordAt(desk, released.records.at(-1)!.index)
    expect(last.releasedBy).toEqual([{ id: OFFICER.id }, SECOND])
  })

  test('that makes an erasure wait restricts what is kept of the person meanwhile', async () => {
    const { rights } = desk.tenant
    const waiting = { erasureId: 'e-1', waitingFor: 'hold' as const, requestedAt: START }
    rights.attach({
      pendingOver: (scopes) => (scopes.includes(handle('ada')) ? [waiting] : []),
      heldScopes: () => [handle('ada')],
      resume: () => undefined,
    })
    const { holdId } = await place(['ada'])
    const [ada, ben] = [
      await desk.tenant.reader.one(loans[0]!.index),
      await desk.tenant.reader.one(loans[1]!.index),
    ]
    expect([rights.restrictionOf(ada), rights.restrictionOf(ben)]).toEqual([['erasure_waits'], []])
    expect(rights.restrictedHandles()).toEqual([handle('ada')])
    expect(rights.standingOf('ada', [])).toMatchObject({
      restrictedBy: ['erasure_waits'],
      holds: [{ holdId }],
      erasures: [waiting],
    })
  })

  test('has a review date that lies ahead, and says when it has passed', async () => {
    const { rights } = desk.tenant
    const { holdId } = await place(['ada'])
    desk.clock.advance(90 * DAY + 1)
    expect(rights.attention()).toMatchObject({ holds: 1, holdsPastReview: 1 })
    expect(await refusalOf(() => rights.holds.review(holdId, START, 'x', OFFICER))).toBe('bad_value')
    await rights.holds.review(holdId, desk.clock.now() + DAY, 'still pending', OFFICER)
    expect(rights.attention()).toMatchObject({ holds: 1, holdsPastReview: 0 })
  })

  test('says what it is on', async () => {
    expect(await refusalOf(() => place([]))).toBe('missing_field')
  })

  test('stands after a restart', async () => {
    const { holdId } = await place(['ada'])
    await desk.close()
    desk = await openDesk(desk.place, desk.clock)
    expect(await over('ada', 0)).toEqual([holdId])
  })
})

test('the six months of the AI Act are no ground before they apply', () => {
  expect(warningsOf('gdpr_17_3_b', Date.parse('2027-12-01T23:59:59Z'))).toHaveLength(1)
  expect(warningsOf('gdpr_17_3_b', Date.parse('2027-12-02T00:00:00Z'))).toEqual([])
  expect(warningsOf('gdpr_17_3_e', START)).toEqual([])
})

describe('what people and recipients are told of an erasure', () => {
  const noticesFrom = async (from: number): Promise<Record<string, unknown>[]> => {
    const found = []
    for (const {
      entry: { kind },
      record,
    } of await desk.tenant.reader.read(from, desk.tenant.ledger.size))
      if (kind === 'notice' && record) found.push(record)
    return found
  }

  test('is queued once: a month from the request while it waits', async () => {
    const from = desk.tenant.ledger.size
    const delayed = { erasureId: 'e-1', requestedAt: START, requestRef: 'r-1', holds: ['h-1'] }
    await desk.tenant.rights.delayed(delayed)
    await desk.tenant.rights.delayed(delayed)
    expect(await noticesFrom(from)).toMatchObject([
      {
        noticeType: 'erasure_delayed',
        requestRef: 'r-1',
        status: 'queued',
        dueAt: '2026-02-28T12:00:00.000Z',
      },
    ])
  })

  test('goes to whoever got a copy of what is gone, and names neither the person nor the records', async () => {
    await desk.tenant.recorder.recordOwn('access', {
      action: 'export',
      result: 'exported',
      recipient: 'the appeals board',
      objects: [loans[0]!.id],
    })
    await desk.tenant.recorder.recordOwn('access', {
      action: 'export',
      result: 'exported',
      recipient: 'somebody else',
      objects: [loans[1]!.id],
    })
    const from = desk.tenant.ledger.size
    const told = {
      erasureId: 'e-1',
      completedAt: START,
      requestRef: 'r-1',
      setRoot: 'a'.repeat(64),
      indices: [loans[0]!.index, loans[2]!.index],
    }
    await desk.tenant.rights.told([told])
    await desk.tenant.rights.told([told])
    const notices = await noticesFrom(from)
    expect(notices).toMatchObject([
      { noticeType: 'erasure_of_copies', recipient: 'the appeals board', erasureId: 'e-1' },
      { noticeType: 'erasure_completed', requestRef: 'r-1', status: 'queued' },
    ])
    for (const secret of ['"ada"', handle('ada'), ...loans.map(({ id }) => id)])
      expect(JSON.stringify(notices)).not.toContain(secret)
  })

  test('leaves nothing of the erased person in the register', async () => {
    const { rights } = desk.tenant
    const { requestId, records } = await rights.requests.receive(
      { requestType: 'erasure', subject: 'ada' },
      OFFICER,
    )
    rights.forget(records.map(({ index }) => index))
    expect(await refusalOf(async () => rights.requests.get(requestId))).toBe('not_found')
    expect(rights.requests.all()).toEqual([])
  })
})

describe('an erasure', () => {
  test.each(['ben', 'rita'])(
    'of %s waits for a hold on somebody else, or on a decision, that is over a record they are named in',
    async (name) => {
      const { tenant, clock } = desk
      const { rights } = tenant
      const [joint] = await recorded(
        desk,
        loanOf('ada', 9, { decisionId: 'joint', affectedSubjects: ['ben'], humanReviewerId: 'rita' }),
      )
      await recorded(desk, { kind: 'comment', decisionId: 'joint', comment: 'seen', actor: { id: 'rita' } })
      const erasures = erasuresOver(tenant, clock, realRandom, {
        holds: { any: () => rights.hasHolds, over: (scopes, entries) => rights.holdsOver(scopes, entries) },
      })
      rights.attach({ pendingOver: () => [], heldScopes: () => [], resume: () => erasures.resume() })
      await erasures.begin()
      const onAda = await place(['ada'])
      const onDecision = await place([], { decisions: [joint!.id], indices: [joint!.index] })
      const staff = Buffer.from(tenant.vault.staffScope('rita').subarray(0, 16)).toString('hex')
      const { erasure } = await erasures.request({
        ...requestAbout(tenant, name),
        ...(name === 'rita' && { scopes: [staff] }),
      })
      await erasures.settled()
      expect(erasures.status(erasure.id)).toMatchObject({ holds: [onAda.holdId, onDecision.holdId] })
      for (const { holdId } of [onAda, onDecision])
        for (const by of [OFFICER, SECOND]) await rights.holds.release(holdId, 'over', by)
      await erasures.settled()
      expect(erasures.status(erasure.id)!.erasure.outcome).toBeDefined()
      await erasures.close()
    },
  )

  test('waits for the last hold, takes every step of what was asked before it, and then runs by itself', async () => {
    const { tenant, clock } = desk
    const { rights } = tenant
    const erasures = erasuresOver(tenant, clock, realRandom, {
      holds: { any: () => rights.hasHolds, over: (scopes, entries) => rights.holdsOver(scopes, entries) },
      forget: (indices) => rights.forget(indices),
    })
    rights.attach({
      pendingOver: () => [],
      heldScopes: () => erasures.heldScopes(),
      resume: () => erasures.resume(),
    })
    await erasures.begin()
    const { requestId } = await rights.requests.receive({ requestType: 'erasure', subject: 'ada' }, OFFICER)
    const { holdId } = await place(['ada'])
    const { erasure } = await erasures.request(requestAbout(tenant, 'ada'))
    await erasures.settled()
    expect(erasures.status(erasure.id)).toMatchObject({ waitingFor: 'hold', holds: [holdId] })
    expect(rights.restrictionOf(await tenant.reader.one(loans[0]!.index))).toEqual(['erasure_waits'])
    const extended = await rights.requests.extend(requestId, 'a hold is in the way', OFFICER)
    await rights.holds.release(holdId, 'over', OFFICER)
    const { records } = await rights.holds.release(holdId, 'over', SECOND)
    await erasures.settled()
    expect(erasures.status(erasure.id)?.erasure.outcome).toMatchObject({ records: 2 + 2 + 3 })
    for (const { index } of [...extended.records, ...records, loans[0]!])
      expect([index, (await tenant.reader.one(index)).record]).toEqual([index, undefined])
    expect([rights.requests.all(), rights.holds.all(), rights.restrictedHandles()]).toEqual([[], [], []])
    await erasures.close()
  })
})
