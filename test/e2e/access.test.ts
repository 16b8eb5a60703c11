import { once } from 'node:events'
import { type IncomingMessage, request as httpRequest } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newPlace, type Place, runCommand, ServerProcess } from './server-process.ts'

interface Seen {
  at: string
  actor: { id: string; name: string; role: string }
  action: string
  operation: string
  purpose?: string
  result: string
  objects?: string[]
  query?: Record<string, string>
  fields?: string[]
  count?: number
  repeats?: number
  code?: string
}

let place: Place
let server: ServerProcess
const ids = new Map<string, string>()

const bearer = (key: string): Record<string, string> => ({ Authorization: `Bearer ${key}` })

async function key(name: string, roles: string[], more: object = {}): Promise<string> {
  const response = await server.post('/v1/keys', { name, roles, ...more })
  expect(response.status).toBe(201)
  return ((await response.json()) as { key: string }).key
}

async function code(response: Response): Promise<[number, string]> {
  return [response.status, ((await response.json()) as { code: string }).code]
}

/** Looks of one kind, newest first, once they are on record and found. */
async function looks(filter: string, at: ServerProcess = server): Promise<Seen[]> {
  await new Promise((resolve) => setTimeout(resolve, 700))
  await at.indexed()
  return (await at.get<{ items: Seen[] }>(`/v1/access?${filter}`)).items
}

const decision = (decisionId: string, more: object = {}): object => ({
  decisionId,
  system: 'credit',
  modelId: 'scorer',
  prediction: 'declined',
  affectedUserId: `person of ${decisionId}`,
  userId: 'clerk-1',
  messages: [{ role: 'user', content: 'my rent is due' }],
  inputFeatures: { income: 41_000, race: 'x' },
  ...more,
})

beforeAll(async () => {
  place = await newPlace()
  server = await ServerProcess.start(place)
  const sent = ['loan-1', 'loan-2', 'loan-3'].map((name) => decision(name))
  const answer = (await (await server.post('/v1/decisions?wait=checkpoint', sent)).json()) as {
    receipts: { id: string; decisionId: string }[]
  }
  for (const { id, decisionId } of answer.receipts) ids.set(decisionId, id)
  await server.indexed()
}, 180_000)
afterAll(() => server.stop())

describe('a look', () => {
  test('at a list is on record with the question in one spelling and the ids that were shown', async () => {
    const auditor = await key('Ada', ['auditor'])
    await server.fetch('/v1/decisions?to=2100-01-01&modelId=scorer&limit=2', { headers: bearer(auditor) })
    const [seen] = await looks('action=list')
    expect(seen).toMatchObject({
      actor: { name: 'Ada', role: 'auditor' },
      operation: 'listDecisions',
      result: 'read',
      count: 2,
      query: { limit: '2', modelId: expect.stringMatching(/^token:[0-9a-f]{16}$/), to: '2100-01-01' },
    })
    expect(seen!.objects).toHaveLength(2)
  })

  test('at a person is on record by a token, never by the id of the person or their handle', async () => {
    const { handle } = (await (
      await server.post('/v1/subjects:lookup', { subject: 'person of loan-1' })
    ).json()) as { handle: string }
    await server.get('/v1/decisions?subject=person%20of%20loan-1')
    const lookups = await looks('action=lookup')
    const lists = await looks('action=list')
    expect(lookups[0]!.query).toEqual({ subject: expect.stringMatching(/^[0-9a-f]{16}$/) })
    expect(lists[0]!.query).toEqual(lookups[0]!.query)
    for (const theirs of ['person of loan-1', handle])
      expect(JSON.stringify([lookups, lists])).not.toContain(theirs)
  })

  test('that is denied is on record with its reason', async () => {
    const operator = await key('Olga', ['operator'])
    expect(await code(await server.fetch('/v1/decisions/loan-1', { headers: bearer(operator) }))).toEqual([
      403,
      'forbidden',
    ])
    expect((await looks('result=denied&action=read'))[0]).toMatchObject({
      actor: { name: 'Olga' },
      code: 'forbidden',
    })
  })

  test('repeated by a poll is one further record that counts', async () => {
    const auditor = await key('Poll', ['auditor'])
    for (let i = 0; i < 5; i += 1) await server.fetch('/v1/decisions?limit=1', { headers: bearer(auditor) })
    const { items } = await server.get<{ items: { id: string; name: string }[] }>('/v1/keys')
    const { id } = items.find(({ name }) => name === 'Poll')!
    expect(await looks(`identity=${id}`)).toHaveLength(1)
  })

  test('shows on the decision, and to the person concerned without a name', async () => {
    const clerk = await key('Nosy Clerk', ['reviewer'])
    await server.fetch('/v1/decisions/loan-2', {
      headers: { ...bearer(clerk), 'Deponent-Purpose': 'appeal 12' },
    })
    await looks('')
    const whoSaw = await server.get<{ items: Seen[] }>('/v1/decisions/loan-2/access')
    expect(whoSaw.items).toContainEqual(
      expect.objectContaining({
        actor: expect.objectContaining({ name: 'Nosy Clerk' }),
        action: 'reveal',
        purpose: 'appeal 12',
        objects: [ids.get('loan-2')],
      }),
    )
    const person = await key('the person', ['subject'], { subject: 'person of loan-2' })
    const told = await server.fetch('/v1/subjects/me/access', { headers: bearer(person) })
    const text = await told.text()
    expect(JSON.parse(text)).toMatchObject({
      items: expect.arrayContaining([
        expect.objectContaining({ action: 'reveal', purpose: 'appeal 12', role: 'reviewer' }),
      ]),
    })
    for (const secret of ['Nosy', '"identity"', '"name"']) expect(text).not.toContain(secret)
    expect((await server.fetch('/v1/decisions/loan-1', { headers: bearer(person) })).status).toBe(404)
    expect((await server.fetch('/v1/decisions/loan-2', { headers: bearer(person) })).status).toBe(200)
  })
})

describe('sealed fields', () => {
  const purpose = { 'Deponent-Purpose': "UTF-8''Beschwerde%20M%C3%BCller" }

  test('are revealed one by one, for a purpose in any language, for a limited time, on record first', async () => {
    const auditor = await key('Revealing', ['auditor'])
    const asked = await server.fetch('/v1/decisions/loan-3?reveal=/messages', {
      headers: { ...bearer(auditor), ...purpose },
    })
    const { record, reveal } = (await asked.json()) as {
      record: Record<string, unknown>
      reveal: { fields: string[]; until: string }
    }
    expect(record).toMatchObject({
      messages: [{ content: 'my rent is due' }],
      affectedUserId: { sealed: true },
    })
    expect(reveal.fields).toEqual(['/messages'])
    expect(Date.parse(reveal.until) - Date.now()).toBeGreaterThan(60_000)
    expect((await looks('action=reveal'))[0]).toMatchObject({
      actor: { name: 'Revealing' },
      purpose: 'Beschwerde Müller',
      fields: ['/messages'],
      objects: [ids.get('loan-3')],
    })
  })

  test('stay sealed without a purpose, without the right, and for another purpose than the key is for', async () => {
    expect(await code(await server.fetch('/v1/decisions/loan-3?reveal=/messages'))).toEqual([
      403,
      'purpose_required',
    ])
    const narrow = await key('Narrow', ['auditor'], { purposes: ['audit 2026'] })
    const other = await server.fetch('/v1/decisions/loan-3', { headers: { ...bearer(narrow), ...purpose } })
    expect(await code(other)).toEqual([403, 'purpose_not_allowed'])
    const person = await key('person 3', ['subject'], { subject: 'person of loan-3' })
    const own = await server.fetch('/v1/decisions/loan-3', { headers: { ...bearer(person), ...purpose } })
    expect(((await own.json()) as { record: object }).record).toMatchObject({ messages: { sealed: true } })
  })

  test('of a protected class are covered from whoever reviews, and no question of theirs may name them', async () => {
    const reviewer = await key('Rex', ['reviewer'])
    const seen = await server.fetch('/v1/decisions/loan-3', { headers: bearer(reviewer) })
    expect(((await seen.json()) as { record: object }).record).toMatchObject({
      inputFeatures: { income: 41_000, race: { sealed: true } },
    })
    for (const question of ['/v1/decisions?feature.race=x', '/v1/aggregate?by=feature.race'])
      expect(await code(await server.fetch(question, { headers: bearer(reviewer) }))).toEqual([
        403,
        'field_forbidden',
      ])
  })

  test('are read by an authority for a stated purpose only, like everything', async () => {
    const authority = await key('Authority', ['authority'], { systems: ['credit'] })
    const headers = bearer(authority)
    for (const path of ['/v1/decisions', '/v1/decisions/loan-1', '/v1/aggregate'])
      expect(await code(await server.fetch(path, { headers }))).toEqual([403, 'purpose_required'])
    const stated = { ...headers, 'Deponent-Purpose': 'inspection 7' }
    for (const path of ['/v1/decisions', '/v1/decisions/loan-1', '/v1/aggregate'])
      expect((await server.fetch(path, { headers: stated })).status).toBe(200)
  })
})

describe('a sender', () => {
  test('cannot write what the server says of itself', async () => {
    for (const kind of ['access', 'key.created', 'key.revoked', 'vault.sealed']) {
      const response = await server.post('/v1/records', {
        kind,
        keyId: 'k-1',
        action: 'read',
        system: 'credit',
      })
      expect(((await response.json()) as { errors: object[] }).errors, kind).toMatchObject([
        { code: 'bad_value', path: '/kind' },
      ])
    }
    const outside = await server.post('/v1/records', {
      kind: 'access.external',
      action: 'read',
      purpose: 'x',
    })
    expect(outside.status).toBe(201)
  })

  test('reports for the systems of its key, about decisions of those systems', async () => {
    const headers = bearer(await key('till', ['writer'], { systems: ['till'] }))
    const post = (path: string, body: object): Promise<Response> => server.post(path, body, headers)
    expect((await post('/v1/decisions', decision('till-1', { system: 'till' }))).status).toBe(201)
    expect(await code(await post('/v1/decisions', decision('till-2')))).toEqual([403, 'system_not_yours'])
    expect(
      (await post(`/v1/decisions/${ids.get('loan-1')}/outcomes`, { outcome: 1, system: 'till' })).status,
    ).toBe(404)
    const linked = await post('/v1/records', {
      kind: 'outcome',
      system: 'till',
      outcome: 1,
      links: [{ rel: 'outcomeOf', id: ids.get('loan-1') }],
    })
    expect(((await linked.json()) as { errors: object[] }).errors).toMatchObject([
      { code: 'unknown_decision' },
    ])
    const unnamed = await post('/v1/records', [
      { kind: 'outcome', decisionId: 'till-1', outcome: 1 },
      { kind: 'outcome', decisionId: 'loan-1', outcome: 1 },
    ])
    expect(await unnamed.json()).toMatchObject({
      recorded: 1,
      errors: [{ code: 'unknown_decision', position: 1 }],
    })
    expect(await code(await post('/v1/records', { kind: 'action', action: 'paid' }))).toEqual([
      403,
      'system_not_yours',
    ])
    expect((await post('/v1/decisions/till-1/comments', { text: 'as agreed' })).status).toBe(201)
    await server.indexed()
    const about = await server.get<{ items: { id: string; kind: string }[] }>('/v1/decisions/till-1/timeline')
    expect(about.items.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['outcome', 'comment']))
    for (const { id } of about.items)
      expect(await server.get(`/v1/decisions/${id}`)).toMatchObject({ system: 'till' })
  })

  test('owns the emitter it was first to number by', async () => {
    const [first, second] = [await key('first', ['writer']), await key('second', ['writer'])]
    const numbered = (seq: number): object =>
      decision(`n-${seq}`, { emitter: { id: 'claimed', epoch: 1, seq, blind: 'b'.repeat(64) } })
    expect((await server.post('/v1/decisions', numbered(1), bearer(first))).status).toBe(201)
    expect(await code(await server.post('/v1/decisions', numbered(2), bearer(second)))).toEqual([
      403,
      'emitter_not_yours',
    ])
    expect((await server.post('/v1/decisions', numbered(2), bearer(first))).status).toBe(201)
  })
})

describe('a session', () => {
  const session = async (headers: Record<string, string>): Promise<Response> =>
    fetch(`${server.url}/v1/session`, { method: 'POST', headers })

  test('is a cookie no script reads, and changes nothing without its token', async () => {
    const begun = await session(bearer(server.key))
    expect(begun.status).toBe(201)
    const cookie = begun.headers.get('set-cookie')!
    expect(cookie).toMatch(/^deponent_session=[^;]+; Path=\/; HttpOnly; SameSite=Strict$/)
    const { csrf, actions } = (await begun.json()) as { csrf: string; actions: string[] }
    expect(actions).toContain('keys')
    const Cookie = cookie.split(';')[0]!
    expect((await fetch(`${server.url}/v1/decisions`, { headers: { Cookie } })).status).toBe(200)
    const make = (more: Record<string, string>): Promise<Response> =>
      fetch(`${server.url}/v1/keys`, {
        method: 'POST',
        headers: { Cookie, 'Content-Type': 'application/json', ...more },
        body: JSON.stringify({ name: 'by cookie', roles: ['auditor'] }),
      })
    expect(await code(await make({}))).toEqual([403, 'csrf_missing'])
    expect(await code(await make({ 'Deponent-CSRF': 'x' }))).toEqual([403, 'csrf_missing'])
    expect((await make({ 'Deponent-CSRF': csrf })).status).toBe(201)
    const ended = await fetch(`${server.url}/v1/session`, {
      method: 'DELETE',
      headers: { Cookie, 'Deponent-CSRF': csrf },
    })
    expect(ended.status).toBe(204)
    expect((await fetch(`${server.url}/v1/decisions`, { headers: { Cookie } })).status).toBe(401)
  })

  test('ends with the key it was begun with', async () => {
    const token = await key('leaver', ['auditor'])
    const cookie = (await session(bearer(token))).headers.get('set-cookie')!.split(';')[0]!
    const read = (): Promise<Response> => fetch(`${server.url}/v1/decisions`, { headers: { Cookie: cookie } })
    expect((await read()).status).toBe(200)
    const { items } = await server.get<{ items: { id: string; name: string }[] }>('/v1/keys')
    const { id } = items.find(({ name }) => name === 'leaver')!
    expect((await server.fetch(`/v1/keys/${id}`, { method: 'DELETE' })).status).toBe(200)
    expect((await read()).status).toBe(401)
  })

  test('cannot be begun from a session, which would outlive itself', async () => {
    const cookie = (await session(bearer(server.key))).headers.get('set-cookie')!.split(';')[0]!
    const { csrf } = (await (
      await fetch(`${server.url}/v1/session`, { headers: { Cookie: cookie } })
    ).json()) as { csrf: string }
    expect(await code(await session({ Cookie: cookie, 'Deponent-CSRF': csrf }))).toEqual([400, 'key_needed'])
  })
})

describe('a policy that is replaced', () => {
  test('takes effect at once, is on record whole, and is refused when it is not understood', async () => {
    const before = await server.get<{
      version: number
      rules: { role: string }[]
      smallCells: number
      revealMinutes: number
    }>('/v1/policy')
    const put = (body: object): Promise<Response> =>
      server.fetch('/v1/policy', {
        method: 'PUT',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      })
    const auditor = await key('soon without', ['auditor'])
    const read = (): Promise<Response> => server.fetch('/v1/decisions', { headers: bearer(auditor) })
    expect((await read()).status).toBe(200)
    const { version, rules, smallCells, revealMinutes } = before
    const without = rules.filter(({ role }) => role !== 'auditor')
    const changed = await put({
      version,
      rules: without,
      smallCells,
      revealMinutes,
      reason: 'no audits today',
    })
    expect(changed.status).toBe(200)
    expect((await read()).status).toBe(403)
    expect(await code(await put({ version, rules, smallCells, revealMinutes, reason: 'late' }))).toEqual([
      409,
      'policy_changed',
    ])
    const bad = await put({
      version: version + 1,
      rules: [{ role: 'king' }],
      smallCells,
      revealMinutes,
      reason: 'x',
    })
    expect(await bad.json()).toMatchObject({ code: 'bad_value', field: '/rules/0/role' })
    const back = await put({ version: version + 1, rules, smallCells, revealMinutes, reason: 'again' })
    expect(back.status).toBe(200)
    expect((await read()).status).toBe(200)
  })
})

describe('commands', () => {
  test('make, list, renew and revoke keys', async () => {
    const flags = ['--data', place.data]
    const made = await runCommand([
      'keys',
      'make',
      'Ada Lovelace',
      '--role',
      'auditor',
      '--expires-in',
      '30',
      ...flags,
    ])
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^dpk_\S{43}\n$/) })
    const headers = bearer(made.stdout.trim())
    expect((await server.fetch('/v1/decisions', { headers })).status).toBe(200)
    const listed = await runCommand(['keys', 'list', ...flags])
    expect(listed.stdout).toMatch(/i-[0-9a-f]{16} +Ada Lovelace +auditor +every one +1/)
    const [id] = /i-[0-9a-f]{16}(?= +Ada Lovelace)/.exec(listed.stdout)!
    const renewed = await runCommand(['keys', 'renew', id, '--overlap', '0', ...flags])
    expect((await server.fetch('/v1/decisions', { headers })).status).toBe(401)
    const again = bearer(renewed.stdout.trim())
    expect((await server.fetch('/v1/decisions', { headers: again })).status).toBe(200)
    expect((await runCommand(['keys', 'revoke', id, ...flags])).code).toBe(0)
    expect((await server.fetch('/v1/decisions', { headers: again })).status).toBe(401)
    const wrong = await runCommand(['keys', 'make', 'x', '--role', 'king', ...flags])
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('expected one of writer') })
  })
})

describe('wrong keys', () => {
  test('slow their address down, and never keep a right one out', async () => {
    const statuses = new Set<number>()
    for (let i = 0; i < 120; i += 1)
      statuses.add((await fetch(`${server.url}/v1/decisions`, { headers: bearer(`dpk_${i}`) })).status)
    expect([...statuses]).toEqual([401, 429])
    expect((await server.fetch('/v1/decisions')).status).toBe(200)
  })
})

describe('a server that is killed', () => {
  test('in the middle of an export has it on record; lists of its last second are a gap', async () => {
    const there = await newPlace()
    let victim = await ServerProcess.start(there)
    const many = Array.from({ length: 2_000 }, (_, i) =>
      decision(`e-${i}`, { messages: ['x'.repeat(4_000 + i)] }),
    )
    for (let i = 0; i < many.length; i += 500)
      expect((await victim.post('/v1/decisions?wait=checkpoint', many.slice(i, i + 500))).status).toBe(201)
    await victim.indexed()
    await victim.get('/v1/decisions?limit=3')
    // The answer is some megabytes; the reader takes its first bytes and no more.
    const asked = httpRequest(`${victim.url}/v1/bundles`, {
      method: 'POST',
      headers: { ...bearer(victim.key), 'Deponent-Purpose': 'the last export' },
    })
    asked.on('error', () => undefined)
    asked.end(JSON.stringify({ from: 1, to: 1_001, disclose: 'all' }))
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    expect(answer.statusCode).toBe(200)
    answer.on('error', () => undefined)
    await once(answer, 'readable')
    await victim.get('/v1/decisions?limit=7')
    await victim.stop('SIGKILL')
    victim = await ServerProcess.start(there)
    const exports = await looks('action=export', victim)
    expect(exports).toMatchObject([{ purpose: 'the last export', result: 'exported', count: 1_000 }])
    const gaps = await looks('action=gap', victim)
    expect(gaps).toHaveLength(1)
    expect(await victim.stop()).toBe(0)
    expect((await runCommand(['verify', there.data])).code).toBe(0)
  }, 120_000)
})
