import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { problemOf } from './answers.ts'
import { newPlace, type Place, runCommand, ServerProcess } from './server-process.ts'

let place: Place
let server: ServerProcess

interface Settings extends Record<string, unknown> {
  version: number
  indexFollows: boolean
}
interface Fields {
  items: { pointer: string; class: string; why: string; met: number; detected: Record<string, number> }[]
}

const loan = (i: number, more: Record<string, unknown> = {}) => ({
  decisionId: `loan-${i}`,
  system: 'credit',
  modelId: 'm',
  prediction: 'low',
  userId: `user-${i % 3}`,
  inputFeatures: {
    city: 'Oslo',
    age: 40 + i,
    contact: i % 2 === 0 ? `c${i}@example.com` : 'none',
    phone: '030 1234567',
  },
  ...more,
})

async function found(query: string): Promise<number> {
  return (await server.get<{ items: unknown[] }>(`/v1/decisions?${query}`)).items.length
}

async function put(change: Record<string, unknown>, key = server.key): Promise<Response> {
  const { indexFollows: _, ...settings } = await server.get<Settings>('/v1/privacy')
  return server.fetch('/v1/privacy', {
    method: 'PUT',
    headers: { Authorization: `Bearer ${key}` },
    body: JSON.stringify({ ...settings, reason: 'asked by the works council', ...change }),
  })
}

async function followed(): Promise<void> {
  while (!(await server.get<Settings>('/v1/privacy')).indexFollows)
    await new Promise((resolve) => setTimeout(resolve, 50))
}

beforeAll(async () => {
  place = await newPlace()
  server = await ServerProcess.start(place)
  const { status } = await server.post(
    '/v1/decisions',
    Array.from({ length: 10 }, (_, i) => loan(i)),
  )
  expect(status).toBe(201)
  await server.indexed()
}, 60_000)

afterAll(() => server.stop())

describe('the fields of a system', () => {
  test('are listed with class, reason and how often a detector found something, and no value', async () => {
    const answer = await server.get<Fields>('/v1/systems/credit/fields')
    const byPointer = Object.fromEntries(answer.items.map(({ pointer, ...field }) => [pointer, field]))
    expect(byPointer).toMatchObject({
      '/inputFeatures/contact': { class: 'queryable', why: 'default', met: 10, detected: { mail: 5 } },
      '/inputFeatures/phone': { class: 'sealed', why: 'name', met: 10, detected: {} },
      '/inputFeatures/city': { class: 'queryable', why: 'default', met: 10 },
      '/userId': { class: 'queryable', why: 'default', met: 10 },
    })
    expect(JSON.stringify(answer)).not.toContain('example.com')
  })

  test('of a system nobody reported are not there', async () => {
    expect((await server.fetch('/v1/systems/other/fields')).status).toBe(404)
  })

  test('can be tried out: what would change, and what would become of a record', async () => {
    const fields = { '/inputFeatures/city': 'seal', '/userId': 'pseudonymise', contact: 'drop' }
    const response = await server.post('/v1/systems/credit/fields:preview', { fields, record: loan(1) })
    const preview = (await response.json()) as {
      changes: { pointer: string }[]
      sample: { record: Record<string, unknown> }
    }
    expect(preview.changes).toContainEqual({
      pointer: '/inputFeatures/city',
      before: { class: 'queryable', why: 'default' },
      after: { class: 'sealed', why: 'declared' },
    })
    expect(preview.changes.map(({ pointer }) => pointer)).toEqual([
      '/inputFeatures/city',
      '/inputFeatures/contact',
      '/userId',
    ])
    expect(preview.sample.record).toMatchObject({
      userId: expect.stringMatching(/^pn_/),
      inputFeatures: { city: 'Oslo' },
    })
    expect(await server.get('/v1/privacy')).toMatchObject({ version: 1, systems: {} })
  })

  test('are tried out with a record that would be refused by telling so', async () => {
    const response = await server.post('/v1/systems/credit/fields:preview', { record: { prediction: 'x' } })
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { code: 'missing_field', field: '/record/modelId' },
    ])
  })
})

describe('a change', () => {
  test('needs a reason, a version and fields that may be changed so', async () => {
    for (const [change, field] of [
      [{ reason: ' ' }, '/reason'],
      [{ mode: 'loose' }, '/mode'],
      [{ systems: { credit: { fields: { '/affectedUserId': 'drop' } } } }, '/systems/credit/fields'],
    ] as const) {
      const response = await put(change)
      expect([response.status, await response.json()]).toMatchObject([400, { field }])
    }
    const stale = await put({ version: 7 })
    expect([stale.status, await stale.json()]).toMatchObject([409, { code: 'privacy_changed' }])
  })

  test('takes what was indexed out of the index, is on record, and is followed by later records', async () => {
    expect(await found('feature.city=Oslo')).toBe(10)
    expect(await found('userId=user-0')).toBe(4)
    const fields = { '/inputFeatures/city': 'seal', '/userId': 'pseudonymise' }
    expect((await put({ systems: { credit: { fields } } })).status).toBe(200)
    await followed()
    expect(await found('feature.city=Oslo')).toBe(0)
    expect(await found('userId=user-0')).toBe(0)
    await server.post('/v1/decisions', [loan(20), loan(21), loan(0)])
    await server.indexed()
    const { items } = await server.get<{ items: { id: string; decisionId: string }[] }>(
      '/v1/decisions?limit=1000',
    )
    expect(items).toHaveLength(12)
    const one = await server.get<{ record: Record<string, unknown> }>('/v1/decisions/loan-20')
    expect(one.record).toMatchObject({
      inputFeatures: { city: { sealed: true } },
      classification: { policy: 2 },
    })
    const told = await server.post('/v1/sql', { sql: "SELECT kind FROM records WHERE kind = 'change'" })
    expect(JSON.stringify(await told.json())).toContain('change')
  })

  test('to pseudonyms leaves them to be searched, and what was before them not', async () => {
    const purpose = { headers: { 'Deponent-Purpose': 'who this is about' } }
    const seen = async (id: string) =>
      (
        (await (await server.fetch(`/v1/decisions/${id}`, purpose)).json()) as {
          record: { userId: string; inputFeatures: Record<string, string> }
        }
      ).record
    const fields = { '/userId': 'pseudonymise', '/inputFeatures/region': 'pseudonymise' }
    const before = { system: 'regions', inputFeatures: { region: 'North' } }
    await server.post('/v1/decisions', [loan(30, before)])
    await server.indexed()
    expect(await found('feature.region=North')).toBe(1)
    const { systems } = await server.get<{ systems: Record<string, unknown> }>('/v1/privacy')
    expect((await put({ systems: { ...systems, regions: { fields } } })).status).toBe(200)
    await followed()
    await server.post('/v1/decisions', [loan(31, before), loan(32, before)])
    await server.indexed()
    const { userId, inputFeatures } = await seen('loan-31')
    expect([userId, inputFeatures['region']]).toEqual([
      expect.stringMatching(/^pn_/),
      expect.stringMatching(/^pn_/),
    ])
    expect(await found(`userId=${userId}`)).toBe(1)
    expect(await found(`feature.region=${inputFeatures['region']}`)).toBe(2)
    expect(await found('feature.region=North')).toBe(0)
  })

  test('covers what it seals without a purpose, in records of before and of then, in views and in bundles', async () => {
    const record = {
      system: 'claims',
      prediction: { name: 'Ada', risk: 'low' },
      inputFeatures: { city: 'Oslo', age: 41 },
      explanation: { method: 'shap', factors: ['lives in Oslo'] },
      metadata: { customer: { diagnosis: 'asthma' } },
    }
    const sent = [40, 41].map((i) => loan(i, record))
    await server.post('/v1/decisions', [sent[0]])
    const { systems } = await server.get<{ systems: Record<string, unknown> }>('/v1/privacy')
    const fields = {
      '/explanation/factors': 'seal',
      '/metadata/customer/diagnosis': 'seal',
      '/inputFeatures/city': 'seal',
      '/prediction/name': 'seal',
    }
    expect((await put({ systems: { ...systems, claims: { fields } } })).status).toBe(200)
    await server.post('/v1/decisions', [sent[1]])
    await followed()
    for (const id of ['loan-40', 'loan-41']) {
      const one = await server.get<{ record: Record<string, unknown> }>(`/v1/decisions/${id}`)
      expect(JSON.stringify(one)).not.toMatch(/Oslo|Ada|asthma/)
      expect(one.record).toMatchObject({ explanation: { method: 'shap', factors: { sealed: true } } })
      for (const disclose of Object.keys(fields)) {
        const path = `/v1/decisions/${id}/bundle?disclose=${disclose}`
        expect((await server.fetch(path)).status).toBe(403)
        const withPurpose = await server.fetch(path, { headers: { 'Deponent-Purpose': 'the appeal' } })
        expect(withPurpose.status).toBe(200)
      }
      expect((await server.fetch(`/v1/decisions/${id}/bundle?disclose=/explanation/method`)).status).toBe(200)
    }
    const later = await server.get<{ record: Record<string, unknown> }>('/v1/decisions/loan-41')
    expect(later.record).toMatchObject({
      classification: {
        sealed: [
          '/explanation/factors',
          '/inputFeatures/city',
          '/metadata/customer/diagnosis',
          '/prediction',
        ],
      },
    })
    const listed = await server.get<Fields>('/v1/systems/claims/fields')
    expect(listed.items).toContainEqual(
      expect.objectContaining({ pointer: '/explanation/factors', class: 'sealed', why: 'declared' }),
    )
    await server.indexed()
    const items = await server.get<{ items: unknown[] }>('/v1/decisions?system=claims')
    expect(items.items).toHaveLength(2)
    expect(JSON.stringify(items)).not.toContain('Ada')
  })

  test('holds under each name a field may be sent by, and for what is kept of it under metadata', async () => {
    const sent = (i: number) => {
      const { userId: _, inputFeatures: __, ...more } = loan(i, { system: 'names' })
      const odd = { ssn: 'MARK-ssn', environment: 'MARK-env', risk_tier: 'MARK-tier', diagnosis: 'MARK-ill' }
      return { ...more, ...odd, input_features: { zip: 'MARK-zip' }, user_id: 'MARK-user' }
    }
    await server.post('/v1/decisions', [sent(50)])
    await server.indexed()
    const { systems } = await server.get<{ systems: Record<string, unknown> }>('/v1/privacy')
    const fields = {
      '/ssn': 'drop',
      '/input_features/zip': 'drop',
      '/user_id': 'pseudonymise',
      '/environment': 'drop',
      '/riskTier': 'drop',
      '/diagnosis': 'seal',
    }
    expect((await put({ systems: { ...systems, names: { fields } } })).status).toBe(200)
    await followed()
    expect(await found('userId=MARK-user')).toBe(0)
    expect(await found('feature.zip=MARK-zip')).toBe(0)
    await server.post('/v1/decisions', [sent(51)])
    const before = await server.get<{ record: object }>('/v1/decisions/loan-50')
    expect(JSON.stringify(before)).not.toContain('MARK')
    const purpose = { headers: { 'Deponent-Purpose': 'what was kept' } }
    const after = await (await server.fetch('/v1/decisions/loan-51', purpose)).json()
    expect(JSON.stringify(after).match(/MARK-\w+/g)).toEqual(['MARK-ill'])
    const disclose = '/v1/decisions/loan-50/bundle?disclose=/metadata/diagnosis'
    expect((await server.fetch(disclose)).status).toBe(403)
    await server.indexed()
  })

  test('that seals the risk tier covers it in the completeness of a decision too, until a purpose is stated', async () => {
    const { systems } = await server.get<{ systems: Record<string, unknown> }>('/v1/privacy')
    const tiers = { fields: { '/riskTier': 'seal' } }
    expect((await put({ systems: { ...systems, tiers } })).status).toBe(200)
    await server.post('/v1/decisions', [loan(60, { system: 'tiers', riskTier: 'critical' })])
    const profileFor = async (headers: Record<string, string>) => {
      const response = await server.fetch('/v1/decisions/loan-60', { headers })
      return ((await response.json()) as { completeness: { profile: string } }).completeness.profile
    }
    expect(await profileFor({})).toBe('core/1')
    expect(await profileFor({ 'Deponent-Purpose': 'the appeal' })).toBe('critical/1')
    await followed()
    await server.indexed()
  })

  test('that contradicts itself under two names is refused by its key', async () => {
    const response = await put({ systems: { names: { fields: { '/userId': 'drop', '/user_id': 'seal' } } } })
    const problem = (await response.json()) as { detail: string }
    expect([response.status, problem]).toMatchObject([400, { code: 'bad_value' }])
    expect(problem.detail).toContain('/user_id and /userId are one field')
  })

  test('gives the same answers when the index is filled again', async () => {
    const answers = async () => ({
      list: (await server.get<{ items: unknown[] }>('/v1/decisions?limit=1000')).items,
      groups: (
        await server.get<{ items: unknown[] }>(
          '/v1/aggregate?metrics=count&by=feature.city,feature.age,prediction',
        )
      ).items,
    })
    const before = await answers()
    await server.stop()
    const again = await runCommand(['reindex', '--data', place.data, '--signer-state', place.signer])
    expect([again.code, again.stderr]).toEqual([0, expect.any(String)])
    server = await ServerProcess.start(place)
    await server.indexed()
    expect(await answers()).toEqual(before)
  })

  test('is made and shown by the command as well', async () => {
    const shown = await runCommand(['privacy', 'show', '--data', place.data, '--json'])
    const settings = JSON.parse(shown.stdout) as Settings
    const file = join(dirname(place.data), 'privacy.json')
    await writeFile(file, JSON.stringify({ ...settings, capture: 'detailed' }))
    const set = await runCommand(['privacy', 'set', file, '--data', place.data, '--reason', 'less is enough'])
    expect([set.code, set.stdout]).toEqual([0, `version ${settings.version + 1} is in force\n`])
    expect(await server.get('/v1/privacy')).toMatchObject({ capture: 'detailed' })
    const table = await runCommand(['privacy', 'show', '--data', place.data, '--system', 'credit'])
    expect(table.stdout).toMatch(/\/inputFeatures\/city\s+sealed\s+declared/)
    expect((await runCommand(['privacy', 'set', file, '--data', place.data, '--reason', 'again'])).code).toBe(
      2,
    )
  })
})

test('an erasure is asked for without a body too, and refused, never half asked for, when the request is not as it should be', async () => {
  const erase = (body?: BodyInit, query = ''): Promise<Response> =>
    server.fetch(`/v1/subjects/person-10${query}`, { method: 'DELETE', ...(body !== undefined && { body }) })
  const before = (await server.get<{ items: object[] }>('/v1/erasures')).items.length
  for (const [body, code] of [
    [String.raw`{"reason":"\ud800"}`, 'lone_surrogate'],
    [Buffer.from('7b22726561736f6e223a22ff227d', 'hex'), 'bad_utf8'],
    ['{"reason":"a","reason":"b"}', 'duplicate_key'],
    ['{"reason":"a"', 'bad_json'],
    ['[]', 'wrong_type'],
    ['{"reason":1}', 'bad_value'],
  ] as const)
    await problemOf(erase(body), 400, code)
  await problemOf(erase(undefined, '?klass=staff'), 400, 'unknown_parameter')
  expect((await server.get<{ items: object[] }>('/v1/erasures')).items).toHaveLength(before)
  expect((await erase()).status).toBe(202)
  expect((await erase('')).status).toBe(202)
})

test('an erasure waits for a second person where the settings ask for one, which one person alone does not change', async () => {
  expect((await put({ erasure: { twoPersons: true } })).status).toBe(200)
  const response = await server.fetch('/v1/subjects/person-9', { method: 'DELETE' })
  const { erasureId } = (await response.json()) as { erasureId: string }
  expect(await server.get(`/v1/erasures/${erasureId}`)).toMatchObject({
    status: 'pending',
    waitingFor: 'approval',
  })
  const alone = await put({ erasure: { twoPersons: false } })
  expect([alone.status, await alone.json()]).toMatchObject([
    409,
    { code: 'second_person_required', field: '/erasure/twoPersons' },
  ])
  const made = await server.post('/v1/keys', { name: 'Ida', roles: ['privacy_officer'] })
  const { key } = (await made.json()) as { key: string }
  const together = await put({ erasure: { twoPersons: false } }, key)
  expect(together.status).toBe(200)
  expect(await server.get(`/v1/erasures/${erasureId}`)).toMatchObject({ waitingFor: 'approval' })
})

test('whoever keeps privacy may change it, an auditor may look, a writer neither', async () => {
  const keyOf = async (role: string): Promise<string> => {
    const response = await server.post('/v1/keys', { name: role, roles: [role] })
    return ((await response.json()) as { key: string }).key
  }
  const statusOf = async (key: string, path: string, method = 'GET', body?: object): Promise<number> =>
    (
      await fetch(`${server.url}${path}`, {
        method,
        headers: { Authorization: `Bearer ${key}` },
        ...(body && { body: JSON.stringify(body) }),
      })
    ).status
  const { indexFollows: _, ...settings } = await server.get<Settings>('/v1/privacy')
  for (const [role, show, fields, change] of [
    ['privacy_officer', 200, 200, 409],
    ['admin', 200, 200, 409],
    ['auditor', 200, 200, 403],
    ['writer', 403, 403, 403],
  ] as const) {
    const key = await keyOf(role)
    expect([
      role,
      await statusOf(key, '/v1/privacy'),
      await statusOf(key, '/v1/systems/credit/fields'),
      await statusOf(key, '/v1/privacy', 'PUT', { ...settings, version: 99, reason: 'x' }),
    ]).toEqual([role, show, fields, change])
  }
})
