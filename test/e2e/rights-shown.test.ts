import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { envelopeOf, problemOf } from './answers.ts'
import { KeyHolders } from './key-holders.ts'
import { newPlace, runCommand, ServerProcess } from './server-process.ts'

let server: ServerProcess
let data: string
const holders = new KeyHolders(() => server)
const ids = new Map<string, string>()
const indices = new Map<string, number>()
const handles = new Map<string, string>()

const PURPOSE = { 'Deponent-Purpose': 'complaint 12' }
const SEALED = { sealed: true }
const WORDS = 'has multiple sclerosis; her lawyer claims 40,000'
const FAR = '2199-01-01T00:00:00Z'

interface Step {
  id: string
  kind: string
  record: Record<string, unknown>
}

interface Export {
  records: number
  headings?: unknown[]
  rights?: { holds: { holdId: string; scope: { subjects?: string[]; decisions?: string[] } }[] }
  consultations?: { role: string; purpose?: string }[]
  items: { id: string; record: Record<string, unknown> | null }[]
}

const exportOf = (person: string, query = ''): Promise<Export> =>
  holders.get('officer', `/v1/subjects/${handles.get(person)}/export${query}`, PURPOSE)

const restriction = (person: string): string => `/v1/subjects/${handles.get(person)}/restriction`

async function restrict(person: string, decisions: readonly string[] = []): Promise<void> {
  const reason = 'accuracy is contested'
  await holders.post('officer', restriction(person), {
    isRestricted: true,
    reason,
    ...(decisions.length > 0 && { decisions }),
  })
}

async function unrestrict(person: string): Promise<void> {
  const informedAt = '2026-01-01T00:00:00Z'
  await holders.post('officer', restriction(person), { isRestricted: false, reason: 'settled', informedAt })
}

beforeAll(async () => {
  const place = await newPlace()
  data = place.data
  server = await ServerProcess.start(place)
  await holders.make('officer', ['privacy_officer'])
  await holders.make('second officer', ['privacy_officer'])
  await holders.make('auditor', ['auditor'])
  await holders.make('reviewer', ['reviewer'])
  await holders.make('ben', ['subject'], { subject: 'ben' })
  await holders.make('elsewhere', ['auditor'], { systems: ['somewhere else'] })
  const decision = (decisionId: string, more: object): object => ({
    decisionId,
    modelId: 'scorer',
    system: 'credit',
    prediction: 'declined',
    ...more,
  })
  const sent = [
    decision('joint', { affectedUserId: 'ada', affectedSubjects: ['ben'], inputFeatures: { income: 1 } }),
    decision('adas', { affectedUserId: 'ada' }),
    decision('cleos', { affectedUserId: 'cleo' }),
  ]
  const { receipts } = await envelopeOf(server.post('/v1/decisions?wait=checkpoint', sent), 201)
  for (const { id, decisionId, index } of receipts) {
    ids.set(decisionId!, id)
    indices.set(decisionId!, index)
  }
  const outcome = server.post('/v1/decisions/adas/outcomes', { outcome: 'defaulted' })
  ids.set('outcome', (await envelopeOf(outcome, 201)).receipts[0]!.id)
  for (const subject of ['ada', 'ben', 'cleo']) {
    const found = await server.post('/v1/subjects:lookup', { subject })
    handles.set(subject, ((await found.json()) as { handle: string }).handle)
  }
  await server.indexed()
  await holders.make('admin', ['admin'])
}, 180_000)
afterAll(() => server.stop())

describe('what people wrote', () => {
  test('of a rectification shows to nobody without a purpose, and to a reviewer with one', async () => {
    const answer = await holders.post('officer', `/v1/subjects/${handles.get('cleo')}/rectifications`, {
      decision: 'cleos',
      values: [{ pointer: '/inputFeatures/diagnosis', value: WORDS }],
      statement: WORDS,
      reason: WORDS,
    })
    const { entry } = answer as unknown as { entry: { id: string } }
    const path = `/v1/decisions/${entry.id}`
    // The decision it corrects is restricted from then on, and what corrects it is about that.
    await problemOf(server.fetch(path, holders.as('reviewer')), 403, 'purpose_required')
    const one = await holders.get<Step>('reviewer', `${path}?reveal=/reason`, PURPOSE)
    expect(one.record).toMatchObject({ values: SEALED, statement: SEALED, reason: WORDS })
  })

  test('in a request or a hold shows in its history for a purpose only, and to roles that may reveal', async () => {
    const { requestId } = await holders.post('officer', '/v1/requests', {
      requestType: 'objection',
      subject: 'cleo',
      statement: WORDS,
      representative: WORDS,
    })
    const refusal = { ground: 'gdpr_21_1', reason: WORDS, assessment: WORDS, complaintInfoGiven: true }
    await holders.post('officer', `/v1/requests/${requestId}/refuse`, refusal, 200)
    const { holdId } = await holders.post('officer', '/v1/holds', {
      ground: 'litigation',
      scope: { subjects: ['cleo'] },
      owner: 'counsel for cleo',
      reviewAt: FAR,
      reason: WORDS,
    })
    const histories: [path: string, shown: object[], covered: object[]][] = [
      [
        `/v1/requests/${requestId}`,
        [
          { requestType: 'objection', status: 'open' },
          { status: 'refused', exceptionPinpoint: 'gdpr_21_1' },
        ],
        [
          { statement: WORDS, representative: WORDS, affectedUserId: 'cleo' },
          { refusalReason: WORDS, assessment: WORDS },
        ],
      ],
      [
        `/v1/holds/${holdId}`,
        [{ holdId, ground: 'litigation' }],
        [{ reason: WORDS, owner: 'counsel for cleo', affectedSubjects: ['cleo'] }],
      ],
    ]
    for (const [path, shown, covered] of histories) {
      const sealed = covered.map((fields) =>
        Object.fromEntries(Object.keys(fields).map((name) => [name, SEALED])),
      )
      const { history } = await holders.get<{ history: Step[] }>('officer', path)
      expect(history.map(({ record }) => record)).toMatchObject(
        shown.map((one, i) => ({ ...one, ...sealed[i] })),
      )
      expect(JSON.stringify(history)).not.toContain('cleo')
      const opened = await holders.get<{ history: Step[] }>('officer', path, PURPOSE)
      expect(opened.history.map(({ record }) => record)).toMatchObject(
        shown.map((one, i) => ({ ...one, ...covered[i] })),
      )
    }
    const toAdmin = await holders.get<{ history: Step[] }>('admin', `/v1/holds/${holdId}`, PURPOSE)
    expect(toAdmin.history[0]!.record).toMatchObject({ reason: SEALED, affectedSubjects: SEALED })
    await server.indexed()
    const { items } = await holders.get<{ items: { objects: string[]; purpose?: string }[] }>(
      'officer',
      '/v1/access?action=reveal&role=privacy_officer',
    )
    expect(items.map(({ objects, purpose }) => [objects.length, purpose])).toEqual([
      [1, 'complaint 12'],
      [2, 'complaint 12'],
    ])
  })
})

describe('somebody who is not the first a decision is about', () => {
  test('is found by it, has it in their export, and is told who looked at it', async () => {
    const list = await holders.get<{ items: { decisionId: string }[] }>(
      'officer',
      `/v1/subjects/${handles.get('ben')}/decisions`,
    )
    expect(list.items.map(({ decisionId }) => decisionId)).toEqual(['joint'])
    await holders.get('reviewer', '/v1/decisions/joint', { 'Deponent-Purpose': 'appeal of both' })
    await server.indexed()
    const { consultations } = await exportOf('ben')
    expect(consultations).toContainEqual(
      expect.objectContaining({ role: 'reviewer', purpose: 'appeal of both' }),
    )
    const page = await server.fetch(
      `/v1/subjects/${handles.get('ben')}/export?format=html`,
      holders.as('officer', PURPOSE),
    )
    expect(await page.text()).toContain('appeal of both')
  })

  test('sees it with a key of their own', async () => {
    const { items } = await holders.get<{ items: { decisionId: string }[] }>('ben', '/v1/decisions')
    expect(items.map(({ decisionId }) => decisionId)).toEqual(['joint'])
    expect(await holders.get('ben', '/v1/decisions/joint')).toMatchObject({ id: ids.get('joint') })
  })

  test('is restricted in it, alone and in lists', async () => {
    await restrict('ben')
    await problemOf(server.fetch('/v1/decisions/joint', holders.as('auditor')), 403, 'purpose_required')
    const list = await holders.get<{ items: { decisionId: string }[]; leftOut: object }>(
      'auditor',
      '/v1/decisions',
    )
    expect(list.items.map(({ decisionId }) => decisionId).toSorted()).toEqual(['adas', 'cleos'])
    expect(list.leftOut).toEqual({ restrictedPeople: 1 })
    await unrestrict('ben')
    await holders.get('auditor', '/v1/decisions/joint')
  })
})

describe('restriction', () => {
  test('covers what is recorded about a restricted decision, alone and in a bundle', async () => {
    const outcome = `/v1/decisions/${ids.get('outcome')}`
    await holders.get('auditor', outcome)
    await restrict('ada')
    const problem = await problemOf(server.fetch(outcome, holders.as('auditor')), 403, 'purpose_required')
    expect(problem.restrictedBy).toEqual(['restriction'])
    const bundle = (more: object): RequestInit =>
      holders.posting('auditor', { ids: [ids.get('outcome')] }, { ...more })
    await problemOf(server.fetch('/v1/bundles', bundle({})), 403, 'purpose_required')
    expect((await server.fetch('/v1/bundles', bundle(PURPOSE))).status).toBe(200)
    expect(await holders.get('auditor', outcome, PURPOSE)).toMatchObject({ restricted: true })
    await unrestrict('ada')
  })

  test('of single decisions is set and lifted under the name of somebody they are about', async () => {
    for (const body of [
      { isRestricted: true, reason: 'x', decisions: ['adas', 'cleos'] },
      { isRestricted: false, reason: 'x', decisions: ['adas', 'cleos'], informedAt: '2026-01-01T00:00:00Z' },
    ]) {
      const problem = await problemOf(
        server.fetch(restriction('ada'), holders.posting('officer', body)),
        404,
        'not_found',
      )
      expect(problem.field).toBe('/decisions/1')
    }
    await holders.get('auditor', '/v1/decisions/adas')
  })

  test('out of reach is not told of to whoever asks for a range', async () => {
    await restrict('ada')
    const range = holders.posting('elsewhere', { from: indices.get('joint'), to: indices.get('adas')! + 1 })
    await problemOf(server.fetch('/v1/bundles', range), 404, 'not_found')
    await unrestrict('ada')
  })
})

describe('an export', () => {
  test('tells the person of a hold neither who asks for its release nor whom else it is about', async () => {
    const { holdId } = await holders.post('officer', '/v1/holds', {
      ground: 'litigation',
      scope: { subjects: ['ada', 'cleo'] },
      owner: 'legal',
      reviewAt: FAR,
      reason: 'case 12/26',
    })
    await holders.post('officer', `/v1/holds/${holdId}/release`, { reason: 'over' }, 200)
    const told = await exportOf('ada')
    const hold = told.rights!.holds.find((one) => one.holdId === holdId)!
    expect(hold.scope.subjects).toEqual([handles.get('ada')])
    expect(hold).not.toHaveProperty('releasedBy')
    const { identity } = await holders.get<{ identity: { id: string } }>('officer', '/v1/session')
    const text = JSON.stringify(told)
    for (const other of [identity.id, handles.get('cleo')!, '"cleo"'])
      expect([other, text.includes(other)]).toEqual([other, false])
    const toOfficer = await holders.get<{ releasedBy: string[] }>('officer', `/v1/holds/${holdId}`)
    expect(toOfficer.releasedBy).toEqual([identity.id])
    await holders.post('second officer', `/v1/holds/${holdId}/release`, { reason: 'over' }, 200)
  })

  test('of what the person provided has and counts that, and nothing beside it', async () => {
    const { asOf: _, ...told } = (await exportOf('ada', '?scope=provided')) as Export & { asOf: object }
    expect(told.items.map(({ id }) => id)).toEqual([ids.get('joint')])
    expect(told.records).toBe(1)
    for (const name of ['headings', 'rights', 'consultations']) expect(told).not.toHaveProperty(name)
    const page = await server.fetch(
      `/v1/subjects/${handles.get('ada')}/export?scope=provided&format=html`,
      holders.as('officer', PURPOSE),
    )
    const text = await page.text()
    for (const heading of ['About the processing', 'Your rights', 'Who looked'])
      expect([heading, text.includes(heading)]).toEqual([heading, false])
    expect((await exportOf('cleo', '?scope=provided')).records).toBeGreaterThan(0)
  })
})

describe('a request', () => {
  test('about single decisions names those of the person, by either id', async () => {
    const asked = { requestType: 'objection', subject: 'ada' }
    for (const [decisions, field] of [
      [['nope'], '/decisions/0'],
      [['adas', 'cleos'], '/decisions/1'],
    ] as const) {
      const problem = await problemOf(
        server.fetch('/v1/requests', holders.posting('officer', { ...asked, decisions })),
        404,
        'not_found',
      )
      expect(problem.field).toBe(field)
    }
    const { requestId } = await holders.post('officer', '/v1/requests', { ...asked, decisions: ['adas'] })
    const { history } = await holders.get<{ history: Step[] }>(
      'officer',
      `/v1/requests/${requestId}`,
      PURPOSE,
    )
    expect(history[0]!.record.decisions).toEqual([ids.get('adas')])
  })

  test('that came in the first century was due in it', async () => {
    const asked = { requestType: 'access', subject: 'ada', receivedAt: '0001-01-31T12:00:00Z' }
    expect(await holders.post('officer', '/v1/requests', asked)).toMatchObject({
      receivedAt: '0001-01-31T12:00:00.000Z',
      dueAt: '0001-02-28T12:00:00.000Z',
    })
  })
})

describe('lists of requests, holds and erasures', () => {
  interface Page {
    items: Record<string, string>[]
    next: string | null
    asOf: { size: number }
  }

  const allOf = async (path: string, id: string): Promise<string[]> => {
    const found: string[] = []
    let cursor = ''
    for (;;) {
      const page: Page = await holders.get('officer', `${path}?limit=1${cursor}`)
      expect(page.items.length).toBeLessThanOrEqual(1)
      expect(page.asOf.size).toBeGreaterThan(0)
      found.push(...page.items.map((item) => item[id]!))
      if (page.next === null) return found
      cursor = `&cursor=${page.next}`
    }
  }

  test('come page by page, in the order of the whole', async () => {
    for (const person of ['nobody-1', 'nobody-2', 'nobody-3']) {
      const erasing = { ...holders.posting('officer', { ground: 'other' }), method: 'DELETE' }
      expect((await server.fetch(`/v1/subjects/${person}`, erasing)).status).toBe(202)
    }
    for (const [path, id] of [
      ['/v1/requests', 'requestId'],
      ['/v1/holds', 'holdId'],
      ['/v1/erasures', 'erasureId'],
    ] as const) {
      const { items, next } = await holders.get<Page>('officer', path)
      expect([path, items.length > 1, next]).toEqual([path, true, null])
      expect(await allOf(path, id)).toEqual(items.map((item) => item[id]))
    }
  })

  test('of erasures find the one that an entry records', async () => {
    type Erasures = { items: { erasureId: string; receipt: { entry: { id: string } } | null }[] }
    const completed = async (): Promise<Erasures['items']> =>
      (await holders.get<Erasures>('officer', '/v1/erasures')).items.filter(({ receipt }) => receipt !== null)
    await expect.poll(completed, { timeout: 60_000, interval: 200 }).toHaveLength(3)
    const [one] = await completed()
    const found = await holders.get<Erasures>('officer', `/v1/erasures?entry=${one!.receipt!.entry.id}`)
    expect(found).toMatchObject({ items: [{ erasureId: one!.erasureId }], next: null, pending: 0 })
  })

  test.each([
    ['/v1/requests?state=zz', 'bad_parameter', 'state'],
    ['/v1/requests?overdue=zz', 'bad_parameter', 'overdue'],
    ['/v1/requests?requestType=zz', 'bad_parameter', 'requestType'],
    ['/v1/requests?limit=0', 'bad_parameter', 'limit'],
    ['/v1/holds?state=zz', 'bad_parameter', 'state'],
    ['/v1/holds?overdue=zz', 'bad_parameter', 'overdue'],
    ['/v1/holds?stat=placed', 'unknown_parameter', 'stat'],
    ['/v1/erasures?cursor=zz', 'bad_cursor', 'cursor'],
  ])('asked for %s answer %s', async (path, code, field) => {
    const problem = await problemOf(server.fetch(path, holders.as('officer')), 400, code)
    expect(problem.field).toBe(field)
    expect(problem.detail).not.toContain('zz')
  })

  test('are whole on the command line', async () => {
    const { items } = await holders.get<Page>('officer', '/v1/holds')
    const listed = await runCommand(['hold', 'list', '--json', '--data', data])
    expect(listed.code).toBe(0)
    expect((JSON.parse(listed.stdout) as Page).items.map(({ holdId }) => holdId)).toEqual(
      items.map(({ holdId }) => holdId),
    )
  })
})
