import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { envelopeOf } from './answers.ts'
import { KeyHolders } from './key-holders.ts'
import { newPlace, ServerProcess } from './server-process.ts'

let server: ServerProcess
const holders = new KeyHolders(() => server)

const PURPOSE = { 'Deponent-Purpose': 'access request of ada' }
const FAR = '2199-01-01T00:00:00Z'

interface Export {
  subject: { ids: string[] }
  items: { kind: string; record: Record<string, unknown> | null }[]
}

const exportOf = (person: string, query = ''): Promise<Export> =>
  holders.get('officer', `/v1/subjects/${person}/export${query}`, PURPOSE)

async function handleOf(subject: string): Promise<string> {
  const found = await server.post('/v1/subjects:lookup', { subject })
  return ((await found.json()) as { handle: string }).handle
}

const decision = (decisionId: string, more: object): object => ({
  decisionId,
  modelId: 'scorer',
  system: 'credit',
  prediction: 'declined',
  ...more,
})

beforeAll(async () => {
  server = await ServerProcess.start(await newPlace())
  await holders.make('officer', ['privacy_officer'])
  await holders.make('ada', ['subject'], { subject: 'ada' })
  const staff = { humanReviewerId: 'GRACE', approver: 'GRACE', humanReview: { reviewer: 'GRACE' } }
  const sent = [
    decision('joint', { affectedSubjects: [{ id: 'ada' }, { id: 'ben' }] }),
    decision('adas', { affectedUserId: 'ada', ...staff }),
    decision('bens', { affectedUserId: 'ben' }),
  ]
  await envelopeOf(server.post('/v1/decisions', sent), 201)
  const contest = { affectedUserId: 'ben', grounds: 'BENS GROUNDS', statement: 'BENS STATEMENT' }
  await envelopeOf(server.post('/v1/decisions/joint/contests', contest), 201)
  await server.indexed()
}, 180_000)
afterAll(() => server.stop())

describe('whom a decision is about', () => {
  test('reads it with a key of their own without the names of staff', async () => {
    for (const headers of [{}, PURPOSE]) {
      const seen = await holders.get<{ record: Record<string, unknown> }>(
        'ada',
        '/v1/decisions/adas',
        headers,
      )
      expect(JSON.stringify(seen)).not.toContain('GRACE')
      expect(seen.record.humanReviewerId).toEqual({ withheld: 'staff' })
    }
    const own = await holders.get<Export>('ada', '/v1/subjects/me/export', PURPOSE)
    expect(JSON.stringify(own)).not.toContain('GRACE')
  })

  test('is given nothing of what another of them said of it', async () => {
    const rectification = { decision: 'joint', statement: 'BENS STATEMENT', reason: 'BENS REASON' }
    await holders.post('officer', '/v1/subjects/ben/rectifications', rectification)
    const kinds: [query: string, kinds: string[]][] = [
      ['', ['key.created', 'decision', 'decision']],
      ['?scope=provided', []],
    ]
    for (const [query, expected] of kinds) {
      const own = await holders.get<Export>('ada', `/v1/subjects/me/export${query}`, PURPOSE)
      expect(JSON.stringify(own)).not.toContain('BENS')
      expect(own.items.map(({ kind }) => kind)).toEqual(expected)
      expect(JSON.stringify(await exportOf('ben', query))).toContain('BENS STATEMENT')
    }
    expect(JSON.stringify(await holders.get('ada', '/v1/decisions/joint/timeline', PURPOSE))).not.toContain(
      'BENS',
    )
  })

  test('is told by a hold that it stands, and not whom and what else it is about', async () => {
    const { holdId } = await holders.post('officer', '/v1/holds', {
      ground: 'litigation',
      scope: { subjects: ['ada', 'ben'], decisions: ['adas', 'bens'] },
      owner: 'legal',
      reviewAt: FAR,
      reason: 'BENS CASE',
    })
    await holders.post('officer', `/v1/holds/${holdId}/release`, { reason: 'BENS CASE' }, 200)
    const { items } = await exportOf('ada')
    const held = items.filter(({ kind }) => kind.startsWith('hold.'))
    expect(held.map(({ record }) => record)).toMatchObject([
      { holdId, ground: 'litigation', affectedSubjects: ['ada'], scope: {} },
      { holdId },
    ])
    const text = JSON.stringify(held)
    for (const other of ['BENS', 'ben', 'indices', 'decisions', 'legal', 'withheld'])
      expect([other, text.includes(other)]).toEqual([other, false])
  })
})

describe('32 hex digits in an address', () => {
  test('are the handle of a person as long as anything is recorded of them, for exports, keys and erasure alike', async () => {
    const handle = await handleOf('cleo')
    await envelopeOf(server.post('/v1/decisions', [decision('hexs', { affectedUserId: handle })]), 201)
    expect((await exportOf(handle)).subject.ids).toEqual([handle])
    await envelopeOf(server.post('/v1/decisions', [decision('cleos', { affectedUserId: 'cleo' })]), 201)
    await holders.make('cleo', ['subject'], { subject: handle })
    expect((await exportOf(handle)).subject.ids).toEqual(['cleo'])
    const own = await holders.get<Export>('cleo', '/v1/subjects/me/export', PURPOSE)
    expect(own.subject.ids).toEqual(['cleo'])
    const asked = holders.posting('officer', { ground: 'gdpr_17_1_a' })
    const answer = await server.fetch(`/v1/subjects/${handle}`, { ...asked, method: 'DELETE' })
    const { erasureId } = (await answer.json()) as { erasureId: string }
    const erasure = (): Promise<object> => holders.get('officer', `/v1/erasures/${erasureId}`)
    await expect.poll(erasure, { timeout: 30_000 }).toMatchObject({ status: 'completed', holds: [] })
    expect((await exportOf(await handleOf(handle))).items).toMatchObject([{ record: { decisionId: 'hexs' } }])
  })
})
