import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { problemOf } from './answers.ts'
import { KeyHolders } from './key-holders.ts'
import { newPlace, type Place, runCommand, ServerProcess } from './server-process.ts'

let place: Place
let server: ServerProcess
let handle: string
const holders = new KeyHolders(() => server)
const ids = new Map<string, string>()

const PURPOSE = { 'Deponent-Purpose': 'access request of Ada' }
const ADA = 'ada@example.org'
const ADA_TOO = 'customer-12'

interface Export {
  subject: { handle: string; ids: string[] }
  records: number
  headings: { point: string; values: string[] | null }[]
  consultations: { role: string; purpose?: string; action: string }[]
  items: {
    id: string
    index: number
    kind: string
    leafHash: string
    record: Record<string, unknown> | null
  }[]
}

beforeAll(async () => {
  place = await newPlace()
  server = await ServerProcess.start(place)
  await holders.make('officer', ['privacy_officer'])
  await holders.make('second officer', ['privacy_officer'])
  await holders.make('auditor', ['auditor'])
  await holders.make('Nosy Clerk', ['reviewer'])
  const loan = (decisionId: string, affectedUserId: string, more: object = {}): object => ({
    decisionId,
    modelId: 'scorer',
    modelVersion: '3',
    system: 'credit',
    prediction: 'declined',
    purpose: 'creditworthiness',
    affectedUserId,
    userId: 'clerk-1',
    inputFeatures: { income: 41_000, region: 'north' },
    messages: [
      { role: 'user', content: '<script>alert("my rent")</script> is due' },
      { role: 'assistant', content: 'declined for reasons of the bank' },
    ],
    ...more,
  })
  const sent = [loan('loan-1', ADA), loan('loan-2', 'ben'), loan('loan-3', ADA_TOO), loan('loan-4', ADA)]
  const answer = await server.post('/v1/decisions?wait=checkpoint', sent)
  const { receipts } = (await answer.json()) as { receipts: { id: string; decisionId: string }[] }
  for (const { id, decisionId } of receipts) ids.set(decisionId, id)
  const review = { humanDecision: 'upheld', reviewerId: 'Grace Reviewer' }
  expect((await server.post('/v1/decisions/loan-1/reviews', review)).status).toBe(201)
  await server.indexed()
  handle = ((await (await server.post('/v1/subjects:lookup', { subject: ADA })).json()) as { handle: string })
    .handle
}, 180_000)
afterAll(() => server.stop())

describe('a person asks for access', () => {
  test('and gets everything recorded about them, once it was checked who they are', async () => {
    const received = await holders.post('officer', '/v1/requests', {
      requestType: 'access',
      subject: ADA,
      channel: 'letter',
      statement: 'what do you have on me?',
    })
    const { requestId } = received
    expect(received).toMatchObject({
      state: 'open',
      identity: 'unchecked',
      isOverdue: false,
      subject: handle,
    })
    const path = `/v1/subjects/${handle}/export?request=${requestId}`
    await problemOf(server.fetch(path, holders.as('officer')), 403, 'purpose_required')
    await problemOf(server.fetch(path, holders.as('officer', PURPOSE)), 409, 'identity_unchecked')
    await holders.post(
      'officer',
      `/v1/requests/${requestId}/identity`,
      { method: 'passport', result: 'confirmed' },
      200,
    )
    const told = await holders.get<Export>('officer', path, PURPOSE)
    expect(told.subject).toEqual({ handle, ids: [ADA] })
    expect(told.items.map(({ kind }) => kind)).toEqual([
      'decision',
      'decision',
      'review',
      'request',
      'request',
    ])
    expect(told.records).toBe(told.items.length)
    expect(told.items[0]).toMatchObject({
      id: ids.get('loan-1'),
      record: {
        affectedUserId: ADA,
        inputFeatures: { income: 41_000 },
        userId: { withheld: 'another person' },
      },
    })
    expect(told.headings).toContainEqual(
      expect.objectContaining({ point: '15(1)(a)', values: ['creditworthiness'] }),
    )
    expect(told.headings).toContainEqual(expect.objectContaining({ point: '15(2)', values: null }))
    const text = JSON.stringify(told)
    for (const other of ['Grace Reviewer', 'clerk-1', '"ben"', 'customer-12', 'officer"'])
      expect([other, text.includes(other)]).toEqual([other, false])
    await holders.post(
      'officer',
      `/v1/requests/${requestId}/answer`,
      { outcome: 'granted', words: 'sent by post' },
      200,
    )
    const { history, state } = await holders.get<{ history: unknown[]; state: string }>(
      'officer',
      `/v1/requests/${requestId}`,
    )
    expect([state, history.length]).toEqual(['answered', 3])
  })

  test('with who looked: when, in which role and what for, without a name', async () => {
    await server.fetch('/v1/decisions/loan-1', holders.as('Nosy Clerk', { 'Deponent-Purpose': 'appeal 12' }))
    await new Promise((resolve) => setTimeout(resolve, 700))
    await server.indexed()
    const told = await holders.get<Export>('officer', `/v1/subjects/${handle}/export`, PURPOSE)
    expect(told.consultations).toContainEqual(
      expect.objectContaining({ action: 'reveal', role: 'reviewer', purpose: 'appeal 12' }),
    )
    expect(JSON.stringify(told)).not.toContain('Nosy')
  })

  test('as a page that shows everything as text, runs nothing and loads nothing', async () => {
    const response = await server.fetch(
      `/v1/subjects/${handle}/export?format=html`,
      holders.as('officer', PURPOSE),
    )
    const page = await response.text()
    expect(response.headers.get('content-disposition')).toMatch(/^attachment/)
    expect(page).toContain('&lt;script&gt;alert(&quot;my rent&quot;)&lt;/script&gt; is due')
    expect(page).toContain('default-src &#39;none&#39;')
    expect(page.match(/<(script|link|img|iframe|object|form)\b/gi)).toBeNull()
    expect(page).toContain('</html>')
  })

  test('of what they provided: what they said and were asked, not what was made of it', async () => {
    const { items } = await holders.get<Export>(
      'officer',
      `/v1/subjects/${handle}/export?scope=provided`,
      PURPOSE,
    )
    expect(items[0]!.record).toEqual({
      inputFeatures: { income: 41_000, region: 'north' },
      messages: [{ role: 'user', content: '<script>alert("my rent")</script> is due' }],
      lawfulBasis: 'not recorded here',
    })
    expect(JSON.stringify(items)).not.toContain('declined')
  })

  test('with a key of their own, for their own data and nobody else’s', async () => {
    await holders.make('Ada', ['subject'], { subject: ADA })
    const { items, subject } = await holders.get<Export>('Ada', '/v1/subjects/me/export')
    expect(subject.handle).toBe(handle)
    expect(items[0]!.record).toMatchObject({ affectedUserId: ADA })
    await problemOf(server.fetch('/v1/subjects/ben/export', holders.as('Ada')), 404, 'not_found')
  })

  test('and every export is on record before it leaves', async () => {
    await server.indexed()
    const { items } = await holders.get<{ items: { result: string; objects: string[]; purpose?: string }[] }>(
      'auditor',
      '/v1/access?action=own_export&result=exported',
    )
    expect(items.length).toBeGreaterThanOrEqual(5)
    expect(items.every(({ objects }) => objects.includes(ids.get('loan-1')!))).toBe(true)
  })
})

describe('two ids of one person', () => {
  test('are found, counted and exported together until they are set apart again', async () => {
    const { mergeId } = await holders.post('officer', '/v1/subjects:merge', {
      from: ADA,
      into: ADA_TOO,
      reason: 'one passport',
    })
    const list = async (subject: string): Promise<string[]> => {
      const path = `/v1/subjects/${encodeURIComponent(subject)}/decisions`
      return (await holders.get<{ items: { decisionId: string }[] }>('officer', path)).items
        .map(({ decisionId }) => decisionId)
        .toSorted()
    }
    expect(await list(ADA)).toEqual(['loan-1', 'loan-3', 'loan-4'])
    expect(await list(ADA_TOO)).toEqual(['loan-1', 'loan-3', 'loan-4'])
    const standing = await holders.get<{ ids: number; merges: unknown[] }>(
      'officer',
      `/v1/subjects/${handle}`,
    )
    expect([standing.ids, standing.merges.length]).toEqual([2, 1])
    const { subject } = await holders.get<Export>('officer', `/v1/subjects/${handle}/export`, PURPOSE)
    expect(subject.ids.toSorted()).toEqual([ADA, ADA_TOO])
    await holders.post('officer', '/v1/subjects:split', { mergeId, reason: 'a mistake' })
    expect(await list(ADA_TOO)).toEqual(['loan-3'])
  })
})

describe('restricted processing', () => {
  test('shows content for a stated purpose only, and leaves the person out of lists and numbers', async () => {
    const path = `/v1/subjects/${handle}/restriction`
    const before = await holders.get<{ items: { count: number }[] }>('auditor', '/v1/aggregate?metrics=count')
    const reason = 'accuracy is contested'
    await holders.post('officer', path, { isRestricted: true, ground: 'gdpr_18_1_a', reason })
    const problem = await problemOf(
      server.fetch('/v1/decisions/loan-1', holders.as('auditor')),
      403,
      'purpose_required',
    )
    expect(problem.restrictedBy).toEqual(['restriction'])
    await problemOf(
      server.fetch('/v1/decisions/loan-1/bundle', holders.as('auditor')),
      403,
      'purpose_required',
    )
    expect(await holders.get('auditor', '/v1/decisions/loan-1', PURPOSE)).toMatchObject({
      restricted: true,
      restrictedBy: ['restriction'],
    })
    type List = { items: { decisionId: string }[]; leftOut?: unknown }
    const list = await holders.get<List>('auditor', '/v1/decisions')
    expect(list.items.map(({ decisionId }) => decisionId)).toEqual(['loan-3', 'loan-2'])
    expect(list.leftOut).toEqual({ restrictedPeople: 1 })
    expect((await holders.get<List>('auditor', '/v1/decisions', PURPOSE)).items).toHaveLength(4)
    expect(await holders.get('auditor', '/v1/aggregate?metrics=count')).toMatchObject({
      items: [{ count: 2 }],
    })
    expect(before.items).toEqual([{ count: 4 }])
    const sql = await server.fetch('/v1/sql', {
      method: 'POST',
      ...holders.as('auditor', { 'Content-Type': 'application/json' }),
      body: JSON.stringify({ sql: 'SELECT count() AS n FROM decisions' }),
    })
    expect(await sql.json()).toMatchObject({ leftOut: { restrictedPeople: 1 } })
    expect(await holders.get<List>('Ada', '/v1/decisions')).toMatchObject({ items: [{}, {}] })
    await holders.post('officer', path, {
      isRestricted: false,
      reason: 'settled',
      informedAt: '2026-01-01T00:00:00Z',
    })
    expect((await holders.get<List>('auditor', '/v1/decisions')).items).toHaveLength(4)
  })
})

describe('rectification', () => {
  test('shows both what was recorded and what is right', async () => {
    await holders.post('officer', `/v1/subjects/${handle}/rectifications`, {
      decision: 'loan-4',
      values: [{ pointer: '/inputFeatures/income', value: 52_000 }],
      reason: 'a typing error',
    })
    const one = await holders.get<{ record: { inputFeatures: object }; correctedBy: string[] }>(
      'auditor',
      '/v1/decisions/loan-4',
      PURPOSE,
    )
    expect(one).toMatchObject({
      restrictedBy: ['rectification'],
      record: { inputFeatures: { income: 41_000 } },
    })
    const { items } = await holders.get<Export>('officer', `/v1/subjects/${handle}/export`, PURPOSE)
    const correction = items.find(({ id }) => id === one.correctedBy[0])
    expect(correction).toMatchObject({
      kind: 'rectification',
      record: { values: [{ pointer: '/inputFeatures/income', value: 52_000 }] },
    })
    expect(items.find(({ id }) => id === ids.get('loan-4'))).toMatchObject({ correctedBy: one.correctedBy })
    await problemOf(
      server.fetch(`/v1/subjects/${handle}/rectifications`, {
        method: 'POST',
        ...holders.as('officer', { 'Content-Type': 'application/json' }),
        body: JSON.stringify({ decision: 'loan-2', statement: 'x', reason: 'x' }),
      }),
      404,
      'not_found',
    )
  })
})

describe('holds', () => {
  test('are placed with a warning where the ground is too early, and released by two', async () => {
    const placed = await holders.post('officer', '/v1/holds', {
      ground: 'gdpr_17_3_b',
      scope: { subjects: [ADA], decisions: ['loan-1'] },
      owner: 'legal',
      reviewAt: '2199-01-01T00:00:00Z',
      reason: 'kept under banking law',
    })
    const { holdId } = placed
    expect(placed).toMatchObject({
      state: 'placed',
      scope: { subjects: [handle], decisions: [ids.get('loan-1')] },
    })
    expect(Array.isArray(placed.warnings)).toBe(true)
    const standing = await holders.get<{ holds: { holdId: string }[] }>('officer', `/v1/subjects/${handle}`)
    expect(standing.holds.map((hold) => hold.holdId)).toEqual([holdId])
    await problemOf(
      server.fetch('/v1/holds', { method: 'POST', ...holders.as('auditor'), body: '{}' }),
      403,
      'forbidden',
    )
    const release = `/v1/holds/${holdId}/release`
    expect(await holders.post('officer', release, { reason: 'over' }, 200)).toMatchObject({
      state: 'release_asked',
    })
    await holders.post('officer', release, { reason: 'over' }, 409)
    expect(await holders.post('second officer', release, { reason: 'over' }, 200)).toMatchObject({
      state: 'released',
    })
    const { history } = await holders.get<{ history: { kind: string }[] }>('auditor', `/v1/holds/${holdId}`)
    expect(history.map(({ kind }) => kind)).toEqual(['hold.placed', 'hold.release_asked', 'hold.released'])
  })

  test('make an erasure wait, and let it run when the last of them is released', async () => {
    const { requestId } = await holders.post('officer', '/v1/requests', {
      requestType: 'erasure',
      subject: 'ben',
    })
    const { holdId } = await holders.post('officer', '/v1/holds', {
      ground: 'litigation',
      scope: { subjects: ['ben'] },
      owner: 'legal',
      reviewAt: '2199-01-01T00:00:00Z',
      reason: 'case 12/26',
    })
    const asked = await server.fetch('/v1/subjects/ben', {
      method: 'DELETE',
      ...holders.as('officer', { 'Content-Type': 'application/json' }),
      body: JSON.stringify({ ground: 'gdpr_17_1_a', requestRef: requestId }),
    })
    expect(asked.status).toBe(202)
    const { erasureId } = (await asked.json()) as { erasureId: string }
    const erasure = (): Promise<{ status: string; waitingFor: string | null; holds: string[] }> =>
      holders.get('officer', `/v1/erasures/${erasureId}`)
    await expect
      .poll(erasure, { timeout: 60_000, interval: 200 })
      .toMatchObject({ status: 'pending', waitingFor: 'hold', holds: [holdId] })
    const standing = await holders.get<{ erasures: object[]; restrictedBy: string[] }>(
      'officer',
      '/v1/subjects/ben',
    )
    expect(standing).toMatchObject({
      restrictedBy: ['erasure_waits'],
      erasures: [{ erasureId, waitingFor: 'hold' }],
    })
    await problemOf(server.fetch('/v1/decisions/loan-2', holders.as('auditor')), 403, 'purpose_required')
    for (const person of ['officer', 'second officer'])
      await holders.post(person, `/v1/holds/${holdId}/release`, { reason: 'over' }, 200)
    await expect.poll(erasure, { timeout: 60_000, interval: 200 }).toMatchObject({ status: 'completed' })
    await problemOf(server.fetch(`/v1/requests/${requestId}`, holders.as('officer')), 404, 'not_found')
    await problemOf(server.fetch('/v1/subjects/ben/export', holders.as('officer', PURPOSE)), 404, 'not_found')
  })

  test('and requests are recorded at their own address only, so that nobody releases one by a record', async () => {
    for (const kind of ['hold.released', 'request', 'subject.merged', 'rectification']) {
      const answer = await server.post('/v1/records', { kind, holdId: 'h-1', requestType: 'access' })
      const { errors } = (await answer.json()) as { errors: { code: string }[] }
      expect([kind, answer.status, errors[0]!.code]).toEqual([kind, 400, 'wrong_endpoint'])
    }
  })
})

describe('the command line', () => {
  const run = (...args: string[]): ReturnType<typeof runCommand> =>
    runCommand([...args, '--data', place.data])

  test('shows, exports and holds a person', async () => {
    const shown = await run('subject', 'show', ADA, '--json')
    expect(shown.code).toBe(0)
    expect(JSON.parse(shown.stdout)).toMatchObject({ handle, ids: 1 })
    const out = join(place.data, '..', 'ada.html')
    const purpose = 'Auskunft für Ada'
    const written = await run(
      'subject',
      'export',
      ADA,
      '--out',
      out,
      '--format',
      'html',
      '--purpose',
      purpose,
    )
    expect([written.code, written.stderr]).toEqual([0, expect.stringContaining('hand it over')])
    expect(await readFile(out, 'utf8')).toContain('Everything recorded about you')
    const held = await run(
      'hold',
      'place',
      '--ground',
      'litigation',
      '--reason',
      'case 12/26',
      '--owner',
      'legal',
      '--review-at',
      '2199-01-01T00:00:00Z',
      '--subject',
      ADA,
    )
    expect([held.code, held.stdout.trim()]).toEqual([0, expect.stringMatching(/^h-[0-9a-f]{16}$/)])
    expect((await run('hold', 'list')).stdout).toContain(held.stdout.trim())
    const doctor = await run('doctor', '--json')
    const { observations } = JSON.parse(doctor.stdout) as { observations: { what: string; detail: string }[] }
    expect(observations).toContainEqual({
      what: 'holds',
      state: 'ok',
      detail: '1 stand, 0 past their review',
    })
  })
})
