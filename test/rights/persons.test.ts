import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Desk, loanOf, OFFICER, openDesk, recordAt, recorded, refusalOf, START } from './desk.ts'

let desk: Desk
let loans: { id: string; index: number }[]
const handle = (subject: string): string => desk.tenant.reader.subjectHandle(subject)

async function indicesOf(subject: string): Promise<number[]> {
  const { rights } = desk.tenant
  const found = []
  for await (const index of rights.entries.indices(rights.scopesOf(subject))) found.push(index)
  return found
}

beforeEach(async () => {
  desk = await openDesk()
  loans = await recorded(
    desk,
    loanOf('ada', 1),
    loanOf('ben', 2),
    loanOf('ada lovelace', 3),
    loanOf('ada', 4),
  )
})
afterEach(() => desk.close())

describe('everything of a person', () => {
  test('is found by the keys it is sealed with: decisions, and whatever is said about them', async () => {
    const [review] = await recorded(desk, {
      kind: 'review',
      humanDecision: 'upheld',
      reviewerId: 'r-1',
      links: [{ rel: 'reviews', id: loans[0]!.id }],
    })
    expect(await indicesOf('ada')).toEqual([loans[0]!.index, loans[3]!.index, review!.index])
    expect(await indicesOf(handle('ada'))).toEqual(await indicesOf('ada'))
    expect(await indicesOf('nobody')).toEqual([])
  })
})

describe('two ids of one person', () => {
  test('are one in what is found, in either direction, until the merge is undone', async () => {
    const { persons } = desk.tenant.rights
    const merge = await persons.merge('ada', 'ada lovelace', 'one customer number', OFFICER)
    const both = [loans[0]!.index, loans[2]!.index, loans[3]!.index, merge.index]
    expect(await indicesOf('ada')).toEqual(both)
    expect(await indicesOf(handle('ada lovelace'))).toEqual(both)
    expect(desk.tenant.reader.handlesOf('ada lovelace')).toEqual([handle('ada lovelace'), handle('ada')])
    expect(await refusalOf(() => persons.merge('ada lovelace', 'ada', 'again', OFFICER))).toBe(
      'already_merged',
    )
    await persons.split(merge.id, 'two people after all', OFFICER)
    expect((await indicesOf('ada')).includes(loans[2]!.index)).toBe(false)
    expect(await refusalOf(() => persons.split(merge.id, 'again', OFFICER))).toBe('not_found')
  })

  test('joined through a third are one person of three', async () => {
    const { persons } = desk.tenant.rights
    await persons.merge('ada', 'ben', 'x', OFFICER)
    await persons.merge('ben', 'ada lovelace', 'x', OFFICER)
    expect(desk.tenant.rights.scopesOf('ada').toSorted()).toEqual(
      ['ada', 'ben', 'ada lovelace'].map(handle).toSorted(),
    )
    expect(desk.tenant.rights.scopesOf('ada')[0]).toBe(handle('ada'))
  })

  test('are merged only when both are known', async () => {
    const { persons } = desk.tenant.rights
    expect(await refusalOf(() => persons.merge('ada', 'nobody', 'x', OFFICER))).toBe('not_found')
  })

  test('stay one after a restart', async () => {
    await desk.tenant.rights.persons.merge('ada', 'ada lovelace', 'x', OFFICER)
    await desk.close()
    desk = await openDesk(desk.place, desk.clock)
    expect(desk.tenant.rights.scopesOf('ada')).toHaveLength(2)
  })
})

describe('restriction', () => {
  const of = async (index: number): Promise<string[]> =>
    desk.tenant.rights.restrictionOf(await desk.tenant.reader.one(index))

  test('of a person covers all of their decisions and nobody else, and is lifted after the person was told', async () => {
    const { persons } = desk.tenant.rights
    const asked = { subject: 'ada', ground: 'gdpr_18_1_a', reason: 'accuracy is contested', decisions: [] }
    await persons.restrict(asked, OFFICER)
    expect(await Promise.all(loans.map(({ index }) => of(index)))).toEqual([
      ['restriction'],
      [],
      [],
      ['restriction'],
    ])
    expect(desk.tenant.rights.restrictedHandles()).toEqual([handle('ada')])
    expect(await refusalOf(async () => persons.unrestrict(asked, OFFICER))).toBe('missing_field')
    await persons.unrestrict({ ...asked, informedAt: START }, OFFICER)
    expect(await of(loans[0]!.index)).toEqual([])
  })

  test('of a set of records covers these alone', async () => {
    const asked = { subject: 'ada', reason: 'x', decisions: [loans[3]!.id] }
    await desk.tenant.rights.persons.restrict(asked, OFFICER)
    expect([await of(loans[0]!.index), await of(loans[3]!.index)]).toEqual([[], ['restriction']])
  })

  test('of anybody a record is about covers it, whoever stands first in it', async () => {
    const { rights } = desk.tenant
    const [joint] = await recorded(desk, loanOf('ada', 5, { affectedSubjects: ['ben', { id: 'cleo' }] }))
    await rights.persons.restrict({ subject: 'cleo', reason: 'x', decisions: [] }, OFFICER)
    expect([await of(joint!.index), await of(loans[0]!.index)]).toEqual([['restriction'], []])
  })

  test('covers what is said about a decision, and what is said about that', async () => {
    const { persons } = desk.tenant.rights
    const [outcome] = await recorded(desk, {
      kind: 'outcome',
      outcome: 'defaulted',
      links: [{ rel: 'outcomeOf', id: loans[0]!.id }],
    })
    const [comment] = await recorded(desk, {
      kind: 'comment',
      text: 'she is ill',
      links: [{ rel: 'partOf', id: outcome!.id }],
    })
    const over = async (index: number): Promise<string[]> =>
      desk.tenant.rights.restrictionOver(await desk.tenant.reader.one(index))
    expect([await over(outcome!.index), await over(comment!.index)]).toEqual([[], []])
    await persons.restrict({ subject: 'ada', reason: 'x', decisions: [loans[0]!.id] }, OFFICER)
    expect([await over(outcome!.index), await over(comment!.index)]).toEqual([
      ['restriction'],
      ['restriction'],
    ])
    await persons.restrict({ subject: 'ben', reason: 'x', decisions: [] }, OFFICER)
    expect(await over(loans[2]!.index)).toEqual([])
  })

  test('is neither set nor lifted for a decision about somebody else', async () => {
    const { persons } = desk.tenant.rights
    const bens = { subject: 'ada', reason: 'x', decisions: [loans[0]!.id, loans[1]!.id] }
    expect(await refusalOf(() => persons.restrict(bens, OFFICER))).toBe('not_found')
    expect(await of(loans[0]!.index)).toEqual([])
    await persons.restrict({ subject: 'ben', reason: 'x', decisions: [loans[1]!.id] }, OFFICER)
    expect(await refusalOf(() => persons.unrestrict({ ...bens, informedAt: START }, OFFICER))).toBe(
      'not_found',
    )
    expect(await of(loans[1]!.index)).toEqual(['restriction'])
  })

  test('of one id covers an id that is the same person', async () => {
    const { persons } = desk.tenant.rights
    await persons.restrict({ subject: 'ada', reason: 'x', decisions: [] }, OFFICER)
    await persons.merge('ada', 'ada lovelace', 'x', OFFICER)
    expect(await of(loans[2]!.index)).toEqual(['restriction'])
  })

  test('follows an objection until it is refused on compelling grounds', async () => {
    const { requests } = desk.tenant.rights
    const { requestId } = await requests.receive({ requestType: 'objection', subject: 'ben' }, OFFICER)
    expect(await of(loans[1]!.index)).toEqual(['objection'])
    await requests.refuse(requestId, { ground: 'gdpr_21_1', reason: 'x', assessment: 'y' }, OFFICER)
    expect(await of(loans[1]!.index)).toEqual([])
  })
})

describe('rectification', () => {
  test('says what is right beside what stays, which is restricted from then on', async () => {
    const { rights } = desk.tenant
    const [loan] = loans
    const values = [{ pointer: '/inputFeatures/age', value: 45 }]
    const kept = await rights.persons.rectify(
      { subject: 'ada', entry: loan!, values, reason: 'a typing error' },
      OFFICER,
    )
    expect(await recordAt(desk, kept.index)).toMatchObject({
      values,
      links: [{ rel: 'corrects', id: loan!.id }],
    })
    expect((await recordAt(desk, loan!.index)).inputFeatures).toEqual({ age: 21, race: 'Other' })
    expect(rights.correctionsOf(loan!.id)).toEqual([kept.id])
    expect(rights.restrictionOf(await desk.tenant.reader.one(loan!.index))).toEqual(['rectification'])
  })

  test('of a decision about somebody else is refused as unknown', async () => {
    const { persons } = desk.tenant.rights
    const asked = { subject: 'ada', entry: loans[1]!, statement: 'x', reason: 'x' }
    expect(await refusalOf(() => persons.rectify(asked, OFFICER))).toBe('not_found')
  })
})
