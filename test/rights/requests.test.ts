import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DAY, type Desk, loanOf, OFFICER, openDesk, recordAt, recorded, refusalOf, START } from './desk.ts'

let desk: Desk
const iso = (ms: number): string => new Date(ms).toISOString()

beforeAll(async () => {
  desk = await openDesk()
  await recorded(desk, loanOf('ada', 1), loanOf('ben', 2))
})
afterAll(() => desk.close())

const received = (
  requestType: string,
  more: object = {},
): ReturnType<Desk['tenant']['rights']['requests']['receive']> =>
  desk.tenant.rights.requests.receive({ requestType, subject: 'ada', ...more }, OFFICER)

describe('a request', () => {
  test('that comes on 31 January is due on 28 February, and extended on 30 April', async () => {
    const { requests } = desk.tenant.rights
    const request = await received('access')
    expect([iso(request.receivedAt), iso(request.dueAt), request.state]).toEqual([
      iso(START),
      '2026-02-28T12:00:00.000Z',
      'open',
    ])
    const extended = await requests.extend(request.requestId, 'many records', OFFICER)
    expect([iso(extended.dueAt), extended.state]).toEqual(['2026-04-30T12:00:00.000Z', 'extended'])
    expect(await refusalOf(() => requests.extend(request.requestId, 'again', OFFICER))).toBe(
      'already_extended',
    )
  })

  test('is a record from its coming to its answer, each of which supersedes the one before', async () => {
    const { requests } = desk.tenant.rights
    const { requestId } = await received('rectification', {
      channel: 'letter',
      statement: 'my income is wrong',
    })
    await requests.checkIdentity(requestId, { method: 'passport', result: 'confirmed' }, OFFICER)
    const { records, state } = await requests.answer(requestId, { outcome: 'granted' }, OFFICER)
    expect(state).toBe('answered')
    const told = await Promise.all(records.map(({ index }) => recordAt(desk, index)))
    expect(told.map(({ status }) => status)).toEqual(['open', 'open', 'answered'])
    expect(told[0]).toMatchObject({
      statement: 'my income is wrong',
      affectedUserId: 'ada',
      basis: 'observed',
    })
    expect(told[1]).toMatchObject({
      identityCheck: { method: 'passport', result: 'confirmed', by: OFFICER.id },
      links: [{ rel: 'supersedes', id: records[0]!.id }],
    })
    expect(told[2]!.links).toEqual([{ rel: 'supersedes', id: records[1]!.id }])
  })

  test('for content is not answered before the identity of whoever asks was confirmed', async () => {
    const { requests } = desk.tenant.rights
    const { requestId } = await received('portability')
    const answer = (): Promise<unknown> => requests.answer(requestId, { outcome: 'granted' }, OFFICER)
    expect(await refusalOf(answer)).toBe('identity_unchecked')
    await requests.checkIdentity(requestId, { method: 'call back', result: 'failed' }, OFFICER)
    expect(await refusalOf(answer)).toBe('identity_unchecked')
    await requests.checkIdentity(requestId, { method: 'passport', result: 'confirmed' }, OFFICER)
    expect(await refusalOf(answer)).toBeUndefined()
    expect(await refusalOf(answer)).toBe('request_closed')
  })

  test('is answered once however many answer at the same time', async () => {
    const { requests } = desk.tenant.rights
    const { requestId } = await received('restriction')
    const answers = await Promise.all(
      [1, 2, 3].map(() => refusalOf(() => requests.answer(requestId, { outcome: 'granted' }, OFFICER))),
    )
    expect(answers.toSorted()).toEqual(['request_closed', 'request_closed', undefined])
  })

  test('is refused with the exception to the letter, and the person told how to complain', async () => {
    const { requests } = desk.tenant.rights
    const { requestId } = await received('erasure')
    const { records, state } = await requests.refuse(
      requestId,
      { ground: 'gdpr_17_3_e', reason: 'a case is pending' },
      OFFICER,
    )
    expect(state).toBe('refused')
    expect(await recordAt(desk, records.at(-1)!.index)).toMatchObject({
      exceptionPinpoint: 'gdpr_17_3_e',
      complaintInfoGiven: true,
    })
  })

  test('that objects to marketing is never refused, and any other objection only on assessed grounds', async () => {
    const { requests } = desk.tenant.rights
    const refusing = { ground: 'gdpr_21_1', reason: 'fraud prevention' }
    const marketing = await received('objection', { subject: 'ben', isMarketing: true })
    expect(await refusalOf(() => requests.refuse(marketing.requestId, refusing, OFFICER))).toBe(
      'absolute_right',
    )
    const other = await received('objection', { subject: 'ben' })
    expect(await refusalOf(() => requests.refuse(other.requestId, refusing, OFFICER))).toBe('missing_field')
    const assessed = { ...refusing, assessment: 'what was weighed' }
    expect((await requests.refuse(other.requestId, assessed, OFFICER)).state).toBe('refused')
  })

  test('of somebody nothing is known of is received, unless only a handle names them', async () => {
    expect((await received('access', { subject: 'nobody yet' })).state).toBe('open')
    const handle = '0123456789abcdef0123456789abcdef'
    const unknown = await received('access', { subject: handle })
    expect(unknown.subject).toBe(desk.tenant.reader.subjectHandle(handle))
  })

  test('does not come from the future', async () => {
    expect(await refusalOf(() => received('access', { receivedAt: START + DAY }))).toBe('bad_value')
  })
})

describe('the register of requests', () => {
  test('says which are overdue, and when it is too late to extend', async () => {
    const other = await openDesk()
    try {
      const { requests } = other.tenant.rights
      const { requestId, dueAt } = await requests.receive({ requestType: 'access', subject: 'ada' }, OFFICER)
      other.clock.advance(dueAt - START)
      expect(other.tenant.rights.attention()).toMatchObject({ requestsOpen: 1, requestsOverdue: 0 })
      other.clock.advance(1)
      expect(other.tenant.rights.attention()).toMatchObject({ requestsOpen: 1, requestsOverdue: 1 })
      expect(await refusalOf(() => requests.extend(requestId, 'late', OFFICER))).toBe('request_late')
    } finally {
      await other.close()
    }
  })

  test('is the same after a restart, with and without its state store', async () => {
    const { rm } = await import('node:fs/promises')
    const first = await openDesk()
    const { requests } = first.tenant.rights
    await recorded(first, loanOf('ada', 1))
    const { requestId } = await requests.receive({ requestType: 'access', subject: 'ada' }, OFFICER)
    await requests.extend(requestId, 'many records', OFFICER)
    const before = requests.get(requestId)
    await first.close()
    const again = await openDesk(first.place, first.clock)
    expect(again.tenant.rights.requests.get(requestId)).toEqual(before)
    await again.close()
    await rm(`${first.place.data}/state/state.db`)
    const rebuilt = await openDesk(first.place, first.clock)
    expect(rebuilt.tenant.rights.requests.get(requestId)).toEqual(before)
    await rebuilt.close()
  })

  test('keeps no word and no id of a person in the state store', async () => {
    const { readFile, readdir } = await import('node:fs/promises')
    const one = await openDesk()
    await one.tenant.rights.requests.receive(
      {
        requestType: 'access',
        subject: 'a person called Ada Example',
        statement: 'everything you have on me',
      },
      OFFICER,
    )
    const handle = one.tenant.reader.subjectHandle('a person called Ada Example')
    await one.close()
    for (const name of await readdir(`${one.place.data}/state`)) {
      const bytes = await readFile(`${one.place.data}/state/${name}`)
      for (const secret of ['Ada Example', 'everything you have', handle])
        expect([name, bytes.includes(secret)]).toEqual([name, false])
    }
  })
})
