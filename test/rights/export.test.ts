import type { CanonicalRecord, JsonValue } from '@deponent/format'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { exportPage } from '../../packages/server/src/rights/export-page.ts'
import { forPerson, providedBy } from '../../packages/server/src/rights/for-person.ts'
import {
  type ExportedRecord,
  type ExportHead,
  exportJson,
} from '../../packages/server/src/rights/person-export.ts'

const HEAD: ExportHead = {
  format: 'deponent subject export 1',
  subject: { handle: 'a'.repeat(32), ids: ['ada'] },
  exportedAt: '2026-01-31T12:00:00.000Z',
  exportedBy: 'deponent 0',
  ledger: 'default',
  origin: 'deponent.invalid/7f3a91c2/default',
  asOf: { size: 1 },
  scope: 'all',
  records: 1,
  headings: [],
  rights: {},
  consultations: [],
}

const exported = (record: CanonicalRecord | null): ExportedRecord => ({
  id: '01970000-0000-7000-8000-000000000000',
  index: 0,
  leafHash: '0'.repeat(64),
  kind: 'decision',
  system: 'default',
  at: '2026-01-31T12:00:00.000Z',
  receivedAt: '2026-01-31T12:00:00.000Z',
  record,
})

async function* each<T>(...items: T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item)
}

async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = ''
  for await (const piece of pieces) text += piece
  return text
}

const isOwn = (id: string): boolean => id === 'ada'
/** Text as a browser that met it in markup would try it. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('</td><script>', '" onload="', "' x='", '<!--', ']]>', '&lt;', '</style><style>'),
)

describe('an export', () => {
  test('as JSON is one document however many records it has, and says what cannot be opened', async () => {
    for (const records of [[], [exported({ a: 1 })], [exported({ a: 1 }), exported(null)]]) {
      const text = await textOf(exportJson(HEAD, each(...records)))
      expect(JSON.parse(text)).toEqual({ ...HEAD, items: records })
    }
  })

  test('as a page holds no tag but its own, whatever was recorded', async () => {
    const tags = (page: string): string[] => page.match(/<[^>]*>?/g) ?? []
    const plain = tags(await textOf(exportPage(HEAD, each(exported({ a: 'x', b: ['y'] })))))
    await fc.assert(
      fc.asyncProperty(hostile, hostile, hostile, async (name, value, purpose) => {
        const record = { a: value, b: [name] }
        const page = await textOf(exportPage({ ...HEAD, purpose }, each(exported(record))))
        expect(tags(page)).toEqual(plain)
      }),
    )
  })

  test('as a page shows the names of members as text too', async () => {
    const page = await textOf(exportPage(HEAD, each(exported({ inputFeatures: { '<b>': 1 } }))))
    expect(page).toContain('inputFeatures › &lt;b&gt;')
  })

  test('says of what nothing recorded here answers that it is not recorded here', async () => {
    const headings = [{ point: '15(2)', title: 'Safeguards', values: null }]
    expect(await textOf(exportPage({ ...HEAD, headings }, each()))).toContain('not recorded here')
  })
})

describe('a record for the person it is about', () => {
  test('names neither staff nor other people, and carries no secret of the recorder', () => {
    const record = {
      affectedUserId: 'ada',
      affectedSubjects: ['ada', { id: 'ben', part: 'guarantor' }],
      userId: 'clerk-1',
      reviewerId: 'Grace',
      actor: { id: 'i-1', name: 'Grace' },
      identityCheck: { method: 'passport', by: 'i-1' },
      emitter: { id: 'e', blind: 'secret' },
      prediction: 'declined',
    }
    expect(forPerson('decision', record, isOwn)).toEqual({
      affectedUserId: 'ada',
      affectedSubjects: ['ada', { withheld: 'another person' }],
      userId: { withheld: 'another person' },
      reviewerId: { withheld: 'staff' },
      actor: { withheld: 'staff' },
      identityCheck: { method: 'passport', by: { withheld: 'staff' } },
      prediction: 'declined',
    })
  })

  test('names no staff by whichever field, in the spelling of whoever sent it', () => {
    const metadata = {
      approver: 'Grace',
      author: { id: 'Grace' },
      human_review: { reviewer: 'Grace', minutes: 4 },
      owner: 'Grace',
      ['/reviewer']: 'Grace',
      scorer: 'Grace',
      colour: 'blue',
    }
    const record = { humanReviewerId: 'Grace', secondVerifierId: 'Grace', mentions: ['Grace'], metadata }
    const given = forPerson('comment', record, isOwn)
    expect(JSON.stringify(given)).not.toContain('Grace')
    expect(given.metadata).toMatchObject({
      colour: 'blue',
      human_review: { reviewer: { withheld: 'staff' }, minutes: 4 },
    })
  })

  test('withholds an element of which nobody can tell whom it names', () => {
    const affectedSubjects: JsonValue[] = [
      { subjectId: 'ben' },
      { userId: 'ben' },
      { id: 'ada', part: 'guarantor' },
    ]
    expect(forPerson('decision', { affectedSubjects }, isOwn).affectedSubjects).toEqual([
      { withheld: 'another person' },
      { withheld: 'another person' },
      { id: 'ada', part: 'guarantor' },
    ])
  })

  test('tells of a hold that it stands, and neither why nor whom and what else it is about', () => {
    const record = {
      holdId: 'h-1',
      ground: 'litigation',
      owner: 'legal',
      reason: 'ben sues',
      reviewAt: '2027-01-01T00:00:00Z',
      affectedSubjects: ['ada', 'ben'],
      scope: { decisions: ['d-of-ben'], indices: [7], systems: ['credit'] },
      releasedBy: [{ id: 'i-1' }],
      metadata: { note: 'ben' },
    }
    expect(forPerson('hold.placed', record, isOwn)).toEqual({
      holdId: 'h-1',
      ground: 'litigation',
      reviewAt: '2027-01-01T00:00:00Z',
      affectedSubjects: ['ada'],
      scope: { systems: ['credit'] },
    })
    expect(forPerson('hold.release_asked', record, isOwn)).not.toHaveProperty('reason')
  })

  test('withholds what another of those a decision is about said of it, and counts none of it as provided', () => {
    const words = {
      grounds: 'BEN',
      statement: 'BEN',
      reason: 'BEN',
      values: [{ pointer: '/x', value: 'BEN' }],
    }
    const others: CanonicalRecord[] = [{ affectedUserId: 'ben' }, { affectedSubjects: [{ userId: 'ben' }] }]
    for (const kind of ['contest', 'rectification', 'request'] as const)
      for (const named of others) {
        const given = forPerson(kind, { decisionId: 'joint', ...named, ...words }, isOwn)
        expect(given).toMatchObject({ decisionId: 'joint', statement: { withheld: 'another person' } })
        expect(JSON.stringify(given)).not.toMatch(/ben/i)
        expect(providedBy(given)).toBeUndefined()
      }
    const own = forPerson('contest', { affectedUserId: 'ada', ...words }, isOwn)
    expect(providedBy(own)).toMatchObject({ statement: 'BEN' })
  })

  test('is theirs to carry away as far as they provided it', () => {
    const messages = [
      { role: 'user', content: 'mine' },
      { role: 'assistant', content: 'not mine' },
    ]
    const record = {
      inputFeatures: { income: 1 },
      messages,
      prediction: 'x',
      explanation: { reasoning: 'y' },
    }
    expect(providedBy({ ...record, lawfulBasis: 'contract' })).toEqual({
      inputFeatures: { income: 1 },
      messages: [messages[0]],
      lawfulBasis: 'contract',
    })
    expect(providedBy({ prediction: 'x' })).toBeUndefined()
  })
})
